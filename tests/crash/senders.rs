//! Mail servers that have mail for us all the time: each hands a mail over until it is answered with 250, however often
//! the relay goes away meanwhile, with the same Message-ID each time.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

use crate::support::client::Client;
use crate::support::mails::with_headers;
use crate::support::wait_for;

/// Mail servers at work at the same time.
const SENDERS: usize = 4;
/// One mail in so many is for two telephones.
const ONE_IN_FOR_TWO: usize = 5;
/// One mail in so many takes several SMS.
const ONE_IN_LONG: usize = 4;
/// After one answer in so many the connection breaks before it is heard.
const ONE_IN_UNHEARD: usize = 10;
/// Between two mails, in milliseconds, and before a mail that was not answered comes again.
const PAUSE: std::ops::Range<u64> = 1..60;
const AGAIN: std::ops::Range<u64> = 20..400;

pub const TELEPHONE: &str = "+447731234567";
/// The alias `oncall` rings both.
const ONCALL: [&str; 2] = [TELEPHONE, "+393331234567"];

/// The envelope sender, and with it the mail, by its number.
pub fn address(n: usize) -> String {
    format!("load-{n}@site.example")
}

/// Where its SMS go.
pub fn telephones(n: usize) -> &'static [&'static str] {
    if n.is_multiple_of(ONE_IN_FOR_TWO) { &ONCALL } else { &ONCALL[..1] }
}

/// Every SMS of it has this word, and no SMS of another has.
pub fn word(n: usize) -> String {
    format!("n{n}")
}

fn recipient(n: usize) -> &'static str {
    if n.is_multiple_of(ONE_IN_FOR_TWO) { "oncall@sms.example.com" } else { "00447731234567@sms.example.com" }
}

/// A mail that can be told from all others, and that is the same when it is handed over again.
fn mail(n: usize) -> Vec<u8> {
    let words = if n.is_multiple_of(ONE_IN_LONG) { 60 } else { 1 };
    let body = vec![word(n); words].join(" ") + "\n";
    with_headers(&format!("Subject: load\nMessage-ID: <load-{n}@site.example>"), body.as_bytes())
}

/// What the mail servers share.
pub struct Senders {
    relay: SocketAddr,
    /// The number of the next mail, and of the first that may not be begun yet.
    next: AtomicUsize,
    end: AtomicUsize,
    /// Mails whose answer was heard.
    heard: AtomicUsize,
    stopped: AtomicBool,
    books: Mutex<Books>,
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Each answer `250 2.0.0 queued as ID`: the number of the mail, the ID. Those that were not heard are here too.
    pub answers: Vec<(usize, String)>,
    /// How often a mail was begun again.
    pub again: usize,
}

impl Senders {
    pub fn new(relay: SocketAddr) -> Senders {
        let [next, end, heard] = [0; 3].map(AtomicUsize::new);
        Senders { relay, next, end, heard, stopped: AtomicBool::new(false), books: Mutex::default() }
    }

    /// Hands over what it may while `work` is done.
    pub fn while_at_work<T>(&self, seed: u64, work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                scope.spawn(move || self.send(&mut Rng::with_seed(seed.wrapping_add(sender as u64))));
            }
            // Whatever happens to the work, its helpers come to an end.
            let _stop = StopAtEnd(self);
            work()
        })
    }

    /// Lets so many more mails come.
    pub fn allow(&self, count: usize) {
        self.end.fetch_add(count, Ordering::Relaxed);
    }

    /// Begins no more mails, and waits until each that was begun is answered.
    pub fn finish(&self) {
        self.end.store(0, Ordering::Relaxed);
        wait_for("the last answers", || {
            (self.heard.load(Ordering::Relaxed) == self.next.load(Ordering::Relaxed)).then_some(())
        });
    }

    pub fn books(&self) -> Books {
        self.books.lock().unwrap().clone()
    }

    fn send(&self, dice: &mut Rng) {
        while !self.is_stopped() {
            sleep(Duration::from_millis(dice.u64(PAUSE)));
            let may_begin = |n: usize| (n < self.end.load(Ordering::Relaxed)).then_some(n + 1);
            if let Ok(n) = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, may_begin) {
                self.send_until_heard(n, dice);
            }
        }
    }

    fn send_until_heard(&self, n: usize, dice: &mut Rng) {
        while !self.is_answered(n, dice) {
            if self.is_stopped() {
                return;
            }
            self.books.lock().unwrap().again += 1;
            sleep(Duration::from_millis(dice.u64(AGAIN)));
        }
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Hands the mail over once; whether the answer was heard.
    fn is_answered(&self, n: usize, dice: &mut Rng) -> bool {
        let heard = Client::try_hello(self.relay)
            .and_then(|mut client| client.try_deliver(&address(n), &[recipient(n)], &mail(n)));
        match heard {
            Ok(reply) if reply.code == 250 => {
                self.books.lock().unwrap().answers.push((n, reply.id()));
                dice.usize(..ONE_IN_UNHEARD) > 0
            }
            Ok(reply) if (400..500).contains(&reply.code) => false,
            Ok(reply) => panic!("mail {n} was answered with {reply:?}"),
            Err(_) => false,
        }
    }
}

struct StopAtEnd<'a>(&'a Senders);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}
