//! The road to one telephone. Values only.

use super::number::Number;

/// One telephone that a recipient's mailbox stands for, and the gateways that lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub number: Number,
    /// Names of gateways in order of preference; at least one.
    pub gateways: Vec<String>,
}
