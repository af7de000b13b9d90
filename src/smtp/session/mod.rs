//! One session's memory and manners: which command may follow which, and what each is answered (RFC 5321, RFC 2033).
//!
//! Pure: takes a line, gives the [`Next`] step, and never reads, writes, waits or looks at a clock; `connection` does.
//! SMTP, LMTP and the gateway's dialect are three grammars of this one session. Commands that come out of order get 503
//! and change nothing.

mod dialect;
mod encryption;
mod login;
mod origin;
mod speech;
mod transaction;

use std::net::IpAddr;
use std::sync::Arc;

use self::transaction::Transaction;
use super::auth::{Credentials, Exchange, User};
use super::command::{self, Chunk, Command, Hello};
use super::envelope::{Answers, Client, Letter};
use super::line::{Line, MAX_LINE};
use super::origin::Origin;
use super::permit::Permit;
use super::reply::{Reception, Reply};
use super::settings::{Grammar, Settings};

/// Lines that are no commands, or stand out of order, before we hang up: whoever sends more does not speak SMTP.
const MAX_MISTAKES: u32 = 20;

/// Commands that bring no message nearer (NOOP, RSET and the like) since the last one, before we hang up: otherwise one
/// of them every few minutes would hold a place for ever.
const MAX_CHATTER: u32 = 100;

/// What the connection does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Answer and read the next command.
    Say(Reply),
    /// Answer (354) and read a message's text up to its dot.
    ReadText(Reply),
    /// Read the bytes that follow BDAT, give them to [`Session::keep`], and answer by [`Session::end_of_chunk`].
    ReadChunk(Chunk),
    /// Answer, and go on encrypted with [`Session::secured`]. What the client sent since then is refused unread.
    StartTls(Reply),
    /// Ask the guard for the user of that name, and go on with [`Session::looked_up`].
    LookUp { name: String },
    /// Ask the guard, and go on with [`Session::judged`].
    Judge(Credentials),
    /// Answer and hang up.
    HangUp(Reply),
}

/// What happens after a message's text, or a piece of it.
#[derive(Debug)]
pub(super) enum Handover {
    /// The letter is complete and goes to the reception, whose verdicts are the answer.
    Letter(Box<Letter>),
    /// Nothing goes anywhere yet or any more, and these are the answers.
    Answered(Vec<Reply>),
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    settings: Arc<Settings>,
    grammar: Grammar,
    /// Which session of the listener this is.
    number: u64,
    /// Who really stands at the door; `None` on a Unix socket.
    peer: Option<IpAddr>,
    /// Whose session it is: the peer's, or that of the client for whom it said XCLIENT.
    address: Option<IpAddr>,
    /// What XFORWARD told about the next message.
    forwarded: Option<Origin>,
    security: Security,
    /// The name the client gave, once it said hello.
    hello: Option<String>,
    /// A login under way: the next line is no command.
    exchange: Option<Exchange>,
    /// Who logged in.
    user: Option<Arc<User>>,
    /// What the client may send: what the listener's clients may, and of that what the user may.
    permit: Permit,
    transaction: Option<Transaction>,
    mistakes: u32,
    chatter: u32,
}

/// Whether others on the way can read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Plain,
    Tls,
}

impl Session {
    /// The `number`th session of a listener, with a client at `address`; `None` for a Unix socket, whose clients are
    /// trusted.
    pub(super) fn new(settings: Arc<Settings>, grammar: Grammar, number: u64, address: Option<IpAddr>) -> Session {
        let address = address.map(|address| address.to_canonical());
        let permit = settings.permit.clone();
        Session {
            settings,
            grammar,
            number,
            peer: address,
            address,
            forwarded: None,
            security: Security::Plain,
            hello: None,
            exchange: None,
            user: None,
            permit,
            transaction: None,
            mistakes: 0,
            chatter: 0,
        }
    }

    /// Answers one line. RCPT asks `reception` whether the recipient may be written to.
    pub(super) fn take(&mut self, line: Line, reception: &impl Reception) -> Next {
        if let Some(exchange) = self.exchange.take() {
            return self.go_on(exchange, line);
        }
        let line = match line {
            Line::Whole(line) => line,
            Line::Stray => {
                return self.mistake(Reply::new(500, "5.5.2", "a line ends with CR LF, and holds neither alone"));
            }
            Line::TooLong => {
                return self.mistake(Reply::new(500, "5.5.2", format!("a command has at most {MAX_LINE} bytes")));
            }
        };
        match command::parse(&line) {
            Ok(command) if self.is_too_talkative(&command) => {
                Next::HangUp(Reply::new(421, "4.7.0", "much talk and no message, goodbye"))
            }
            Ok(command) => self.obey(command, reception),
            Err(reply) => self.mistake(reply),
        }
    }

