//! The road to one telephone. Values only.

use super::number::Number;
use super::wish::Wish;

/// One telephone that a recipient's mailbox stands for, and the gateways that lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub number: Number,
    /// Names of gateways in order of preference; at least one.
    pub gateways: Vec<String>,
    /// How the number begins, as the `[[route]]` that leads there says it.
    pub prefix: String,
    /// What the address says beside it.
    pub wish: Option<Wish>,
}
