//! A gateway as the relay last saw it, kept in the spool so that other commands can tell. Values only.

use jiff::Timestamp;

/// What the gateway told about our account when we logged in; the words are its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSeen {
    pub credits: Option<String>,
    pub id: Option<String>,
    pub status: Option<String>,
}

/// One gateway as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayStatus {
    pub name: String,
    /// When it was last tried.
    pub seen: Timestamp,
    /// Why there was no session then; `None` when there was one.
    pub error: Option<String>,
    pub last_login: Option<Timestamp>,
    pub credits: Option<String>,
    pub account: Option<String>,
    pub account_status: Option<String>,
}

impl GatewayStatus {
    /// We logged in.
    pub fn up(name: String, account: AccountSeen, now: Timestamp) -> GatewayStatus {
        GatewayStatus {
            name,
            seen: now,
            error: None,
            last_login: Some(now),
            credits: account.credits,
            account: account.id,
            account_status: account.status,
        }
    }

    /// We could not. What was known from the last login stays on record.
    pub fn down(name: String, reason: String, now: Timestamp) -> GatewayStatus {
        GatewayStatus {
            name,
            seen: now,
            error: Some(reason),
            last_login: None,
            credits: None,
            account: None,
            account_status: None,
        }
    }
}
