//! The address book: tells which telephone a mailbox means and which road leads there. Pure.
//!
//! It never looks at what a message says.

mod number;
mod pattern;
mod route;
mod sender_id;
mod settings;

pub use number::{Number, NumberError};
pub use pattern::Pattern;
pub use route::Route;
pub use sender_id::{SenderId, SenderIdError};
pub use settings::{Numbering, RoutePrefix, SenderMapping, Settings};
