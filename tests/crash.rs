//! Crashes in the middle of work: what was answered with 250 is never lost, and little is sent twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::with_headers;

const MAILS: usize = 500;
/// Clients that hand over at the same time.
const CLIENTS: usize = 4;
/// Sessions with the gateway: as many SMS can be under way when the crash comes.
const SESSIONS: usize = 3;
/// Before each crash so many mails are answered.
const CRASHES: [usize; 2] = [120, 330];
/// So many of them while the sessions with the gateway are at work, and not still saying hello.
const LAST: usize = 20;
/// So many SMS show that they are at work.
const AT_WORK: usize = 10;

/// A mail that can be told from all others, and that is the same when it is handed over again.
fn mail(n: usize) -> Vec<u8> {
    with_headers(&format!("Subject: load\nMessage-ID: <load-{n}@site.example>"), text(n).as_bytes())
}

fn text(n: usize) -> String {
    format!("number {n}\n")
}

/// Mails on their way in; what was not answered comes again.
struct Load {
    /// Whether the mail of this number was answered with 250.
    answered: Vec<bool>,
}

impl Load {
    /// Hands over until so many are answered.
    fn run(&mut self, house: &mut House, count: usize) {
        let more = count - self.count();
        self.hand_over(house, more, usize::MAX);
    }

    /// Hands over all the rest, and kills the relay in the middle of it, as soon as so many are answered.
    fn run_into_a_crash(&mut self, house: &mut House, crash_at: usize) {
        self.hand_over(house, MAILS, crash_at);
    }

    fn hand_over(&mut self, house: &mut House, most: usize, crash_at: usize) {
        let open: Vec<usize> = (0..MAILS).filter(|n| !self.answered[*n]).take(most).collect();
        // All of them connect before the first one can bring the crash on.
        let clients: Vec<Client> = (0..CLIENTS).map(|_| Client::hello(house.address())).collect();
        let next = AtomicUsize::new(0);
        let (answers, answered) = mpsc::channel();
        std::thread::scope(|scope| {
            for client in clients {
                let (open, next, answers) = (&open, &next, answers.clone());
                scope.spawn(move || hand_over(client, open, next, &answers));
            }
            drop(answers);
            for n in answered {
                self.answered[n] = true;
                if self.count() == crash_at {
                    house.kill_relay();
                }
            }
        });
    }

    fn count(&self) -> usize {
        self.answered.iter().filter(|answered| **answered).count()
    }
}

/// One client: takes numbers and tells which were answered, until there are no more or the server is gone.
fn hand_over(mut client: Client, open: &[usize], next: &AtomicUsize, answers: &mpsc::Sender<usize>) {
    while let Some(n) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
        let head = b"MAIL FROM:<load@site.example>\r\nRCPT TO:<00447731234567@sms.example.com>\r\nDATA\r\n";
        let mut step = |bytes: &[u8], replies: usize| -> Option<u16> {
            client.try_send(bytes).ok()?;
            (0..replies).map(|_| client.try_reply().ok().map(|reply| reply.code)).last()?
        };
        let done = step(head, 3).and_then(|_| step(&[&mail(*n)[..], b".\r\n"].concat(), 1));
        match done {
            Some(250) => answers.send(*n).unwrap(),
            Some(other) => panic!("mail {n} was answered with {other}"),
            None => return,
        }
    }
}

/// Loads, crashes and starts again as often as [`CRASHES`] says, then lets everything end.
fn crash_in_the_middle(config: &Config) -> House {
    // Slow enough that the sessions have work left, and something under way, whenever the crash comes.
    let mut house = House::open_with(config, &["text:delay=20"]);
    let mut load = Load { answered: vec![false; MAILS] };
    for crash_at in CRASHES {
        let before = house.gateway.accepted().len();
        load.run(&mut house, crash_at - LAST);
        house.gateway.wait_for(before + AT_WORK);
        load.run_into_a_crash(&mut house, crash_at);
        assert!(load.count() >= crash_at && load.count() < MAILS, "{} answered: not in the middle", load.count());
        assert!(house.gateway.accepted().len() < load.count(), "nothing was left to send: not in the middle");
        house.start_relay();
    }
    load.run(&mut house, MAILS);
    assert_eq!(load.count(), MAILS, "every mail is answered in the end");
    house.settle();
    house
}

/// How often each text arrived.
fn arrivals(house: &House) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for sms in house.gateway.accepted() {
        *counts.entry(sms.text).or_default() += 1;
    }
    counts
}

#[test]
fn nothing_is_lost_and_only_what_was_under_way_comes_twice() {
    let config =
        Config { gateway: format!("sessions = {SESSIONS}"), delivery: "retry = [\"1s\"]".into(), ..Config::default() };
    let house = crash_in_the_middle(&config);
    let counts = arrivals(&house);
    let lost: Vec<usize> = (0..MAILS).filter(|n| !counts.contains_key(&format!("load: {}", text(*n).trim()))).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(counts.len(), MAILS, "nothing else came");
    let twice: usize = counts.values().map(|count| count - 1).sum();
    assert!(twice <= CRASHES.len() * SESSIONS, "{twice} came more than once");
}

#[test]
fn with_on_unknown_hold_nothing_comes_twice_and_the_rest_is_held() {
    let gateway = format!("sessions = {SESSIONS}\non_unknown = \"hold\"");
    let config = Config { gateway, delivery: "retry = [\"1s\"]".into(), ..Config::default() };
    let house = crash_in_the_middle(&config);
    let counts = arrivals(&house);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let held = usize::try_from(house.count("held")).unwrap();
    assert!((1..=CRASHES.len() * SESSIONS).contains(&held), "{held} held");
    // What is held may have arrived or not; everything else has.
    assert!(counts.len() + held >= MAILS, "{} arrived and {held} are held, of {MAILS}", counts.len());
}
