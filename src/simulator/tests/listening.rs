//! Over real sockets, on the loopback.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;

use super::*;

async fn connect(address: SocketAddr) -> (BufReader<TcpStream>, String) {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut greeting = String::new();
    stream.read_line(&mut greeting).await.unwrap();
    (stream, greeting)
}

#[tokio::test]
async fn clients_are_counted_and_limited() {
    let simulator = Simulator::bind(Settings { max_sessions: 2, ..settings() }).await.unwrap();
    let address = simulator.local_address();
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulator.run(stop.clone()));
    let (mut first, greeting) = connect(address).await;
    assert_eq!(greeting, "220 Service ready. Connection 1 with [127.0.0.1]\r\n");
    let (mut second, greeting) = connect(address).await;
    assert_eq!(greeting, "220 Service ready. Connection 2 with [127.0.0.1]\r\n");
    let (_, greeting) = connect(address).await;
    assert_eq!(greeting, "421 Too many sessions, closing connection\r\n");

    first.write_all(b"QUIT\r\n").await.unwrap();
    let mut rest = String::new();
    first.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "221 SMSC SMTP Server closing connection.\r\n");

    stop.cancel();
    let mut rest = String::new();
    second.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "421 The gateway ends, closing connection\r\n");
    running.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}

#[tokio::test]
async fn credits_are_shared_by_all_sessions() {
    let (arrived, mut arrivals) = unbounded_channel();
    let simulator = Simulator::bind(Settings::for_one_account(USER, PASSWORD, arrived)).await.unwrap();
    let (address, ledger) = (simulator.local_address(), simulator.ledger());
    ledger.set_account(account(USER, "1", "ACTIVE", 20));
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulator.run(stop.clone()));
    let visits = (0..5).map(|_| {
        tokio::spawn(async move {
            let (mut stream, _) = connect(address).await;
            let dialogue = format!("{LOGIN}{}QUIT\r\n", MESSAGE.repeat(6));
            stream.write_all(dialogue.as_bytes()).await.unwrap();
            let mut answers = String::new();
            stream.read_to_string(&mut answers).await.unwrap();
            let count = |word: &str| answers.matches(word).count();
            (count("Message accepted"), count("452 No credits left"))
        })
    });
    let (mut accepted, mut refused) = (0, 0);
    for visit in visits.collect::<Vec<_>>() {
        let (more_accepted, more_refused) = visit.await.unwrap();
        (accepted, refused) = (accepted + more_accepted, refused + more_refused);
    }
    assert_eq!((accepted, refused), (20, 10));
    let left: Vec<u64> = std::iter::from_fn(|| arrivals.try_recv().ok()).map(|sms| sms.credits).collect();
    assert_eq!(left, (0..20).rev().collect::<Vec<_>>());
    assert_eq!(ledger.account(USER).unwrap().credits, 0);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_had_is_named() {
    let first = Simulator::bind(settings()).await.unwrap();
    let taken = Simulator::bind(Settings { listen: first.local_address(), ..settings() }).await;
    assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let no_folder = Settings { log: Some("/nonexistent/sms.jsonl".into()), ..settings() };
    let error = Simulator::bind(no_folder).await.unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/sms.jsonl: "), "{error}");
}
