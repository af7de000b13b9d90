//! One client's dialogue: a line in, a [`Request`] out; the request in, a [`Step`] out. Pure.
//!
//! Two halves, so that between them a fault may take the request away: then it never happened, and the session stands
//! where a refusal would have left it. Whether a number exists, what time it is and what else goes on it never knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::command::Command;
use super::fault::Stage;
use super::ledger::Accounts;
use super::lines::Line;
use super::number;
use super::reply::Reply;
use super::settings::{Charset, Settings};
use super::text::{Collector, Flaw};

/// Bytes of a command line with its end (RFC 5321, section 4.5.3.1.4).
const MAX_COMMAND: usize = 512;
/// Bytes of a line of text with its end. RFC 5321 has 1000; a long text in UTF-8 may stand on one line.
const MAX_TEXT_LINE: usize = 8192;

pub struct Session {
    state: State,
    max_length: usize,
    charset: Charset,
}

/// How far the client has come. The user names the account.
enum State {
    /// EHLO is awaited.
    Connected,
    /// The login is awaited.
    Greeted,
    User,
    Password {
        user: String,
    },
    Ready {
        user: String,
    },
    Sender {
        user: String,
        sender: String,
    },
    Recipient(Envelope),
    Text(Envelope, Collector),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub user: String,
    pub sender: String,
    /// With `+`.
    pub recipient: String,
}

/// What the client wants now.
#[derive(Debug)]
pub enum Request {
    Command(Command),
    User(Vec<u8>),
    Password {
        user: String,
        line: Vec<u8>,
    },
    /// The text is complete.
    Text(Envelope, Result<String, Flaw>),
    /// Nothing that can be understood.
    Nonsense(Reply),
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Say(Reply),
    /// Say it and close.
    Leave(Reply),
    /// All is in order with it but, maybe, the credits: whoever keeps them gives the answer.
    Accept(Envelope, String),
}

impl Session {
    pub fn new(settings: &Settings) -> Session {
        Session { state: State::Connected, max_length: settings.max_length, charset: settings.charset }
    }

    /// How long the next line may be, in bytes with its end.
    pub fn line_limit(&self) -> usize {
        if self.is_in_text() { MAX_TEXT_LINE } else { MAX_COMMAND }
    }

    /// Whether the next line belongs to a text.
    pub fn is_in_text(&self) -> bool {
        matches!(self.state, State::Text(..))
    }

    /// Takes a line. `None` while a text goes on.
    pub fn take(&mut self, line: Line) -> Option<Request> {
        if let State::Text(_, collector) = &mut self.state {
            let text = collector.take(&line)?;
            return self.take_text(text);
        }
        let line = match line {
            Line::Proper(line) => line,
            Line::LoneLf(_) => return Some(self.nonsense("A line ends with CRLF, not with LF alone")),
            Line::TooLong => return Some(self.nonsense("Line too long")),
        };
        match std::mem::replace(&mut self.state, State::Greeted) {
            State::User => Some(Request::User(line)),
            State::Password { user } => Some(Request::Password { user, line }),
            other => {
                self.state = other;
                Some(Request::Command(Command::parse(&line)))
            }
        }
    }

    /// Does what was asked.
    pub fn answer(&mut self, request: Request, accounts: &Accounts) -> Step {
        let reply = match request {
            Request::Command(command) => return self.obey(command, accounts),
            Request::User(line) => self.user(decoded(&line)),
            Request::Password { user, line } => self.password(user, decoded(&line), accounts),
            Request::Text(envelope, text) => return self.text(envelope, text),
            Request::Nonsense(reply) => reply,
        };
        Step::Say(reply)
    }

