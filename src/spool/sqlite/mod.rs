//! The strongroom's shelves: a SQLite database. The only place where SQL is written; nothing of SQLite leaves it.
//!
//! ```text
//!   callers ──job──► writer   one thread, one connection: what waits becomes one transaction, one sync
//!   callers ──work─► readers  a few connections, off the runtime's threads
//! ```
//!
//! | file | does |
//! |---|---|
//! | `open` | file, checks, schema |
//! | `writer` `readers` | who talks to the database, and when |
//! | `commit` `advance` `relay` `prune` | what the writer does |
//! | `ring` | whose turn it is |
//! | `leap` | what a clock that was set does to what waits |
//! | `gate` `topics` `digests` | what keeps a storm away |
//! | `look` `notices` `memos` `marks` `gateways` | what is looked up and shown |
//! | `rows` | values ↔ columns |

mod advance;
pub mod commit;
pub mod digests;
mod fault;
pub mod gate;
pub mod gateways;
pub mod leap;
pub mod look;
mod marks;
pub mod memos;
pub mod notices;
pub mod open;
pub mod prune;
mod readers;
pub mod relay;
mod ring;
mod rows;
mod topics;
mod writer;

pub use readers::Readers;
pub use relay::Claim;
pub use ring::Ring;
pub use writer::Writer;
