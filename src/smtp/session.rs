//! One session's memory and manners: which command may follow which, and what each is answered (RFC 5321, RFC 2033).
//!
//! Pure: takes a line, gives the [`Next`] step, and never reads, writes, waits or looks at a clock; `connection` does. SMTP
//! and LMTP are two grammars of this one session. Commands that come out of order get 503 and change nothing.

use std::net::IpAddr;
use std::sync::Arc;

use super::answers;
use super::command::{self, Chunk, ChunkPlace, Command, Hello, Mail};
use super::data::{Text, TooBig};
use super::envelope::{Answers, Client, Envelope, Letter, Recipient};
use super::hops;
use super::line::{Line, MAX_LINE};
use super::reply::{Reception, Reply};
use super::settings::{Protocol, Settings};

/// Lines that are no commands, or stand out of order, before we hang up: whoever sends more does not speak SMTP.
const MAX_MISTAKES: u32 = 20;

/// What the connection does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Answer and read the next command.
    Say(Reply),
    /// Answer (354) and read a message's text up to its dot.
    ReadText(Reply),
    /// Read the bytes that follow BDAT, give them to [`Session::keep`], and answer by [`Session::end_of_chunk`].
    ReadChunk(Chunk),
    /// Answer and hang up.
    HangUp(Reply),
}

/// What happens after a message's text, or a piece of it.
#[derive(Debug)]
pub(super) enum Handover {
    /// The letter is complete and goes to the reception, whose verdicts are the answer.
    Letter(Letter),
    /// Nothing goes anywhere yet or any more, and these are the answers.
    Answered(Vec<Reply>),
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    settings: Arc<Settings>,
    /// `None` on a Unix socket.
    address: Option<IpAddr>,
    /// The name the client gave, once it said hello.
    hello: Option<String>,
    transaction: Option<Transaction>,
    mistakes: u32,
}

/// From MAIL to the end of the text.
#[derive(Debug)]
struct Transaction {
    mail: Mail,
    recipients: Vec<Recipient>,
    /// What BDAT has brought; `None` before the first one.
    chunks: Option<Text>,
}

impl Session {
    /// A session with a client at `address`; `None` for a Unix socket, whose clients are trusted.
    pub(super) fn new(settings: Arc<Settings>, address: Option<IpAddr>) -> Session {
        let address = address.map(|address| address.to_canonical());
        Session { settings, address, hello: None, transaction: None, mistakes: 0 }
    }

    /// The first line of the session.
    pub(super) fn greeting(&self) -> Reply {
        let protocol = match self.settings.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        Reply::plain(220, format!("{} {protocol} telepost", self.settings.hostname))
    }

