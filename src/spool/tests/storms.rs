//! What the storm gate does to what is stored: limits, digests, recoveries, quiet hours.

use super::*;
use crate::limits::{self, Allowance, Budget, OnLimit, Quiet, Scope};

const HOUR: u64 = 3600;

/// So many messages an hour for one number.
fn hourly(parts: u32, on_limit: OnLimit) -> limits::Settings {
    let per_number = Some(Allowance { parts, per: Duration::from_secs(HOUR) });
    limits::Settings { per_number, on_limit, ..limits::Settings::default() }
}

fn place(limits: limits::Settings) -> Place {
    let mut place = Place::new();
    place.settings.limits = Arc::new(limits);
    place
}

/// A letter about `subject` to [`FIRST`], accepted at a second, that may wait for two hours.
fn alert(subject: &str, second: u64) -> NewLetter {
    let parcel = NewParcel { expires: at(second + 2 * HOUR), ..parcel(FIRST, text(&[subject])) };
    NewLetter { subject: subject.to_owned(), accepted: at(second), ..letter(vec![parcel]) }
}

async fn committed(spool: &Spool, letter: NewLetter) -> Committed {
    spool.commit(letter).await.unwrap().remove(0)
}

/// Commits so many letters, one a second; gives their IDs by state.
async fn storm(spool: &Spool, seconds: std::ops::Range<u64>) -> [Vec<ParcelId>; 2] {
    let mut ids = [Vec::new(), Vec::new()];
    for second in seconds {
        let Committed { id, state, .. } = committed(spool, alert(&format!("web{} down", second % 3), second)).await;
        ids[usize::from(state == State::Held)].push(id);
    }
    ids
}

/// The letter of a digest of one part.
fn digest_letter(second: u64) -> NewLetter {
    let parcel = NewParcel { expires: at(second + HOUR), ..parcel(FIRST, text(&["+n more alerts"])) };
    NewLetter { notice_to: None, from: ReversePath::Null, accepted: at(second), ..letter(vec![parcel]) }
}

/// Folds the digest that is due.
async fn folded(spool: &Spool, second: u64) -> ParcelId {
    let due = spool.due_digest(at(second)).await.unwrap().unwrap();
    spool.fold(due, digest_letter(second)).await.unwrap().unwrap()
}

/// Has a session take what is due and the gateway accept it.
async fn send_all(spool: &Spool, second: u64) -> Vec<ParcelId> {
    let claimed = spool.claim(GATEWAY, at(second), 1000).await.unwrap();
    for parcel in &claimed {
        for _ in &parcel.parts {
            spool.note(&parcel.id, accepted(), at(second)).await.unwrap();
        }
    }
    ids(&claimed)
}

fn last(record: &ParcelRecord) -> (&str, &str) {
    let entry = record.history.last().unwrap();
    (&entry.what, &entry.detail)
}

#[tokio::test]
async fn what_is_over_is_held_and_says_why() {
    let place = place(hourly(5, OnLimit::Hold));
    let spool = place.open(Role::Relay);
    let [passed, held] = storm(&spool, 0..20).await;
    assert_eq!((passed.len(), held.len()), (5, 15));
    let record = record(&spool, &held[0]).await;
    assert_eq!(last(&record), ("held", "over the limit of 5 SMS an hour for one number"));
    assert_eq!(record.notice, NoticeState::None);
    // Another number has its own limit.
    let other = NewLetter { parcels: vec![parcel(SECOND, text(&["x"]))], ..alert("x", 20) };
    assert_eq!(committed(&spool, other).await.state, State::Waiting);
}

#[tokio::test]
async fn limits_hold_over_a_restart_and_between_processes() {
    let place = place(hourly(5, OnLimit::Hold));
    let (relay, tool) = (place.open(Role::Relay), place.open(Role::Tool));
    assert_eq!(storm(&relay, 0..2).await[0].len(), 2);
    assert_eq!(storm(&tool, 2..4).await[0].len(), 2);
    drop(relay);
    let relay = place.open(Role::Relay);
    assert_eq!(storm(&relay, 4..20).await[0].len(), 1);
    assert_eq!(storm(&tool, 20..40).await[0].len(), 0);
}

#[tokio::test]
async fn what_was_accepted_before_is_neither_counted_nor_over() {
    let place = place(hourly(1, OnLimit::Refuse));
    let spool = place.open(Role::Relay);
    let first = committed(&spool, named("a@mon", alert("down", 0))).await;
    for second in 1..4 {
        let again = committed(&spool, named("a@mon", alert("down", second))).await;
        assert_eq!(again, Committed { duplicate: true, ..first.clone() });
    }
}

