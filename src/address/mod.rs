//! The address book: tells which telephone a mailbox means and which road leads there. Pure.
//!
//! It never looks at what a message says.

mod dial;
mod number;
mod pattern;
mod premium;
mod resolve;
mod route;
mod sender_id;
mod settings;
mod wish;

pub use dial::Flaw;
pub use number::{Number, NumberError};
pub use pattern::Pattern;
pub use premium::Tariff;
pub use resolve::{ResolveError, is_ours, resolve, sender_id};
pub use route::Route;
pub use sender_id::{SenderId, SenderIdError};
pub use settings::{Numbering, Premium, RoutePrefix, SenderMapping, Settings};
pub use wish::Wish;
