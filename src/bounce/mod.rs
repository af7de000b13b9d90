//! The returns desk: tells a sender what could not be sent (RFC 3464), by way of the site's mail server.

mod settings;

pub use settings::Settings;
