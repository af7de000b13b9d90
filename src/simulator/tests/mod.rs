//! Dialogues over in-memory pipes, with simulated time; only `listening` uses sockets, on the loopback.

mod anything;
mod client;
mod faults;
mod listening;
mod patience;
mod transcripts;

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connection::{self, Context};
use super::ledger::Ledger;
use super::*;

const USER: &str = "myuserid";
const PASSWORD: &str = "mypassword";
/// As a login needs them, one line after the other.
const LOGIN: &str = "EHLO Client\r\nAUTH LOGIN\r\nbXl1c2VyaWQ=\r\nbXlwYXNzd29yZA==\r\n";
const MESSAGE: &str = "MAIL FROM: ALERTS\r\nRCPT TO:+4477331234567\r\nDATA\r\ndisk full\r\n.\r\n";

/// A client's end of a session that runs.
struct Visit {
    stream: DuplexStream,
    arrivals: UnboundedReceiver<AcceptedSms>,
    shutdown: CancellationToken,
    session: JoinHandle<()>,
}

fn account(user: &str, id: &str, status: &str, credits: u64) -> Account {
    Account { id: id.to_owned(), status: status.to_owned(), credits, ..Account::new(user, PASSWORD) }
}

fn settings() -> Settings {
    let accounts = vec![
        account(USER, "77", "ACTIVE", 3),
        account("blocked", "78", "BLOCKED", 9),
        account("poor", "79", "ACTIVE", 1),
    ];
    Settings { accounts, ..Settings::default() }
}

fn with_faults(specs: &[&str]) -> Settings {
    Settings { faults: Faults::new(specs.iter().map(|spec| spec.parse().unwrap()).collect(), 1), ..settings() }
}

impl Visit {
    fn begin(mut settings: Settings) -> Visit {
        let (arrived, arrivals) = unbounded_channel();
        settings.arrived = Some(arrived);
        let ledger = Arc::new(Ledger::open(&settings).unwrap());
        let shutdown = CancellationToken::new();
        let context = Context { number: 7, settings: Arc::new(settings), ledger, shutdown: shutdown.clone() };
        // As small as one packet, so that nothing hides in a buffer.
        let (stream, theirs) = tokio::io::duplex(1400);
        let session = tokio::spawn(connection::run(theirs, "10.1.2.3".parse().ok(), context));
        Visit { stream, arrivals, shutdown, session }
    }

    async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next line, with its end.
    async fn hear(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// All that is said until the connection ends.
    async fn hear_out(&mut self) -> String {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// What was accepted so far.
    fn accepted(&mut self) -> Vec<AcceptedSms> {
        std::iter::from_fn(|| self.arrivals.try_recv().ok()).collect()
    }
}
