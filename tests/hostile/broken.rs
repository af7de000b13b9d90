//! Clients that go at any moment, and clients that hardly come.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::SockRef;

use super::{TO, head};

use crate::support::client::{Client, deliver};
use crate::support::house::House;
use crate::support::mails::plain;
use crate::support::{PATIENCE, wait_for};

/// How a client goes.
#[derive(Clone, Copy, Debug)]
enum Exit {
    /// It says that it will send no more, and listens to the end.
    HalfClosed,
    /// Its system forgets the connection (RST), as after a crash or at a timeout on the way.
    Reset,
}

/// A whole session with one mail, told apart by its number, and where the mail has come to its end.
struct Script {
    bytes: Vec<u8>,
    end_of_mail: usize,
}

fn by_data(n: usize) -> Script {
    let begin = format!("{}RCPT TO:<1@sms.example.com>\r\nDATA\r\nSubject: {n}\r\n\r\n..x\r\n.\r\n", head());
    Script { end_of_mail: begin.len(), bytes: format!("{begin}QUIT\r\n").into() }
}

fn by_chunks(n: usize) -> Script {
    let (first, last) = (format!("Subject: {n}\r\n"), "\r\n.x\r\n");
    let begin = format!("{}BDAT {}\r\n{first}BDAT {} LAST\r\n{last}", head(), first.len(), last.len());
    Script { end_of_mail: begin.len(), bytes: format!("{begin}QUIT\r\n").into() }
}

/// Sends the first bytes of a session and goes; gives what was heard.
fn go_after(server: SocketAddr, bytes: &[u8], exit: Exit) -> String {
    let mut stream = TcpStream::connect(server).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut heard = Vec::new();
    match exit {
        Exit::HalfClosed => {
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_end(&mut heard).unwrap();
        }
        Exit::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap(),
    }
    String::from_utf8(heard).unwrap()
}

/// A client goes after every single byte, and there is an SMS exactly when its mail had come to its end.
#[test]
fn a_client_that_goes_at_any_byte_leaves_no_half_mail() {
    let mut house = House::open();
    let mut number = 0;
    let (mut complete, mut perhaps) = (BTreeSet::new(), BTreeSet::new());
    for (make, exit) in [
        (by_data as fn(usize) -> Script, Exit::HalfClosed),
        (by_data, Exit::Reset),
        (by_chunks, Exit::HalfClosed),
        (by_chunks, Exit::Reset),
    ] {
        // With numbers of four digits all scripts are of one length.
        let length = make(1000).bytes.len();
        for count in 0..=length {
            let Script { bytes, end_of_mail } = make(1000 + number);
            let heard = go_after(house.address(), &bytes[..count], exit);
            let text = format!("{}: .x", 1000 + number);
            let is_complete = count >= end_of_mail;
            match exit {
                Exit::HalfClosed => {
                    assert_eq!(heard.contains("queued as"), is_complete, "after {count} bytes: {heard}");
                    is_complete.then(|| complete.insert(text));
                }
                // What the system throws away unread is lost; the client has heard nothing either.
                Exit::Reset => drop(is_complete.then(|| perhaps.insert(text))),
            }
            number += 1;
        }
    }
    assert!(number < 9000 && complete.len() > 5);
    deliver(house.address(), "a@site.example", TO, &plain("last", "one\n")).id();
    let accepted = house.settle();
    let texts: BTreeSet<String> =
        accepted.iter().map(|sms| sms.text.clone()).filter(|text| text != "last: one").collect();
    assert_eq!(texts.len() + 1, accepted.len(), "nothing twice");
    assert!(texts.is_superset(&complete), "lost: {:?}", complete.difference(&texts));
    let half: Vec<_> = texts.iter().filter(|text| !complete.contains(*text) && !perhaps.contains(*text)).collect();
    assert!(half.is_empty(), "sent without their end: {half:?}");
    assert_eq!(house.count("sent"), accepted.len() as u64);

    let (status, log) = house.terminate_relay();
    assert!(status.success() && !log.contains("panicked"), "{log}");
    let spool = rusqlite::Connection::open(house.folder().join("spool.db")).unwrap();
    let verdict: String = spool.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

/// Clients at a time that send a byte now and then.
const SLOW: usize = 30;
/// The rest between two bytes; a session has some two hundred.
const BETWEEN_BYTES: Duration = Duration::from_millis(3);
/// Mails of a client that is in a hurry.
const FAST: usize = 50;

/// One byte at a time, and the last one when it is time.
fn drip(server: SocketAddr, session: &[u8], is_time: &AtomicBool) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (last, others) = session.split_last().unwrap();
    for byte in others {
        stream.write_all(&[*byte]).unwrap();
        std::thread::sleep(BETWEEN_BYTES);
    }
    wait_for("the fast client", || is_time.load(Ordering::Relaxed).then_some(()));
    stream.write_all(&[*last]).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    heard
}

/// How long a client may be silent is tested with simulated time, in `smtp`. Here: it hinders nobody.
#[test]
fn slow_clients_are_served_and_hinder_nobody() {
    let house = House::open();
    let server = house.address();
    let is_time = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let start = |n| {
            let is_time = &is_time;
            scope.spawn(move || drip(server, &by_data(n).bytes, is_time))
        };
        let slow: Vec<_> = (0..SLOW).map(start).collect();
        let mut client = Client::hello(server);
        for n in 0..FAST {
            client.deliver("fast@site.example", &[TO], &plain("fast", &format!("{n}\n"))).id();
        }
        is_time.store(true, Ordering::Relaxed);
        for slow in slow {
            let heard = slow.join().unwrap();
            assert_eq!((heard.matches("queued as").count(), heard.matches("550 5.1.1").count()), (1, 1), "{heard}");
        }
    });
    let accepted = house.settle();
    assert_eq!(accepted.len(), SLOW + FAST);
    assert_eq!(accepted.iter().filter(|sms| sms.text.ends_with(": .x")).count(), SLOW);
}