    /// Answers one line. RCPT asks `reception` whether the recipient may be written to.
    pub(super) fn take(&mut self, line: Line, reception: &impl Reception) -> Next {
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
            Ok(command) => self.obey(command, reception),
            Err(reply) => self.mistake(reply),
        }
    }

    fn obey(&mut self, command: Command, reception: &impl Reception) -> Next {
        match command {
            Command::Hello(hello, name) => self.hello(hello, name),
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
                self.transaction = None;
                Next::Say(Reply::new(250, "2.0.0", "forgotten"))
            }
            Command::Noop => Next::Say(Reply::new(250, "2.0.0", "still here")),
            // RFC 5321, section 7.3: 252 tells address collectors nothing; RCPT tells whoever may send.
            Command::Verify => Next::Say(Reply::new(252, "2.1.5", "send some mail, and RCPT will tell")),
            Command::Expand => Next::Say(Reply::new(502, "5.5.1", "lists are not shown")),
            Command::Help => Next::Say(Reply::new(214, "2.0.0", self.verbs())),
            Command::Quit => Next::HangUp(Reply::new(221, "2.0.0", format!("{} says goodbye", self.settings.hostname))),
            // A web page can make a browser inside a trusted network post SMTP commands to us: stop before they come.
            Command::Http => Next::HangUp(Reply::new(554, "5.5.1", "this is a mail server, not a web server")),
        }
    }

    fn hello(&mut self, hello: Hello, name: String) -> Next {
        match (self.settings.protocol, hello) {
            (Protocol::Smtp, Hello::Lhlo) => {
                return self.mistake(Reply::new(500, "5.5.1", "this is SMTP, not LMTP: say EHLO"));
            }
            (Protocol::Lmtp, Hello::Helo | Hello::Ehlo) => {
                return self.mistake(Reply::new(500, "5.5.1", "this is LMTP, not SMTP: say LHLO"));
            }
            _ => {}
        }
        self.hello = Some(name);
        self.transaction = None;
        let mut reply = Reply::plain(250, self.settings.hostname.clone());
        if hello != Hello::Helo {
            reply.lines.extend(self.extensions());
        }
        Next::Say(reply)
    }

    /// What EHLO and LHLO promise: only what is really done. DSN is not among it, though its parameters are read and
    /// carried: who asks for `NOTIFY=NEVER` relies on it, so it is promised only once notices honour it.
    fn extensions(&self) -> Vec<String> {
        let Settings { max_message_size, max_recipients, .. } = &*self.settings;
        vec![
            "PIPELINING".into(),
            format!("SIZE {max_message_size}"),
            "8BITMIME".into(),
            "SMTPUTF8".into(),
            "CHUNKING".into(),
            "ENHANCEDSTATUSCODES".into(),
            format!("LIMITS RCPTMAX={max_recipients}"),
        ]
    }

    fn mail(&mut self, mail: Mail) -> Next {
        if self.hello.is_none() {
            return self.out_of_order(&format!("say {} first", self.hello_verb()));
        }
        if self.transaction.is_some() {
            return self.out_of_order("nested MAIL: finish this message or RSET first");
        }
        if let Err(reply) = self.may_send() {
            return Next::Say(reply);
        }
        if mail.size.is_some_and(|size| size > self.settings.max_message_size as u64) {
            return Next::Say(self.too_big());
        }
        self.transaction = Some(Transaction { mail, recipients: Vec::new(), chunks: None });
        Next::Say(Reply::new(250, "2.1.0", "sender ok"))
    }

    /// Whether this client may hand over mail: never an open relay to telephones.
    fn may_send(&self) -> Result<(), Reply> {
        let Some(address) = self.address else { return Ok(()) };
        if self.settings.trusted.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        Err(Reply::new(550, "5.7.1", format!("{address} may not send here: it is not among the trusted networks")))
    }

    fn rcpt(&mut self, recipient: Recipient, reception: &impl Reception) -> Next {
        let Some(transaction) = &mut self.transaction else {
            return self.out_of_order("MAIL comes before RCPT");
        };
        if transaction.chunks.is_some() {
            return self.out_of_order("RCPT comes before BDAT");
        }
        let most = self.settings.max_recipients;
        if transaction.recipients.len() >= most {
            let text = format!("at most {most} recipients at a time: send the others the message again");
            return Next::Say(Reply::new(452, "4.5.3", text));
        }
        let asked = transaction.mail.alphabet.may_write(&recipient.mailbox);
        let asked = asked.and_then(|()| reception.may_accept(&recipient.mailbox));
        if let Err(reply) = asked {
            return Next::Say(reply);
        }
        transaction.recipients.push(recipient);
        Next::Say(Reply::new(250, "2.1.5", "recipient ok"))
    }

    fn data(&mut self) -> Next {
        match &self.transaction {
            None => self.out_of_order("MAIL and RCPT come before DATA"),
            // Not a mistake of a client that pipelines: it cannot know yet that its recipients were refused.
            Some(transaction) if transaction.recipients.is_empty() => {
                Next::Say(Reply::new(503, "5.5.1", "no valid recipients"))
            }
            Some(transaction) if transaction.chunks.is_some() => self.out_of_order("go on with BDAT, or RSET first"),
            Some(_) => Next::ReadText(Reply::plain(354, "go ahead, end with a dot on a line by itself")),
        }
    }

    /// Prepares for a chunk. Whatever the state, its bytes must be read: they are no commands.
    fn bdat(&mut self, chunk: Chunk) -> Next {
        let limit = self.settings.max_message_size;
        if let Some(transaction) = &mut self.transaction
            && !transaction.recipients.is_empty()
        {
            transaction.chunks.get_or_insert_with(|| Text::new(limit));
        }
        Next::ReadChunk(chunk)
    }

    /// Takes the next bytes of a chunk; they are lost when no message was begun for them.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if let Some(chunks) = self.transaction.as_mut().and_then(|transaction| transaction.chunks.as_mut()) {
            chunks.push(bytes);
        }
    }

    /// Answers a chunk whose bytes were all read. A message over the limit stays so until its last chunk or RSET.
    pub(super) fn end_of_chunk(&mut self, chunk: Chunk) -> Handover {
        let too_big = self.too_big();
        let Some(transaction) = &mut self.transaction else {
            self.mistakes += 1;
            return Handover::Answered(vec![Reply::new(503, "5.5.1", "MAIL and RCPT come before BDAT")]);
        };
        match (&transaction.chunks, chunk.place) {
            (None, _) => Handover::Answered(vec![Reply::new(503, "5.5.1", "no valid recipients")]),
            (Some(text), ChunkPlace::Inner) if text.is_too_big() => Handover::Answered(vec![too_big]),
            (Some(_), ChunkPlace::Inner) => {
                Handover::Answered(vec![Reply::new(250, "2.0.0", format!("{} bytes taken", chunk.size))])
            }
            (Some(_), ChunkPlace::Last) => {
                let text = transaction.chunks.take().map_or(Ok(Vec::new()), Text::finish);
                self.end_of_text(text)
            }
        }
    }

    /// Ends the transaction with the text that followed DATA.
    pub(super) fn end_of_text(&mut self, text: Result<Vec<u8>, TooBig>) -> Handover {
        let (Some(transaction), Some(hello)) = (self.transaction.take(), self.hello.clone()) else {
            return Handover::Answered(vec![Reply::new(503, "5.5.1", "no message was begun")]);
        };
        let Transaction { mail, recipients, .. } = transaction;
        let refused = |reply| Handover::Answered(answers::same_for_all(self.answers(), recipients.len(), &reply));
        match text {
            Err(TooBig) => refused(self.too_big()),
            Ok(text) if hops::is_looping(&text) => {
                refused(Reply::new(554, "5.4.6", format!("mail loop: more than {} Received headers", hops::MAX_HOPS)))
            }
            Ok(bytes) => {
                let client = Client { address: self.address, hello };
                let Mail { from, returned, envelope_id, .. } = mail;
                let envelope = Envelope { from, recipients, client, returned, envelope_id };
                Handover::Letter(Letter { envelope, bytes, answers: self.answers() })
            }
        }
    }

    fn answers(&self) -> Answers {
        match self.settings.protocol {
            Protocol::Smtp => Answers::Single,
            Protocol::Lmtp => Answers::PerRecipient,
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

    fn hello_verb(&self) -> &'static str {
        match self.settings.protocol {
            Protocol::Smtp => "EHLO",
            Protocol::Lmtp => "LHLO",
        }
    }

    fn verbs(&self) -> String {
        let hello = match self.settings.protocol {
            Protocol::Smtp => "EHLO HELO",
            Protocol::Lmtp => "LHLO",
        };
        format!("{hello} MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT")
    }
}
