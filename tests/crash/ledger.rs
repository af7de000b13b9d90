//! The ledger: what the mail servers heard, what the spool says, what the gateway took and what notices came, held
//! against one another.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::senders::{Books, address, telephones, word};
use crate::support::house::House;
use crate::support::simulator::Sms;
use crate::support::sink::Taken;

/// One line of `queue list --json`, as far as it matters here.
#[derive(Clone, Debug, serde::Deserialize)]
struct Parcel {
    id: String,
    state: String,
    number: String,
    from: String,
    parts: usize,
}

/// A mail at one telephone.
type Target = (usize, String);

/// Everything at one moment.
pub struct Ledger {
    books: Books,
    /// Several where the first ones were refused, in no certain order.
    parcels: BTreeMap<Target, Vec<Parcel>>,
    /// Each SMS that arrived, by target and part, in the order of arrival: the session that brought it.
    arrivals: BTreeMap<(Target, usize), Vec<Arrival>>,
    notices: Vec<Taken>,
}

/// How an SMS came.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// Its place among all.
    place: usize,
    is_last_of_session: bool,
}

impl Ledger {
    /// Looks at everything; the relay may run or not.
    pub fn read(house: &House, books: Books) -> Ledger {
        let listed = house.run("queue list --json").exits_with(0).json();
        let listed: Vec<Parcel> = serde_json::from_value(listed).expect("the list has these fields");
        let mut parcels: BTreeMap<Target, Vec<Parcel>> = BTreeMap::new();
        for parcel in listed {
            parcels.entry((mail_from(&parcel.from), parcel.number.clone())).or_default().push(parcel);
        }
        let arrivals = arrivals(&house.gateway.accepted());
        Ledger { books, parcels, arrivals, notices: house.sink.taken() }
    }

    /// Every answered letter is in the spool, for each of its telephones, and under the ID of the answer.
    pub fn expect_nothing_lost(&self) {
        let ids: HashSet<(usize, &str)> = self
            .parcels
            .iter()
            .flat_map(|((n, _), parcels)| parcels.iter().map(|parcel| (*n, parcel.letter())))
            .collect();
        let missing: Vec<_> = self.books.answers.iter().filter(|(n, id)| !ids.contains(&(*n, id.as_str()))).collect();
        assert!(missing.is_empty(), "answered with 250 and not in the spool: {missing:?}");
        let answered = self.books.answers.iter().map(|(n, _)| *n);
        let targets = answered.flat_map(|n| telephones(n).iter().map(move |number| (n, (*number).to_owned())));
        let lost: Vec<_> = targets.filter(|target| !self.parcels.contains_key(target)).collect();
        assert!(lost.is_empty(), "answered with 250 and not in the spool: {lost:?}");
    }

    /// Handed over again is accepted once: a second message is there only where the sender was told that the first one
    /// had failed.
    pub fn expect_accepted_once(&self) {
        for (target, parcels) in &self.parcels {
            let going = parcels.iter().filter(|parcel| parcel.state != "refused").count();
            assert!(going <= 1, "{target:?} was accepted twice: {parcels:?}");
        }
    }

    /// Every state tells the truth, when everything has flowed out.
    pub fn expect_true_states(&self) {
        for (target, parcel) in self.all() {
            match parcel.state.as_str() {
                "sent" => {
                    let missing = (1..=parcel.parts).find(|part| self.count(target, *part) == 0);
                    assert_eq!(missing, None, "a part of it never arrived: {parcel:?}");
                }
                "refused" => assert!(self.has_notice(parcel), "its sender was not told: {parcel:?}"),
                // It may have arrived or not.
                "held" => {}
                _ => panic!("not at its end: {parcel:?}"),
            }
        }
        let known: HashSet<&Target> = self.parcels.keys().collect();
        let strange: Vec<_> = self.arrivals.keys().filter(|(target, _)| !known.contains(target)).collect();
        assert!(strange.is_empty(), "nobody sent this: {strange:?}");
    }

    /// Whether the sender of every refused message was told.
    pub fn has_all_notices(&self) -> bool {
        self.all().filter(|(_, parcel)| parcel.state == "refused").all(|(_, parcel)| self.has_notice(parcel))
    }

    /// The parts of a message arrive in order.
    pub fn expect_order(&self) {
        for (target, parcels) in &self.parcels {
            let first = |part: usize| self.arrivals.get(&(target.clone(), part)).map(|arrivals| arrivals[0].place);
            let places: Vec<usize> = (1..=parcels[0].parts).filter_map(first).collect();
            assert!(places.is_sorted(), "{target:?} came out of order: {places:?}");
        }
    }