    /// A transaction is over with its text, whatever comes of it.
    fn take_text(&mut self, text: Result<String, Flaw>) -> Option<Request> {
        match std::mem::replace(&mut self.state, State::Greeted) {
            State::Text(envelope, _) => {
                self.state = State::Ready { user: envelope.user.clone() };
                Some(Request::Text(envelope, text))
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// A login does not survive it, anything else does.
    fn nonsense(&mut self, reason: &str) -> Request {
        if matches!(self.state, State::User | State::Password { .. }) {
            self.state = State::Greeted;
        }
        Request::Nonsense(Reply::new(500, reason))
    }

    fn obey(&mut self, command: Command, accounts: &Accounts) -> Step {
        let reply = match command {
            Command::Hello => self.hello(),
            Command::AuthLogin(initial) => self.auth(initial),
            Command::Mail(sender) => self.mail(sender, accounts),
            Command::Rcpt(recipient) => self.rcpt(&recipient),
            Command::Data => self.data(),
            Command::Noop => Reply::done(),
            Command::Rset => self.rset(),
            Command::Quit => return Step::Leave(Reply::goodbye()),
            Command::Malformed(reason) => Reply::new(501, reason),
            Command::OtherLogin => Reply::new(504, "Only AUTH LOGIN is known here"),
            Command::NotHere => Reply::new(502, "Command not implemented"),
            Command::Unknown => Reply::new(500, "Command not recognized"),
        };
        Step::Say(reply)
    }

    /// Forgets a transaction, as EHLO does (RFC 5321, section 4.1.4); the login stays.
    fn hello(&mut self) -> Reply {
        match self.user_name() {
            Some(user) => self.state = State::Ready { user },
            None => self.state = State::Greeted,
        }
        Reply::hello()
    }

    fn rset(&mut self) -> Reply {
        if let Some(user) = self.user_name() {
            self.state = State::Ready { user };
        }
        Reply::done()
    }

    fn auth(&mut self, initial: Option<String>) -> Reply {
        match (&self.state, initial) {
            (State::Connected, _) => Reply::new(503, "EHLO first"),
            (State::Greeted, Some(user)) => self.user(decoded(user.as_bytes())),
            (State::Greeted, None) => {
                self.state = State::User;
                Reply::user_wanted()
            }
            _ => Reply::new(503, "Logged in already"),
        }
    }

    fn user(&mut self, user: Option<String>) -> Reply {
        let Some(user) = user else {
            return not_base64();
        };
        self.state = State::Password { user };
        Reply::password_wanted()
    }

    fn password(&mut self, user: String, password: Option<String>, accounts: &Accounts) -> Reply {
        let Some(password) = password.map(SecretString::from) else {
            return not_base64();
        };
        let Some(account) = accounts.log_in(&user, &password) else {
            return Reply::new(535, "Wrong user or password");
        };
        self.state = State::Ready { user };
        Reply::logged_in(account)
    }

    fn mail(&mut self, sender: String, accounts: &Accounts) -> Reply {
        let user = match &self.state {
            State::Ready { user } => user.clone(),
            State::Connected => return Reply::new(503, "EHLO first"),
            State::Greeted => return Reply::new(530, "Log in first"),
            _ => return Reply::new(503, "The sender is known already"),
        };
        if let Some(account) = accounts.get(&user).filter(|account| !account.may_send()) {
            return Reply::new(530, format!("Account {} is {}", account.id, account.status));
        }
        if !number::is_sender_id(&sender) {
            return Reply::new(553, "A sender ID has up to 16 digits, or up to 11 letters and digits");
        }
        let reply = Reply::sender_ok(&sender);
        self.state = State::Sender { user, sender };
        reply
    }

    fn rcpt(&mut self, recipient: &str) -> Reply {
        let (user, sender) = match &self.state {
            State::Sender { user, sender } => (user.clone(), sender.clone()),
            State::Recipient(_) => return Reply::new(452, "One recipient at a time"),
            _ => return Reply::new(503, "MAIL first"),
        };
        let Some(number) = number::recipient(recipient) else {
            return Reply::new(550, "A recipient is a number of 10 to 16 digits with its country code");
        };
        self.state = State::Recipient(Envelope { user, sender, recipient: number });
        Reply::recipient_ok(recipient)
    }

    fn data(&mut self) -> Reply {
        let State::Recipient(envelope) = &self.state else {
            return Reply::new(503, "MAIL and RCPT first");
        };
        self.state = State::Text(envelope.clone(), Collector::new(self.charset));
        Reply::text_wanted()
    }

    fn text(&mut self, envelope: Envelope, text: Result<String, Flaw>) -> Step {
        let refused = |code, reason: String| Step::Say(Reply::new(code, reason));
        let text = match text {
            Ok(text) => text,
            Err(Flaw::LoneCrLf) => return refused(554, "The text has a CR or LF that stands alone".to_owned()),
            Err(Flaw::TooBig) => return refused(552, format!("An SMS has {} characters at most", self.max_length)),
        };
        let length = text.chars().count();
        if length > self.max_length {
            return refused(552, format!("{length} characters, an SMS has {} at most", self.max_length));
        }
        Step::Accept(envelope, text)
    }

    fn user_name(&self) -> Option<String> {
        match &self.state {
            State::Connected | State::Greeted | State::User | State::Password { .. } => None,
            State::Ready { user } | State::Sender { user, .. } => Some(user.clone()),
            State::Recipient(envelope) | State::Text(envelope, _) => Some(envelope.user.clone()),
        }
    }
}

impl Request {
    /// Where a fault may happen to it.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Request::Command(Command::Hello) => Some(Stage::Ehlo),
            Request::Command(Command::AuthLogin(_)) => Some(Stage::Auth),
            Request::User(_) => Some(Stage::User),
            Request::Password { .. } => Some(Stage::Password),
            Request::Command(Command::Mail(_)) => Some(Stage::Mail),
            Request::Command(Command::Rcpt(_)) => Some(Stage::Rcpt),
            Request::Command(Command::Data) => Some(Stage::Data),
            Request::Text(..) => Some(Stage::Text),
            Request::Command(Command::Quit) => Some(Stage::Quit),
            Request::Command(_) | Request::Nonsense(_) => None,
        }
    }
}

fn not_base64() -> Reply {
    Reply::new(501, "That was not base64; the login is over")
}

/// `None` also for `*`, by which a client breaks a login off (RFC 4954, section 4).
fn decoded(line: &[u8]) -> Option<String> {
    String::from_utf8(STANDARD.decode(line).ok()?).ok()
}
