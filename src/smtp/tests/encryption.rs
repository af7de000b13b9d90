//! Encrypted sessions: STARTTLS and TLS from the first byte on.

use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

use super::*;
use crate::smtp::{KeyFiles, Listener, ProxyProtocol, Tls};

const GREETING: &str = "220 sms.example.com ESMTP telepost\r\n";

struct Files {
    directory: tempfile::TempDir,
    certificate: CertificateDer<'static>,
}

fn files() -> Files {
    let directory = tempfile::tempdir().unwrap();
    let certificate = write_pair(directory.path());
    Files { directory, certificate }
}

/// Puts a new certificate and its key into `directory`.
fn write_pair(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["sms.example.com".to_owned()]).unwrap();
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()
}

impl Files {
    fn names(&self) -> KeyFiles {
        let directory = self.directory.path();
        KeyFiles { certificate: directory.join("cert.pem"), key: directory.join("key.pem") }
    }
}

/// A client that trusts only this certificate.
async fn encrypt<S>(stream: S, certificate: &CertificateDer<'static>) -> std::io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("sms.example.com").unwrap(), stream).await
}

async fn rest(mut stream: impl AsyncRead + Unpin) -> String {
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    heard
}

/// A session that has answered STARTTLS, ready for the handshake.
async fn start_tls(settings: Settings, address: &str) -> Visit {
    let mut visit = Visit::begin(settings, address, 1 << 16);
    visit.send(b"EHLO client\r\n").await;
    visit.until("250 STARTTLS\r\n").await;
    visit.send(b"STARTTLS\r\n").await;
    visit.until("220 2.0.0 begin the handshake\r\n").await;
    visit
}

#[tokio::test(start_paused = true)]
async fn start_tls_forgets_all_and_then_takes_passwords() {
    let (files, users) = (files(), users_file());
    let settings = Settings {
        tls: Tls::StartTls(files.names()),
        users: Some(users.path().to_owned()),
        trusted: Vec::new(),
        ..settings()
    };
    let visit = start_tls(settings, "192.0.2.7").await;
    let mut stream = encrypt(visit.client, &files.certificate).await.unwrap();
    stream
        .write_all(
            b"RCPT TO:<c@d>\r\nMAIL FROM:<a@b>\r\nEHLO again\r\nSTARTTLS\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n\
              MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n",
        )
        .await
        .unwrap();
    let heard = rest(stream).await;
    let expected = "503 5.5.1 MAIL comes before RCPT\r\n503 5.5.1 say EHLO first\r\n250-sms.example.com\r\n";
    assert!(heard.starts_with(expected), "{heard}");
    assert!(!heard.contains("250-STARTTLS") && heard.contains("250 AUTH PLAIN LOGIN\r\n"), "{heard}");
    assert!(heard.contains("503 5.5.1 the connection is encrypted already\r\n235 2.7.0 welcome, joe\r\n"), "{heard}");
    assert_eq!(visit.reception.taken(), ["192.0.2.7 again: joe: <a@b> -> <c@d>: \"hi\\r\\n\""]);
}

