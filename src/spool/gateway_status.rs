//! A gateway as the relay last saw it, kept in the spool so that other commands can tell. Values only.

use jiff::Timestamp;

/// What the gateway told about our account when we logged in; the words are its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSeen {
    pub credits: Option<String>,
    pub id: Option<String>,
    pub status: Option<String>,
    /// Whether the credits are fewer than a warning asks for.
    pub is_low: bool,
}

/// Who keeps a gateway from sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// The relay, because the account is in trouble; it looks again by itself.
    Relay,
    /// An operator, until an operator lets it go.
    Operator,
}

impl HeldBy {
    /// The one word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            HeldBy::Relay => "relay",
            HeldBy::Operator => "operator",
        }
    }
}

/// Nothing leaves by this gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayHold {
    pub by: HeldBy,
    pub reason: String,
    pub since: Timestamp,
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
    /// Whether fewer credits were left at the last login than a warning asks for.
    pub low_credit: bool,
    /// Kept by itself: see `Spool::hold_gateway`.
    pub hold: Option<GatewayHold>,
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
            low_credit: account.is_low,
            hold: None,
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
            low_credit: false,
            hold: None,
        }
    }
}