    fn obey(&mut self, command: Command, reception: &impl Reception) -> Next {
        match command {
            Command::Hello(hello, name) => self.hello(hello, name),
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_deref()),
            Command::XClient(origin) => self.xclient(origin),
            Command::XForward(origin) => self.xforward(origin),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(recipient) => self.rcpt(recipient, reception),
            Command::Data => self.data(),
            Command::Bdat(chunk) => self.bdat(chunk),
            Command::BadBdat => Next::HangUp(Reply::new(
                501,
                "5.5.4",
                "expected BDAT size or BDAT size LAST; closing, for what follows is unclear",
            )),
            Command::Reset => {
                self.end_transaction();
                Next::Say(self.done("forgotten"))
            }
            Command::Noop => Next::Say(self.done("still here")),
            // RFC 5321, section 7.3: 252 tells address collectors nothing; RCPT tells whoever may send.
            Command::Verify => Next::Say(Reply::new(252, "2.1.5", "send some mail, and RCPT will tell")),
            Command::Expand => Next::Say(Reply::new(502, "5.5.1", "lists are not shown")),
            Command::Help => Next::Say(Reply::new(214, "2.0.0", self.verbs())),
            Command::Quit => Next::HangUp(self.goodbye()),
            // A web page can make a browser inside a trusted network post SMTP commands to us: stop before they come.
            Command::Http => Next::HangUp(Reply::new(554, "5.5.1", "this is a mail server, not a web server")),
        }
    }

    fn is_too_talkative(&mut self, command: &Command) -> bool {
        use Command::{Expand, Hello, Help, Noop, Reset, Verify, XClient, XForward};
        if matches!(command, Hello(..) | XClient(_) | XForward(_) | Reset | Noop | Verify | Expand | Help) {
            self.chatter += 1;
        }
        self.chatter > MAX_CHATTER
    }

    fn hello(&mut self, hello: Hello, name: String) -> Next {
        match (self.grammar, hello) {
            (Grammar::Smtp | Grammar::Gateway, Hello::Lhlo) => {
                return self.mistake(Reply::new(500, "5.5.1", "this is SMTP, not LMTP: say EHLO"));
            }
            (Grammar::Lmtp, Hello::Helo | Hello::Ehlo) => {
                return self.mistake(Reply::new(500, "5.5.1", "this is LMTP, not SMTP: say LHLO"));
            }
            _ => {}
        }
        self.end_transaction();
        self.hello = Some(name);
        Next::Say(self.hello_ok(hello))
    }

    /// Whose session it is; `None` on a Unix socket.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Forgets what was said, as if nothing had been.
    fn forget(&mut self) {
        self.end_transaction();
        self.hello = None;
        self.exchange = None;
        self.user = None;
        self.permit = self.settings.permit.clone();
    }

    /// Forgets the message and what was told about it.
    fn end_transaction(&mut self) -> Option<Transaction> {
        self.forwarded = None;
        self.transaction.take()
    }

    /// Who stands at the door, as far as it said.
    fn client(&self, hello: String) -> Client {
        let user = self.user.as_ref().map(|user| user.name.clone());
        let Origin { address, hello: name, .. } = self.forwarded.clone().unwrap_or_default();
        Client { address: address.or(self.address), hello: name.unwrap_or(hello), user, permit: self.permit.clone() }
    }

    fn answers(&self) -> Answers {
        match self.grammar {
            Grammar::Smtp | Grammar::Gateway => Answers::Single,
            Grammar::Lmtp => Answers::PerRecipient,
        }
    }

    /// The answer to a message over the limit, announced or sent.
    pub(super) fn too_big(&self) -> Reply {
        Reply::new(552, "5.3.4", format!("a message has at most {} bytes", self.settings.max_message_size))
    }

    fn out_of_order(&mut self, text: &str) -> Next {
        self.mistake(Reply::new(503, "5.5.1", text))
    }

    fn mistake(&mut self, reply: Reply) -> Next {
        self.mistakes += 1;
        match self.mistakes {
            0..MAX_MISTAKES => Next::Say(reply),
            _ => Next::HangUp(Reply::new(421, "4.7.0", "too many mistakes, goodbye")),
        }
    }
}
