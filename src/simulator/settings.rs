//! What a simulated gateway is told. Values only.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;

use super::fault::Faults;
use super::ledger::AcceptedSms;

/// The credits of an account that was given none.
pub const DEFAULT_CREDITS: u64 = 1000;
/// The status of an account in order; with any other it may log in, but not send.
pub const ACTIVE: &str = "ACTIVE";
/// Characters of one SMS, says the document.
pub const DEFAULT_MAX_LENGTH: usize = 160;
/// More than anyone needs to try something out, and fewer than the file descriptors of a process.
pub const DEFAULT_MAX_SESSIONS: usize = 1000;

/// Everything about one simulated gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    pub accounts: Vec<Account>,
    /// Gets a line of JSON for each accepted SMS, before its answer goes out. Created when missing, else appended to.
    pub log: Option<PathBuf>,
    /// Hears of each accepted SMS.
    pub arrived: Option<UnboundedSender<AcceptedSms>>,
    pub faults: Faults,
    /// Every answer comes so much later, as over a long line; those to commands that came together, together.
    pub round_trip: Duration,
    /// Characters of one SMS.
    pub max_length: usize,
    pub charset: Charset,
    /// At a time; who comes on top hears 421.
    pub max_sessions: usize,
    pub timeouts: Timeouts,
}

/// One customer of the gateway.
#[derive(Clone, Debug)]
pub struct Account {
    pub user: String,
    pub password: SecretString,
    /// As the 235 line shows it.
    pub id: String,
    /// As the 235 line shows it: [`ACTIVE`], `BLOCKED`, or any other word.
    pub status: String,
    /// One SMS takes one.
    pub credits: u64,
}

/// How the bytes of a text are read. The document names no character set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 where the whole text is valid UTF-8, Latin-1 otherwise. Wrong only about Latin-1 texts that happen to be
    /// valid UTF-8, such as `Ã¼`.
    #[default]
    Detect,
    Latin1,
    /// What is no UTF-8 becomes U+FFFD.
    Utf8,
}

/// How long a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For each command line (RFC 5321, section 4.5.3.2.7: at least five minutes).
    pub command: Duration,
    /// For a whole text.
    pub text: Duration,
    /// For taking an answer from us.
    pub write: Duration,
    /// How long a fault `hang` holds a connection.
    pub hang: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            command: Duration::from_secs(300),
            text: Duration::from_secs(600),
            write: Duration::from_secs(30),
            hang: Duration::from_secs(3600),
        }
    }
}

impl Default for Settings {
    /// A gateway on a free port of the loopback, without any account or fault.
    fn default() -> Settings {
        Settings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            accounts: Vec::new(),
            log: None,
            arrived: None,
            faults: Faults::default(),
            round_trip: Duration::ZERO,
            max_length: DEFAULT_MAX_LENGTH,
            charset: Charset::default(),
            max_sessions: DEFAULT_MAX_SESSIONS,
            timeouts: Timeouts::default(),
        }
    }
}

impl Settings {
    /// The default with one account, and someone who hears of each SMS.
    pub fn for_one_account(user: &str, password: &str, arrived: UnboundedSender<AcceptedSms>) -> Settings {
        Settings { accounts: vec![Account::new(user, password)], arrived: Some(arrived), ..Settings::default() }
    }
}

impl Account {
    /// An account in order, with ID 1 and [`DEFAULT_CREDITS`].
    pub fn new(user: &str, password: &str) -> Account {
        Account {
            user: user.to_owned(),
            password: SecretString::from(password),
            id: "1".to_owned(),
            status: ACTIVE.to_owned(),
            credits: DEFAULT_CREDITS,
        }
    }

    /// Whether its status lets it send.
    pub fn may_send(&self) -> bool {
        self.status.eq_ignore_ascii_case(ACTIVE)
    }
}
