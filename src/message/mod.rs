//! The letter opener: takes a mail as bytes and gives its [`Text`]. Pure.
//!
//! It never decides what is sent or to whom.

mod settings;
mod text;

pub use settings::Settings;
pub use text::{Author, Text};
