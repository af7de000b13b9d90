//! Sessions as a client sees them, over an in-memory pipe or loopback.

mod bad_input;
mod encryption;
mod listening;
mod robustness;
mod transcripts;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    Accepted, Bind, Budget, Content, Grammar, Letter, Mailbox, Network, Permit, Protocol, Reception, Recipient, Reply,
    Settings, Verdict, connection,
};
use crate::smtp::auth::cheap_hash;
use crate::smtp::shared::Shared;

/// Takes every letter and remembers it. `wrong` is refused at RCPT, `full` and `never` at the end, temporarily and for
/// good; `slow` takes a minute.
#[derive(Default)]
struct FakeReception {
    letters: Mutex<Vec<Letter>>,
}

impl FakeReception {
    /// The letters taken so far, as lines such as `<a@b> -> <c@d>: "text"`; after a login `joe: <a@b> -> …`,
    /// from elsewhere `192.0.2.7 client: <a@b> -> …`.
    fn taken(&self) -> Vec<String> {
        let shown = |letter: &Letter| {
            let envelope = &letter.envelope;
            let from = envelope.from.mailbox().map(Mailbox::to_string).unwrap_or_default();
            let to: Vec<String> = envelope.recipients.iter().map(|to| format!("<{}>", to.mailbox)).collect();
            let user = envelope.client.user.as_ref().map(|user| format!("{user}: ")).unwrap_or_default();
            let from = match &letter.content {
                Content::Mail => format!("<{from}>"),
                Content::BareText { sender_id } => sender_id.clone(),
            };
            let origin = match envelope.client.address {
                Some(address) if !address.is_loopback() => format!("{address} {}: ", envelope.client.hello),
                _ => String::new(),
            };
            format!("{origin}{user}{from} -> {}: {:?}", to.join(" "), String::from_utf8_lossy(&letter.bytes))
        };
        self.letters.lock().unwrap().iter().map(shown).collect()
    }
}

impl Reception for FakeReception {
    fn may_accept(&self, recipient: &Mailbox, permit: &Permit) -> Result<(), Reply> {
        match recipient.local.as_str() {
            "wrong" => Err(Reply::new(550, "5.1.1", "no such number")),
            number if number.starts_with('+') && !permit.may_write(number) => {
                Err(Reply::new(550, "5.7.1", "not your number"))
            }
            _ => Ok(()),
        }
    }

    async fn receive(&self, letter: Letter) -> Vec<Verdict> {
        let verdict = |to: &Recipient| match to.mailbox.local.as_str() {
            "full" => Err(Reply::new(451, "4.3.1", "disk full")),
            "never" => Err(Reply::new(554, "5.6.0", "nothing to say")),
            _ => Ok(Accepted::Queued { id: "Q1".to_owned() }),
        };
        if letter.envelope.recipients.iter().any(|to| to.mailbox.local == "slow") {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let verdicts = letter.envelope.recipients.iter().map(verdict).collect();
        self.letters.lock().unwrap().push(letter);
        verdicts
    }

    fn is_ours(&self, _: &Mailbox) -> bool {
        true
    }

    fn may_ring(&self) -> bool {
        false
    }

    async fn ring(&self, _: Letter) -> Vec<Verdict> {
        Vec::new()
    }
}

fn settings() -> Settings {
    Settings {
        hostname: "sms.example.com".into(),
        protocol: Protocol::Mail(Grammar::Smtp),
        bind: Bind::Tcp("127.0.0.1:0".parse().unwrap()),
        trusted: vec![Network { address: "127.0.0.0".parse().unwrap(), prefix_length: 8 }],
        max_message_size: 1000,
        max_connections: 10,
        max_recipients: 3,
        ..Settings::default()
    }
}

/// A users file: joe may send everything, ann only to Italy and as ANN. Both have the password `secret`.
fn users_file() -> tempfile::NamedTempFile {
    let hash = cheap_hash("secret");
    let text = format!("joe:{hash}:credits=12 account=77\nann:{hash}:numbers=+39 senders=ANN\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn shared(settings: Settings) -> Arc<Shared> {
    Arc::new(Shared::open(settings, Budget::default()).unwrap())
}

/// One session under test and the client's end of its pipe.
struct Visit {
    client: DuplexStream,
    reception: Arc<FakeReception>,
    shutdown: CancellationToken,
    session: JoinHandle<()>,
}

impl Visit {
    /// A session with `settings` for a client at `address`, over a pipe that holds `capacity` bytes.
    fn begin(settings: Settings, address: &str, capacity: usize) -> Visit {
        Visit::with(shared(settings), address, capacity)
    }

    /// The same, at a listener that had visits before.
    fn with(shared: Arc<Shared>, address: &str, capacity: usize) -> Visit {
        let (client, server) = duplex(capacity);
        let reception = Arc::new(FakeReception::default());
        let shutdown = CancellationToken::new();
        let address = Some(address.parse().unwrap());
        let session = connection::run(server, address, shared, Arc::clone(&reception), shutdown.clone());
        let session = tokio::spawn(session);
        Visit { client, reception, shutdown, session }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.unwrap();
    }

    /// Reads exactly what is expected.
    async fn expect(&mut self, expected: &str) {
        let mut heard = vec![0; expected.len()];
        self.client.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), expected);
    }

    /// Reads until `end` was said, and gives all that was read.
    async fn until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            heard.push(self.client.read_u8().await.unwrap());
        }
        String::from_utf8(heard).unwrap()
    }

    /// Everything the session still says until it hangs up.
    async fn rest(&mut self) -> String {
        let mut heard = Vec::new();
        self.client.read_to_end(&mut heard).await.unwrap();
        String::from_utf8(heard).unwrap()
    }

    /// Waits until the session has read all there is and waits for more.
    async fn let_it_work(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}