#[tokio::test]
async fn a_letter_that_is_over_altogether_is_refused_and_leaves_nothing() {
    let place = place(hourly(1, OnLimit::Refuse));
    let spool = place.open(Role::Relay);
    storm(&spool, 0..1).await;
    let error = spool.commit(alert("x", 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "over the limit of 1 SMS an hour for one number");
    assert!(!error.is_temporary());
    assert_eq!(spool.list(&Filter::default(), None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_a_letter_that_is_taken_in_part_the_rest_is_refused_with_notice_or_held() {
    let place = place(hourly(1, OnLimit::Refuse));
    let spool = place.open(Role::Relay);
    storm(&spool, 0..1).await;
    let both = || vec![parcel(FIRST, text(&["x"])), parcel(SECOND, text(&["x"]))];
    let told = spool.commit(letter(both())).await.unwrap();
    assert_eq!(told.iter().map(|one| one.state).collect::<Vec<_>>(), [State::Refused, State::Waiting]);
    assert_eq!(record(&spool, &told[0].id).await.notice, NoticeState::Owed);

    let third = vec![parcel(FIRST, text(&["y"])), parcel("+15551234567", text(&["y"]))];
    let silent = spool.commit(NewLetter { notice_to: None, ..letter(third) }).await.unwrap();
    assert_eq!(silent.iter().map(|one| one.state).collect::<Vec<_>>(), [State::Held, State::Waiting]);
}

#[tokio::test]
async fn what_is_gathered_goes_as_one_message_and_ends_as_it_does() {
    let place = place(hourly(5, OnLimit::Digest));
    let spool = place.open(Role::Relay);
    let [passed, held] = storm(&spool, 0..40).await;
    assert_eq!(send_all(&spool, 40).await, passed);
    let due = HOUR + 15;
    assert_eq!(spool.next_digest_due().await.unwrap(), Some(at(due)));
    assert_eq!(spool.due_digest(at(due - 1)).await.unwrap(), None);

    let digest = spool.due_digest(at(due)).await.unwrap().unwrap();
    assert_eq!((digest.count, digest.priority), (35, Priority::Normal));
    let subjects = [("web2 down", 12), ("web0 down", 12), ("web1 down", 11)];
    assert_eq!(digest.subjects, subjects.map(|(subject, times)| (subject.to_owned(), times)));

    let id = folded(&spool, due).await;
    assert_eq!(spool.due_digest(at(due)).await.unwrap(), None);
    assert_eq!(spool.next_digest_due().await.unwrap(), None);
    let gathered = record(&spool, &held[0]).await;
    assert_eq!((gathered.parcel.state, last(&gathered)), (State::Held, ("gathered into a digest", &*id.to_string())));
    assert!(spool.settle_digests(at(due)).await.unwrap().is_empty(), "not before the digest has ended");

    assert_eq!(send_all(&spool, due).await, std::slice::from_ref(&id));
    let settled = spool.settle_digests(at(due + 1)).await.unwrap();
    assert_eq!(settled, held.iter().map(|id| (id.clone(), State::Sent)).collect::<Vec<_>>());
    let sent = record(&spool, &held[34]).await;
    let words = format!("in the digest {id}: accepted for delivery");
    assert_eq!((last(&sent), sent.notice), (("sent in a digest", &*words), NoticeState::None));
    assert!(spool.settle_digests(at(due + 1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn when_a_digest_comes_to_a_bad_end_everybody_in_it_is_told() {
    for expected in [State::Refused, State::Expired] {
        let place = place(hourly(1, OnLimit::Digest));
        let spool = place.open(Role::Relay);
        let [_, held] = storm(&spool, 0..4).await;
        send_all(&spool, 4).await;
        folded(&spool, HOUR + 15).await;
        match expected {
            State::Expired => assert_eq!(spool.expire(at(3 * HOUR)).await.unwrap().len(), 1),
            _ => {
                let digest = spool.claim(GATEWAY, at(HOUR + 15), 10).await.unwrap().remove(0);
                spool.note(&digest.id, refused(), at(HOUR + 16)).await.unwrap();
            }
        }
        assert_eq!(spool.settle_digests(at(3 * HOUR)).await.unwrap().len(), 3);
        for id in &held {
            let record = record(&spool, id).await;
            assert_eq!((record.parcel.state, record.notice), (expected, NoticeState::Owed));
        }
    }
}

#[tokio::test]
async fn a_digest_that_changed_since_it_was_looked_at_is_looked_at_again() {
    let place = place(hourly(1, OnLimit::Digest));
    let spool = place.open(Role::Relay);
    let [_, held] = storm(&spool, 0..4).await;
    let digest = spool.due_digest(at(2 * HOUR)).await.unwrap().unwrap();
    spool.order(Order::Release, vec![held[0].clone()], at(5)).await.unwrap();
    assert_eq!(spool.fold(digest, digest_letter(2 * HOUR)).await.unwrap(), None);
    assert_eq!(spool.due_digest(at(2 * HOUR)).await.unwrap().unwrap().count, 2);
    folded(&spool, 2 * HOUR).await;
    // What an operator lets go after that goes by itself too.
    spool.order(Order::Release, vec![held[1].clone()], at(2 * HOUR)).await.unwrap();
    let sent = send_all(&spool, 2 * HOUR).await;
    assert!(sent.contains(&held[0]) && sent.contains(&held[1]));
    assert_eq!(spool.settle_digests(at(2 * HOUR)).await.unwrap(), [(held[2].clone(), State::Sent)]);
}

#[tokio::test]
async fn many_gathered_messages_are_settled_in_batches_and_over_a_crash() {
    let place = place(hourly(1, OnLimit::Digest));
    let spool = place.open(Role::Relay);
    let letters = (0..700).map(|n| spool.commit(alert("down", n / 10)));
    for stored in futures_of(letters).await {
        stored.unwrap();
    }
    send_all(&spool, 100).await;
    folded(&spool, HOUR + 15).await;
    send_all(&spool, HOUR + 15).await;
    assert_eq!(spool.settle_digests(at(HOUR + 20)).await.unwrap().len(), 500);
    drop(spool);
    let spool = place.open(Role::Relay);
    assert_eq!(
        spool.prune(at(400 * 24 * HOUR)).await.unwrap(),
        1 + 500,
        "the digest stays while it has something to settle"
    );
    assert_eq!(spool.settle_digests(at(HOUR + 20)).await.unwrap().len(), 199);
    assert_eq!(spool.stats().await.unwrap().count(State::Held), 0);
}

/// Awaits them side by side, so that they share transactions.
async fn futures_of<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        all.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

fn quiet_night() -> limits::Settings {
    let time = |text: &str| text.parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let quiet = Quiet { numbers: Vec::new(), from: time("22:00"), to: time("07:00"), zone };
    limits::Settings { quiet: vec![quiet], ..limits::Settings::default() }
}

#[tokio::test]
async fn in_quiet_hours_what_is_not_urgent_waits_and_lives_as_long_after_them() {
    let place = place(quiet_night());
    let spool = place.open(Role::Relay);
    let mut urgent = alert("fire", 1);
    urgent.parcels[0].priority = Priority::Urgent;
    let (calm, urgent) = (committed(&spool, alert("disk 80 %", 0)).await, committed(&spool, urgent).await);
    assert_eq!((calm.state, urgent.state), (State::Waiting, State::Waiting));
    assert_eq!(send_all(&spool, 2).await, [urgent.id]);
    // It is four in the morning in Rome.
    let found = record(&spool, &calm.id).await;
    assert_eq!((found.parcel.due, found.parcel.expires), (at(3 * HOUR), at(5 * HOUR)));
    assert_eq!(last(&found), ("waiting", "not before 2026-03-01T06:00:00Z: quiet hours"));
    assert_eq!(spool.next_due(&[GATEWAY.to_owned()]).await.unwrap(), Some(at(3 * HOUR)));
    let overdue = spool.take_overdue(at(2 * HOUR), 10).await.unwrap();
    assert!(overdue.is_empty(), "nobody has failed it: {overdue:?}");
    assert_eq!(send_all(&spool, 3 * HOUR).await, [calm.id]);
}

/// An alert with a topic.
fn about(key: &str, standing: Standing, second: u64) -> NewLetter {
    let mut letter = alert(&format!("{key} {}", standing.as_str()), second);
    letter.parcels[0].topic = Some(Topic { key: key.to_owned(), standing });
    letter
}

#[tokio::test]
async fn a_recovery_cancels_what_waits_and_itself_when_nobody_heard_of_the_problem() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let problem = committed(&spool, about("web1/http", Standing::Problem, 0)).await.id;
    let other = committed(&spool, about("web2/http", Standing::Problem, 1)).await.id;
    let recovery = committed(&spool, about("web1/http", Standing::Recovery, 2)).await;
    assert_eq!(recovery.state, State::Refused);
    assert_eq!(send_all(&spool, 3).await, [other]);
    let (problem, recovery) = (record(&spool, &problem).await, record(&spool, &recovery.id).await);
    let words = format!("over before it was sent: {} tells of the recovery", recovery.parcel.id);
    assert_eq!((problem.parcel.state, last(&problem)), (State::Refused, ("cancelled by recovery", &*words)));
    let words = "nothing of the problem was sent, so nothing of the recovery is";
    assert_eq!(last(&recovery), ("cancelled by recovery", words));
    assert_eq!((problem.notice, recovery.notice), (NoticeState::None, NoticeState::None), "nobody needs to be told");
}

#[tokio::test]
async fn a_recovery_goes_when_something_of_the_problem_went_out_or_may_have() {
    let doubt = || Note::Retry { reason: "may have been sent: x".to_owned(), due: at(9), gateway: GATEWAY.to_owned() };
    // What a session has told of the problem before the recovery comes.
    for notes in [vec![], vec![accepted()], vec![accepted(), accepted()], vec![accepted(), retry(9)], vec![doubt()]] {
        let place = Place::new();
        let spool = place.open(Role::Relay);
        let mut problem = about("web1", Standing::Problem, 0);
        problem.parcels[0].fate = text(&["one", "two"]);
        let id = committed(&spool, problem).await.id;
        spool.claim(GATEWAY, at(0), 10).await.unwrap();
        for note in notes.clone() {
            spool.note(&id, note, at(0)).await.unwrap();
        }
        let before = state(&spool, &id).await;
        let recovery = committed(&spool, about("web1", Standing::Recovery, 1)).await;
        assert_eq!((recovery.state, state(&spool, &id).await), (State::Waiting, before), "{notes:?}");
    }
}

#[tokio::test]
async fn a_recovery_of_something_unheard_of_goes() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let other =
        |letter| NewLetter { parcels: vec![NewParcel { topic: None, ..parcel(SECOND, text(&["x"])) }], ..letter };
    committed(&spool, other(about("web1", Standing::Problem, 0))).await;
    assert_eq!(committed(&spool, about("web1", Standing::Recovery, 1)).await.state, State::Waiting);
}

#[tokio::test]
async fn only_the_problems_since_the_last_recovery_matter() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    committed(&spool, about("web1", Standing::Problem, 0)).await;
    send_all(&spool, 0).await;
    assert_eq!(committed(&spool, about("web1", Standing::Recovery, 1)).await.state, State::Waiting);
    send_all(&spool, 1).await;
    let again = committed(&spool, about("web1", Standing::Problem, 2)).await.id;
    assert_eq!(committed(&spool, about("web1", Standing::Recovery, 3)).await.state, State::Refused);
    assert_eq!(state(&spool, &again).await, State::Refused);
}

#[tokio::test]
async fn a_recovery_takes_its_problem_out_of_the_digest_that_gathers() {
    let place = place(hourly(1, OnLimit::Digest));
    let spool = place.open(Role::Relay);
    storm(&spool, 0..1).await;
    let problem = committed(&spool, about("web1", Standing::Problem, 1)).await;
    assert_eq!(problem.state, State::Held);
    storm(&spool, 2..3).await;
    assert_eq!(committed(&spool, about("web1", Standing::Recovery, 3)).await.state, State::Refused);
    assert_eq!(spool.due_digest(at(2 * HOUR)).await.unwrap().unwrap().count, 1);
}

#[tokio::test]
async fn budgets_are_counted_and_what_operators_were_told_is_remembered() {
    let limits = limits::Settings { per_day: Some(10), on_limit: OnLimit::Hold, ..limits::Settings::default() };
    let place = place(limits.clone());
    let spool = place.open(Role::Relay);
    let budget: Budget = limits.budgets(at(0)).remove(0);
    assert_eq!((budget.scope, spool.used(budget).await.unwrap()), (Scope::Day, (0, 0)));
    assert_eq!(storm(&spool, 0..12).await[0].len(), 10);
    spool.note_used_told(budget, 80).await.unwrap();
    drop(spool);
    let spool = place.open(Role::Relay);
    assert_eq!(spool.used(budget).await.unwrap(), (10, 80));
    // Two months later nobody needs to know.
    spool.prune(at(70 * 24 * HOUR)).await.unwrap();
    assert_eq!(spool.used(budget).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn operators_are_owed_one_word_for_each_hour_in_which_something_was_held() {
    let place = place(hourly(1, OnLimit::Hold));
    let spool = place.open(Role::Relay);
    storm(&spool, 0..1).await;
    assert_eq!(spool.held_hour().await.unwrap(), None);
    storm(&spool, 1..5).await;
    committed(&spool, alert("x", HOUR + 1)).await;
    for hour in [0, HOUR] {
        assert_eq!(spool.held_hour().await.unwrap(), Some(at(hour)));
        spool.note_held_told(at(hour)).await.unwrap();
    }
    assert_eq!(spool.held_hour().await.unwrap(), None);
    committed(&spool, alert("x", HOUR + 2)).await;
    assert_eq!(spool.held_hour().await.unwrap(), None, "they know");
}

#[tokio::test]
async fn new_limits_hold_at_once() {
    let mut place = place(hourly(2, OnLimit::Hold));
    let spool = place.open(Role::Relay);
    assert_eq!(storm(&spool, 0..9).await[0].len(), 2);
    place.settings.limits = Arc::new(hourly(4, OnLimit::Hold));
    spool.renew(&place.settings);
    assert_eq!(storm(&spool, 9..20).await[0].len(), 2);
}
