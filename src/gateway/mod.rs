//! The carriers: the only road out. A [`Submission`] goes in, an [`Outcome`] comes back.
//!
//! It never decides when to try again and never touches the spool. A session that fails in the middle says what that
//! means for the submission and closes; opening the next one is the caller's business. Each dialect is a folder of its
//! own, chosen by [`Protocol`].

mod account;
mod connect;
mod error;
mod outcome;
mod settings;
mod smsitaly;

pub use account::{Account, Credits, CreditsError};
pub use connect::Stream;
pub use error::{ConnectError, SessionOver};
pub use outcome::{About, Outcome, Submission};
pub use settings::{OnUnknown, Protocol, Rate, Settings, Timeouts};

/// One gateway, as configured. Holds no connection.
#[derive(Clone, Debug)]
pub struct Gateway {
    settings: Settings,
}

impl Gateway {
    pub fn new(settings: Settings) -> Gateway {
        Gateway { settings }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Connects and logs in.
    pub async fn connect(&self) -> Result<Session, ConnectError> {
        let stream = connect::connect(&self.settings).await?;
        self.log_in(stream).await
    }

    /// Logs in over a connection that is already there.
    pub async fn log_in(&self, stream: impl Stream + 'static) -> Result<Session, ConnectError> {
        let dialect = match self.settings.protocol {
            Protocol::SmsItaly => Dialect::SmsItaly(smsitaly::Session::log_in(&self.settings, Box::new(stream)).await?),
        };
        Ok(Session { dialect })
    }

    /// Logs in, asks how the account stands and leaves. The account is `None` when the gateway tells nothing of it.
    pub async fn probe(&self) -> Result<Option<Account>, ConnectError> {
        let session = self.connect().await?;
        let account = session.account().cloned();
        session.quit().await;
        Ok(account)
    }
}

/// One logged-in connection; carries one submission after another. Dropping it closes the connection without goodbye.
pub struct Session {
    dialect: Dialect,
}

enum Dialect {
    SmsItaly(smsitaly::Session),
}

impl Session {
    /// Hands over one part and waits for the gateway's word on it. Where the outcome leaves the session unusable,
    /// [`Session::is_open`] is false afterwards. The recipient's number is masked in the outcome's text.
    pub async fn submit(&mut self, submission: &Submission<'_>) -> Outcome {
        match &mut self.dialect {
            Dialect::SmsItaly(session) => session.submit(submission).await,
        }
    }

    /// What the gateway told about the account at login.
    pub fn account(&self) -> Option<&Account> {
        match &self.dialect {
            Dialect::SmsItaly(session) => session.account(),
        }
    }

    /// Whether the session can carry another submission, as far as it is known without asking.
    pub fn is_open(&self) -> bool {
        match &self.dialect {
            Dialect::SmsItaly(session) => session.is_open(),
        }
    }

    /// As [`Session::is_open`], but first looks, without waiting, whether the gateway has closed the session or said
    /// goodbye in the meantime. Worth asking before a submission goes to a session that lay idle.
    pub async fn may_submit(&mut self) -> bool {
        match &mut self.dialect {
            Dialect::SmsItaly(session) => session.may_submit().await,
        }
    }

    /// Asks the gateway for a sign of life, which also keeps it from closing an idle session.
    pub async fn keep_alive(&mut self) -> Result<(), SessionOver> {
        match &mut self.dialect {
            Dialect::SmsItaly(session) => session.keep_alive().await,
        }
    }

    /// Says goodbye and closes. A gateway that does not answer is not waited for long.
    pub async fn quit(self) {
        match self.dialect {
            Dialect::SmsItaly(session) => session.quit().await,
        }
    }
}
