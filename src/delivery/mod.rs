//! The dispatcher: what is due goes to a free session of its gateway, and what comes of it goes into the spool.

mod settings;

pub use settings::Settings;
