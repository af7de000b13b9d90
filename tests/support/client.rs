//! A mail client that sends exactly the bytes it is given and reads replies strictly. It knows no more of SMTP.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

/// A session with a server.
pub struct Client {
    reader: BufReader<TcpStream>,
}

/// One reply, all its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// The texts behind the code.
    pub lines: Vec<String>,
}

impl Reply {
    /// The ID in `250 2.0.0 queued as ID`.
    #[track_caller]
    pub fn id(&self) -> String {
        let id = self.lines[0].strip_prefix("2.0.0 queued as ").unwrap_or_else(|| panic!("not queued: {self:?}"));
        assert!(!id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id:?}");
        id.to_owned()
    }

    fn expect_code(self, code: u16) -> std::io::Result<Reply> {
        match self.code == code {
            true => Ok(self),
            false => Err(std::io::Error::other(format!("{self:?} where {code} belongs"))),
        }
    }

    /// Whether it is `code` with the enhanced code `enhanced`.
    pub fn is(&self, code: u16, enhanced: &str) -> bool {
        self.code == code && self.lines[0].split(' ').next() == Some(enhanced)
    }
}

impl Client {
    /// Connects and hears the greeting.
    pub fn connect(address: SocketAddr) -> Client {
        Client::try_connect(address).expect("the server takes connections")
    }

    /// Connects, hears the greeting and says EHLO.
    pub fn hello(address: SocketAddr) -> Client {
        Client::try_hello(address).expect("the server takes connections")
    }

    /// As [`Client::hello`], unless the server is too busy to serve, is not there, or ends meanwhile.
    pub fn try_hello(address: SocketAddr) -> std::io::Result<Client> {
        let mut client = Client::try_connect(address)?;
        client.try_send(b"EHLO client.example\r\n")?;
        client.try_reply()?.expect_code(250)?;
        Ok(client)
    }

    fn try_connect(address: SocketAddr) -> std::io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Client { reader: BufReader::new(stream) };
        client.try_reply()?.expect_code(220)?;
        Ok(client)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server takes bytes");
    }

    /// As [`Client::send`], for a server that may be killed meanwhile.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads one reply.
    #[track_caller]
    pub fn reply(&mut self) -> Reply {
        self.try_reply().expect("the server replies")
    }

    /// As [`Client::reply`], for a server that may be killed meanwhile.
    pub fn try_reply(&mut self) -> std::io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let Some(text) = line.strip_suffix("\r\n") else {
                return Err(std::io::Error::other(format!("a reply ends in the middle: {line:?}")));
            };
            let (code, text) = text.split_at(3);
            lines.push(text.get(1..).unwrap_or_default().to_owned());
            if !text.starts_with('-') {
                return Ok(Reply { code: code.parse().map_err(std::io::Error::other)?, lines });
            }
        }
    }

    /// Whether the server has hung up, having said nothing more.
    pub fn is_hung_up_on(&mut self) -> bool {
        self.reader.fill_buf().is_ok_and(<[u8]>::is_empty)
    }

    /// Says QUIT; whether the answer is the one to QUIT, and nothing more came after it. A server that has said one
    /// answer too many or too few fails this.
    pub fn is_hung_up_after_quit(&mut self) -> bool {
        match self.try_send(b"QUIT\r\n") {
            Ok(()) => self.try_reply().is_ok_and(|reply| reply.code == 221) && self.is_hung_up_on(),
            Err(_) => self.is_hung_up_on(),
        }
    }

    /// Sends a line and reads the reply.
    #[track_caller]
    pub fn say(&mut self, line: &str) -> Reply {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Hands a mail over, one step after the other, and gives the answer to it, or the first refusal. `mail` is in
    /// transit form already: CRLF at the ends of lines, dots stuffed, without the final dot.
    #[track_caller]
    pub fn deliver(&mut self, from: &str, to: &[&str], mail: &[u8]) -> Reply {
        self.try_deliver(from, to, mail).expect("the server answers")
    }

    /// As [`Client::deliver`], for a server that may be killed meanwhile.
    pub fn try_deliver(&mut self, from: &str, to: &[&str], mail: &[u8]) -> std::io::Result<Reply> {
        let mut reply = self.try_say(&format!("MAIL FROM:<{from}>"))?;
        for to in to {
            if reply.code == 250 {
                reply = self.try_say(&format!("RCPT TO:<{to}>"))?;
            }
        }
        if reply.code != 250 {
            self.try_say("RSET")?;
            return Ok(reply);
        }
        self.try_say("DATA")?.expect_code(354)?;
        let end: &[u8] = if mail.ends_with(b"\r\n") { b".\r\n" } else { b"\r\n.\r\n" };
        self.try_send(&[mail, end].concat())?;
        self.try_reply()
    }

    fn try_say(&mut self, line: &str) -> std::io::Result<Reply> {
        self.try_send(format!("{line}\r\n").as_bytes())?;
        self.try_reply()
    }
}

/// Hands one mail over in a session of its own.
#[track_caller]
pub fn deliver(server: SocketAddr, from: &str, to: &str, mail: &[u8]) -> Reply {
    let mut client = Client::hello(server);
    let reply = client.deliver(from, &[to], mail);
    assert_eq!(client.say("QUIT").code, 221);
    reply
}
