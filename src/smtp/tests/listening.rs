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
            other => panic!("not TCP: {other}"),
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
    Settings {
        bind: Bind::Unix(path.to_owned()),
        socket_mode: 0o600,
        protocol: Protocol::Mail(Grammar::Lmtp),
        trusted: Vec::new(),
        ..settings()
    }
}

#[tokio::test]
async fn a_letter_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp.sock");
    let running = start(on_unix(&path));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
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

#[tokio::test]
async fn one_client_does_not_get_all_places_and_trusted_ones_are_not_counted() {
    let users = users_file();
    let stranger = Settings {
        max_connections_per_client: 2,
        trusted: Vec::new(),
        users: Some(users.path().to_owned()),
        ..settings()
    };
    let running = start(stranger.clone());
    let (mut first, mut second) = (running.connect().await, running.connect().await);
    greeting(&mut first).await;
    greeting(&mut second).await;
    let crowded = "421 4.7.0 too many connections from your address, close some first\r\n";
    assert_eq!(all(running.connect().await).await, crowded);
    drop(first);
    let mut heard = crowded.to_owned();
    while heard == crowded {
        let mut again = running.connect().await;
        again.write_all(b"QUIT\r\n").await.unwrap();
        heard = all(again).await;
    }
    assert!(heard.starts_with("220"), "{heard}");
    drop(second);
    running.stop().await;

    let running = start(Settings { trusted: settings().trusted, ..stranger });
    let mut guests = Vec::new();
    for _ in 0..5 {
        let mut guest = running.connect().await;
        greeting(&mut guest).await;
        guests.push(guest);
    }
    drop(guests);
    running.stop().await;
}

#[tokio::test]
async fn a_public_listener_that_serves_nobody_does_not_open() {
    let nobody = Settings { bind: Bind::Tcp("0.0.0.0:0".parse().unwrap()), trusted: Vec::new(), ..settings() };
    let error = Listener::bind(nobody.clone()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    let users = users_file();
    assert!(Listener::bind(Settings { users: Some(users.path().to_owned()), ..nobody }).is_ok());
}

#[tokio::test]
async fn a_socket_that_systemd_did_not_open_is_an_error() {
    let error = Listener::bind(Settings { bind: Bind::Systemd("smtp".into()), ..settings() }).unwrap_err();
    assert_eq!(error.to_string(), "systemd handed over no socket named \"smtp\"");
}

/// The part of [`a_socket_that_systemd_opened_is_served`] that runs in a process of its own.
#[tokio::test]
#[ignore = "is started by another test, with a socket"]
async fn serve_what_systemd_opened() {
    let listener = Listener::bind(Settings { bind: Bind::Systemd("smtp".into()), ..settings() }).unwrap();
    listener.serve(Arc::new(FakeReception::default()), CancellationToken::new()).await;
}

#[test]
fn a_socket_that_systemd_opened_is_served() {
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // What systemd does before it starts a service; the shell keeps its process ID when it becomes the service.
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=smtp exec \"$0\" \"$@\"";
    let mut service = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "smtp::tests::listening::serve_what_systemd_opened"])
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    client.write_all(b"QUIT\r\n").unwrap();
    let mut heard = String::new();
    let outcome = client.read_to_string(&mut heard);
    service.kill().unwrap();
    service.wait().unwrap();
    outcome.unwrap();
    assert_eq!(heard, "220 sms.example.com ESMTP telepost\r\n221 2.0.0 sms.example.com says goodbye\r\n");
}
