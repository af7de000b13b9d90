//! telepost: mail in, SMS out.
//!
//! The modules stand in the order of the trip that a message makes:
//!
//! ```text
//!   client ──bytes──► smtp ──Letter──► intake ──► message ──Text──► address ──Route──► rules ──► sms ──Sms──►
//!   spool ──"250 queued as ID"──►   ═══ now it is ours ═══   ──Parcel──► delivery ──Submission──►
//!   gateway ──Outcome──► sent │ retry │ unknown │ refused ──► bounce
//! ```
//!
//! Each noun is defined in the room that makes it, each arrow is one function in one room. A room knows what came
//! before it on the trip and never what comes after; only the two halls (`intake`, `delivery`) and `cli` see several
//! rooms. `message`, `address`, `rules`, `sms` and `limits` touch nothing but their arguments. ARCHITECTURE.md tells the
//! whole story.
#![forbid(unsafe_code)]

pub mod smtp;

pub mod intake;

pub mod message;

pub mod address;

pub mod rules;

pub mod sms;

pub mod limits;

pub mod spool;

pub mod delivery;

pub mod gateway;

pub mod bounce;

pub mod simulator;

pub mod config;

pub mod cli;

pub mod clock;

pub mod shutdown;
