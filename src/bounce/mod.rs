//! The returns desk: tells a sender what became of a message (RFC 3464), by way of the site's mail server.
//!
//! [`notice`] builds the notice and is pure; [`send`] hands it to the site's mail server. It never decides whether a
//! sender is told (that stands in the letter since it was accepted) and never when to try again.

mod case;
mod report;
mod settings;
mod smarthost;
mod status;

pub use case::{Case, Kind};
pub use report::{Notice, memo, notice, summary};
pub use settings::{Allowed, Settings};
pub use smarthost::{Delivery, send};