/// Whoever sits on the way could slip commands in before encryption begins.
#[tokio::test(start_paused = true)]
async fn what_comes_along_with_start_tls_is_not_obeyed() {
    let files = files();
    for slipped in ["MAIL FROM:<evil@b>\r\n", "N", "\r\n", "\x16\x03\x01"] {
        let mut visit =
            Visit::begin(Settings { tls: Tls::StartTls(files.names()), ..settings() }, "127.0.0.1", 1 << 16);
        visit.send(format!("HELO a\r\nSTARTTLS\r\n{slipped}").as_bytes()).await;
        let heard = visit.rest().await;
        let expected =
            format!("{GREETING}250 sms.example.com\r\n554 5.5.1 nothing may be sent along with STARTTLS\r\n");
        assert_eq!(heard, expected, "{slipped:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_tls_is_required_nothing_goes_without() {
    let (files, users) = (files(), users_file());
    let settings = Settings { tls: Tls::Required(files.names()), users: Some(users.path().to_owned()), ..settings() };
    let mut visit = Visit::begin(settings.clone(), "127.0.0.1", 1 << 16);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\nNOOP\r\nHELP\r\nQUIT\r\n").await;
    let heard = visit.rest().await;
    assert_eq!(heard.matches("530 5.7.0 say STARTTLS first\r\n").count(), 2, "{heard}");
    assert!(heard.contains("214 2.0.0 EHLO HELO STARTTLS MAIL"), "{heard}");

    let mut visit = Visit::begin(settings, "127.0.0.1", 1 << 16);
    visit.send(b"STARTTLS\r\n").await;
    visit.until("220 2.0.0 begin the handshake\r\n").await;
    let mut stream = encrypt(visit.client, &files.certificate).await.unwrap();
    stream.write_all(b"HELO a\r\nMAIL FROM:<a@b>\r\nQUIT\r\n").await.unwrap();
    assert!(rest(stream).await.contains("250 2.1.0 sender ok\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_comes_is_not_waited_for() {
    let files = files();
    for tls in [Tls::Implicit(files.names()), Tls::StartTls(files.names())] {
        let mut visit = Visit::begin(Settings { tls: tls.clone(), ..settings() }, "127.0.0.1", 1 << 16);
        if matches!(tls, Tls::StartTls(_)) {
            visit.send(b"STARTTLS\r\n").await;
            visit.until("handshake\r\n").await;
        }
        let start = Instant::now();
        visit.session.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 30);
    }
}

#[tokio::test(start_paused = true)]
async fn plain_words_to_an_encrypted_listener_end_the_session() {
    let files = files();
    let mut visit = Visit::begin(Settings { tls: Tls::Implicit(files.names()), ..settings() }, "127.0.0.1", 1 << 16);
    visit.send(b"EHLO client\r\n").await;
    let mut heard = Vec::new();
    visit.client.read_to_end(&mut heard).await.unwrap();
    assert!(!String::from_utf8_lossy(&heard).contains("220"));
    visit.session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_a_handshake() {
    let files = files();
    let visit = Visit::begin(Settings { tls: Tls::Implicit(files.names()), ..settings() }, "127.0.0.1", 1 << 16);
    visit.shutdown.cancel();
    let start = Instant::now();
    visit.session.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test]
async fn a_renewed_certificate_counts_for_the_next_client_and_a_bad_one_does_not() {
    let mut files = files();
    let listener = Listener::bind(Settings { tls: Tls::Implicit(files.names()), ..settings() }).unwrap();
    let Bind::Tcp(address) = *listener.local_address() else { panic!("not TCP") };
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(Arc::new(FakeReception::default()), shutdown.clone()));
    let greeting = async |certificate: &CertificateDer<'static>| {
        let mut stream = encrypt(TcpStream::connect(address).await.unwrap(), certificate).await?;
        let mut heard = vec![0; GREETING.len()];
        stream.read_exact(&mut heard).await.map(|_| heard)
    };
    assert_eq!(greeting(&files.certificate).await.unwrap(), GREETING.as_bytes());
    let old = std::mem::replace(&mut files.certificate, write_pair(files.directory.path()));
    assert!(greeting(&old).await.is_err());
    assert_eq!(greeting(&files.certificate).await.unwrap(), GREETING.as_bytes());
    std::fs::write(files.names().key, "half a key").unwrap();
    assert_eq!(greeting(&files.certificate).await.unwrap(), GREETING.as_bytes());
    shutdown.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_listener_without_its_certificate_is_an_error() {
    let files = files();
    std::fs::remove_file(files.names().key).unwrap();
    let error = Listener::bind(Settings { tls: Tls::StartTls(files.names()), ..settings() }).unwrap_err();
    assert!(error.to_string().contains("key.pem"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_proxys_header_comes_before_the_handshake() {
    let files = files();
    let settings = Settings {
        tls: Tls::Implicit(files.names()),
        proxies: settings().trusted,
        proxy_protocol: ProxyProtocol::Required,
        ..settings()
    };
    let mut visit = Visit::begin(settings, "127.0.0.1", 1 << 16);
    visit.send(b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 25\r\n").await;
    let mut stream = encrypt(visit.client, &files.certificate).await.unwrap();
    stream.write_all(b"HELO a\r\nMAIL FROM:<a@b>\r\nQUIT\r\n").await.unwrap();
    let refused = "550 5.7.1 192.0.2.7 may not send here: it is not among the trusted networks\r\n";
    assert!(rest(stream).await.contains(refused));
}
