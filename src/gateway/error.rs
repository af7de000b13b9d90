//! Why there is no session with a gateway. Values only; no text here ever holds a password.

/// Why connecting or logging in failed. Nothing has been submitted, so every one of them leaves the messages waiting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No connection: unknown host, refused, or too slow.
    #[error("{host}:{port} cannot be reached: {cause}")]
    Unreachable { host: String, port: u16, cause: String },
    /// Turned away before a word was spoken.
    #[error("the gateway greeted us with {reply:?}")]
    Greeting { reply: String },
    /// The gateway has a passing trouble of its own.
    #[error("the gateway answered {reply:?} to {step}: not now")]
    Unavailable { step: &'static str, reply: String },
    /// The account is in trouble: wrong user or password, blocked. Trying again without a change will not help.
    #[error("the gateway does not let us log in: {reply:?}")]
    Login { reply: String },
    /// The gateway can't be logged in to as the document says.
    #[error("the gateway does not offer AUTH LOGIN; to EHLO it answered {offered:?}")]
    NoLogin { offered: String },
    /// It says what the document does not know.
    #[error("the gateway answered {reply:?} to {step}, which does not belong there")]
    Dialect { step: &'static str, reply: String },
    /// The connection broke or stayed silent while we logged in.
    #[error("{cause} (waiting for the answer to {step})")]
    Lost { step: &'static str, cause: String },
}

impl ConnectError {
    /// Whether an operator has to mend the account: trying again does not help and may get it blocked.
    pub fn is_account_trouble(&self) -> bool {
        matches!(self, ConnectError::Login { .. })
    }
}

/// A session that ended while nothing was being submitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is over: {reason}")]
pub struct SessionOver {
    /// The gateway's own word where it gave one, else what happened.
    pub reason: String,
}
