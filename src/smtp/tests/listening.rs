//! Listeners on real sockets, always on a port that the system chooses.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use super::*;
use crate::smtp::Listener;

struct Running {
    bind: Bind,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    reception: Arc<FakeReception>,
}

fn start(settings: Settings) -> Running {
    let listener = Listener::bind(settings).unwrap();
    let bind = listener.local_address().clone();
    let shutdown = CancellationToken::new();
    let reception = Arc::new(FakeReception::default());
    let serving = tokio::spawn(listener.serve(Arc::clone(&reception), shutdown.clone()));
    Running { bind, shutdown, serving, reception }
}

impl Running {
    fn address(&self) -> SocketAddr {
        match &self.bind {
            Bind::Tcp(address) => *address,
            Bind::Unix(path) => panic!("not TCP: {path:?}"),
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap();
    }
}

async fn all(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    heard
}

async fn greeting(stream: &mut TcpStream) {
    let mut heard = [0; 36];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"220 sms.example.com ESMTP telepost\r\n");
}

#[tokio::test]
async fn a_letter_over_tcp() {
    let running = start(settings());
    let mut stream = running.connect().await;
    stream.write_all(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n").await.unwrap();
    assert!(all(&mut stream).await.ends_with("250 2.0.0 queued as Q1\r\n221 2.0.0 sms.example.com says goodbye\r\n"));
    assert_eq!(running.reception.taken(), ["<a@b> -> <c@d>: \"hi\\r\\n\""]);
    drop(stream);
    running.stop().await;
}

#[tokio::test]
async fn a_full_house_sends_clients_away_and_takes_them_again_later() {
    let running = start(Settings { max_connections: 2, ..settings() });
    let mut first = running.connect().await;
    greeting(&mut first).await;
    let mut second = running.connect().await;
    greeting(&mut second).await;
    for _ in 0..20 {
        let heard = all(running.connect().await).await;
        assert_eq!(heard, "421 4.3.2 sms.example.com has no place free, try again soon\r\n");
    }
    first.write_all(b"QUIT\r\n").await.unwrap();
    assert_eq!(all(first).await, "221 2.0.0 sms.example.com says goodbye\r\n");
    // The place is free a moment after the client saw the end of its session.
    let mut heard = String::new();
    while !heard.starts_with("220") {
        let mut again = running.connect().await;
        again.write_all(b"QUIT\r\n").await.unwrap();
        heard = all(again).await;
    }
    drop(second);
    running.stop().await;
}

#[tokio::test]
async fn shutdown_closes_sessions_and_the_port() {
    let running = start(settings());
    let address = running.address();
    let mut stream = running.connect().await;
    greeting(&mut stream).await;
    running.shutdown.cancel();
    assert_eq!(all(&mut stream).await, "421 4.3.2 going down, try again soon\r\n");
    drop(stream);
    running.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let running = start(settings());
    let again = Settings { bind: running.bind.clone(), ..settings() };
    assert_eq!(Listener::bind(again).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    running.stop().await;
}

fn on_unix(path: &Path) -> Settings {
    Settings { bind: Bind::Unix(path.to_owned()), protocol: Protocol::Lmtp, trusted: Vec::new(), ..settings() }
}

#[tokio::test]
async fn a_letter_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp.sock");
    let running = start(on_unix(&path));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n").await.unwrap();
    assert!(all(&mut stream).await.contains("250 2.0.0 queued as Q1\r\n"));
    drop(stream);
    running.stop().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(std::fs::metadata(&path).unwrap().file_type().is_socket());
    let running = start(on_unix(&path));
    let taken = Listener::bind(on_unix(&path)).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    running.stop().await;

    std::fs::write(&path, "precious").unwrap();
    let exists = Listener::bind(on_unix(&path)).unwrap_err();
    assert_eq!(exists.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn a_socket_that_another_server_put_in_our_place_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp.sock");
    let running = start(on_unix(&path));
    std::fs::remove_file(&path).unwrap();
    let successor = std::os::unix::net::UnixListener::bind(&path).unwrap();
    running.stop().await;
    assert!(path.exists());
    drop(successor);
}