    /// SMS that came once more than they were to; a second parcel, see [`Ledger::expect_accepted_once`], may bring them
    /// once more. An SMS whose session went on to bring others was answered and recorded, and may not come again at all.
    pub fn duplicates(&self) -> usize {
        let mut all = 0;
        for ((target, part), arrivals) in &self.arrivals {
            let parcels = self.parcels.get(target).map_or(0, Vec::len);
            all += arrivals.len().saturating_sub(parcels);
            let (_, before) = arrivals.split_last().expect("no entry is empty");
            let carelessly = before.iter().filter(|arrival| !arrival.is_last_of_session).count();
            assert!(carelessly < parcels.max(1), "part {part} of {target:?} came again without need: {arrivals:?}");
        }
        all
    }

    /// Messages in a state.
    pub fn in_state(&self, state: &str) -> usize {
        self.all().filter(|(_, parcel)| parcel.state == state).count()
    }

    /// Mails that were answered, and how often a mail was handed over again.
    pub fn letters(&self) -> usize {
        self.books.answers.iter().map(|(n, _)| n).collect::<HashSet<_>>().len()
    }

    pub fn again(&self) -> usize {
        self.books.again
    }

    pub fn messages(&self) -> usize {
        self.all().count()
    }

    pub fn notices(&self) -> usize {
        self.notices.len()
    }

    fn all(&self) -> impl Iterator<Item = (&Target, &Parcel)> {
        self.parcels.iter().flat_map(|(target, parcels)| parcels.iter().map(move |parcel| (target, parcel)))
    }

    fn count(&self, target: &Target, part: usize) -> usize {
        self.arrivals.get(&(target.clone(), part)).map_or(0, Vec::len)
    }

    /// Whether the sender has the notice about this very message.
    fn has_notice(&self, parcel: &Parcel) -> bool {
        let message_id = format!("Message-ID: <{}.notice@sms.example.com>", parcel.id);
        self.notices.iter().any(|notice| notice.to == [parcel.from.as_str()] && notice.mail.contains(&message_id))
    }
}

impl Parcel {
    fn letter(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }
}

/// The number of the mail with this envelope sender.
fn mail_from(from: &str) -> usize {
    let digits = from.strip_prefix("load-").and_then(|rest| rest.split('@').next()).unwrap_or_default();
    let n = digits.parse().unwrap_or_else(|_| panic!("nobody here sends as {from}"));
    assert_eq!(from, address(n));
    n
}

fn arrivals(all: &[Sms]) -> BTreeMap<(Target, usize), Vec<Arrival>> {
    let mut lasts: HashMap<(usize, u64), usize> = HashMap::new();
    let mut run = 0;
    let mut runs = Vec::with_capacity(all.len());
    for (place, sms) in all.iter().enumerate() {
        // The gateway counts sessions anew when it starts again; its account is full again then.
        if place > 0 && sms.credits >= all[place - 1].credits {
            run += 1;
        }
        lasts.insert((run, sms.session), place);
        runs.push(run);
    }
    let mut arrivals: BTreeMap<(Target, usize), Vec<Arrival>> = BTreeMap::new();
    for (place, sms) in all.iter().enumerate() {
        let (n, part) = read(&sms.text);
        let arrival = Arrival { place, is_last_of_session: lasts[&(runs[place], sms.session)] == place };
        arrivals.entry(((n, sms.recipient.clone()), part)).or_default().push(arrival);
    }
    arrivals
}

/// Which mail an SMS is of, and which part of it: `load: n7` or `2/3 n7 n7 n7`.
fn read(text: &str) -> (usize, usize) {
    let words: Vec<&str> = text.split([' ', '\n']).collect();
    let number = words.iter().find_map(|word| word.strip_prefix('n')?.parse().ok());
    let n = number.unwrap_or_else(|| panic!("nobody sent {text:?}"));
    assert!(words.contains(&word(n).as_str()), "{text:?}");
    let part = words[0].split_once('/').map_or(1, |(part, _)| part.parse().unwrap());
    (n, part)
}

#[test]
fn an_sms_tells_its_mail_and_its_part() {
    assert_eq!(read("load: n17"), (17, 1));
    assert_eq!(read("1/3 load: n17 n17 n17"), (17, 1));
    assert_eq!(read("2/3 n17 n17"), (17, 2));
}
