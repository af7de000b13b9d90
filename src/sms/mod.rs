//! The typesetter: fits a text into SMS. Pure.
//!
//! It never chooses a recipient or a gateway; it is told what the gateway can carry.

mod parts;
mod settings;
mod template;

pub use parts::{Encoding, Part, Sms};
pub use settings::{Charset, Medium, Overflow, Settings};
pub use template::{Template, TemplateError};
