//! The site's mail server, as far as telepost's notices need one: takes every mail and keeps it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{PATIENCE, wait_for};

/// A listening mail server; what it took can be looked at.
pub struct Sink {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// One mail that was handed over.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The envelope sender, without angle brackets.
    pub from: String,
    /// The envelope recipients, without angle brackets.
    pub to: Vec<String>,
    /// The mail, dots unstuffed, lines ended by LF.
    pub mail: String,
}

impl Sink {
    pub fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let shelf = taken.clone();
        // It lives as long as the test binary: a thread in accept() can't be woken without a trick, and costs nothing.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelf = shelf.clone();
                // A client that hangs up in the middle ends its session, nothing else.
                std::thread::spawn(move || serve(stream, &shelf).ok());
            }
        });
        Sink { address, taken }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// Waits until `count` mails were taken.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Taken> {
        wait_for(&format!("{count} mails in the sink"), || Some(self.taken()).filter(|taken| taken.len() >= count))
    }
}

fn serve(stream: TcpStream, shelf: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), Vec::new());
    writer.write_all(b"220 sink.example ESMTP\r\n")?;
    loop {
        let line = read_line(&mut reader)?;
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink.example\r\n250 8BITMIME",
            "MAIL" => {
                (from, to) = (path(&line), Vec::new());
                "250 2.1.0 ok"
            }
            "RCPT" => {
                to.push(path(&line));
                "250 2.1.5 ok"
            }
            "DATA" => {
                writer.write_all(b"354 go ahead\r\n")?;
                let mail = read_mail(&mut reader)?;
                shelf.lock().unwrap().push(Taken { from: from.clone(), to: to.clone(), mail });
                "250 2.0.0 taken"
            }
            "QUIT" => return writer.write_all(b"221 2.0.0 bye\r\n"),
            _ => "250 2.0.0 ok",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

/// A line without its end.
fn read_line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
}

fn read_mail(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let line = read_line(reader)?;
        if line == "." {
            return Ok(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
        mail.push('\n');
    }
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path);
    inner.unwrap_or_default().to_owned()
}
