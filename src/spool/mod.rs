//! The strongroom: what was answered with 250 lies here until it is sent, refused or expired.
//!
//! # States of a parcel
//!
//! At every moment each parcel is in exactly one state. The table says where each thing that can happen leads; what is
//! not in it can't happen (`state::moves` is the same table as code, and nothing else changes a state).
//!
//! | what happens | waiting | sending | held | refused | expired |
//! |---|---|---|---|---|---|
//! | a session takes it | sending | | | | |
//! | the gateway takes a part, more are left | | sending | | | |
//! | the gateway takes the last part | | **sent** | | | |
//! | the gateway takes nothing, later | | waiting | | | |
//! | the session gives it back untried | | waiting | | | |
//! | nobody knows whether the gateway took it | | held or waiting¹ | | | |
//! | it is found at a start, after a crash | | held or waiting¹ | | | |
//! | the gateway says no for good | | refused² | | | |
//! | its time runs out | expired² | | | | |
//! | its gateway is no longer configured | waiting or held⁴ | | | | |
//! | a recovery comes before it was sent | refused⁵ | | refused⁵ | | |
//! | the digest that it was gathered into ends | | | sent, refused² or expired² | | |
//! | operator: retry | waiting, at once | | waiting | waiting³ | waiting³ |
//! | operator: hold | held | | | | |
//! | operator: release | | | waiting | | |
//! | operator: cancel | refused² | | refused² | | |
//!
//! `sent` is the end. ¹ as the gateway's `on_unknown` says. ² From here on the sender is owed a notice, if anybody is
//! to be told; the notice waits here by a schedule of its own until the site's mail server has it. One that has asked
//! for it (RFC 3461) is also told when it is sent, and most are when it waits long. ³ A notice that has not left yet is
//! taken back; should the parcel come to a bad end again, a new one is owed. A retry or a release gives a parcel as long
//! to live as it had at first. ⁴ Held when no other gateway of its list is configured, or when the old one has sent its
//! first parts. ⁵ Nobody is told: that it is over is what its sender said himself. So ends a recovery, too, when nothing
//! of its problem went out.
//!
//! A parcel may also be held from the start ([`Fate::Held`]), or refused ([`Fate::Refused`]): then it has no text and can
//! only be told of.
//!
//! # Storms
//!
//! What is stored is counted, and what is over a limit ([`crate::limits`]) is held from the start, or not stored at all
//! ([`SpoolError::Over`]), or held and *gathered*: when its moment comes, all that was gathered for a number is folded
//! into one new message, the digest. What is in it stays held until the digest has ended, and then ends the same way. An
//! operator may let it go by itself at any time; then it no longer belongs to the digest.
//!
//! # Who goes first
//!
//! Of what is due at a gateway the most urgent goes first. Within a priority senders take turns, one parcel each, and of
//! one sender the oldest goes: whoever queues a hundred thousand does not keep the one who queues one. A sender is an
//! envelope sender. Known limit: whoever writes under many names has as many turns.
//!
//! # What it promises
//!
//! A call that returns `Ok` is on disk. A call that returns an error has changed nothing. Parts that a gateway has
//! accepted are counted and the count never goes down. The same letter is accepted once, see [`Spool::commit`].
//!
//! It never sends, and never looks at the clock: moments are arguments. When the disk fails it says so to whoever asks
//! and goes on when the disk does.

mod error;
mod files;
mod gateway_status;
mod id;
mod lock;
mod memo;
mod note;
mod parcel;
mod priority;
mod settings;
mod sqlite;
mod state;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::smtp::Mailbox;

pub use error::SpoolError;
pub use gateway_status::{AccountSeen, GatewayHold, GatewayStatus, HeldBy};
pub use memo::{Memo, MemoNote, NewMemo};
pub use note::{Note, NoticeNote};
pub use parcel::{Committed, Fate, NewLetter, NewParcel, Parcel, ParcelId, ParcelIdError};
pub use priority::{Priority, PriorityError, Standing, Topic};
pub use settings::Settings;
pub use state::{Order, State, StateError};
pub use view::{
    DueDigest, DueNotice, Filter, HistoryEntry, LetterRecord, Listed, NoticeState, Ordered, Overdue, ParcelRecord,
    Stats,
};

use crate::limits::Budget;
use lock::RelayLock;
use sqlite::{
    Claim, Readers, Ring, Writer, commit, digests, gate, gateways, leap, look, memos, notices, open, prune, relay,
};

/// As what somebody opens the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one who delivers. There is one at a time, and it checks the file at the start.
    Relay,
    /// Anybody who stores, looks or orders, beside a relay or without one.
    Tool,
}

/// An open spool. Cheap to clone; the last one to be dropped waits until all that was asked for is done, and then
/// closes the file.
#[derive(Clone)]
pub struct Spool {
    room: Arc<Room>,
}

/// In the order in which they are closed: the right to be the relay goes last.
struct Room {
    writer: Writer,
    readers: Readers,
    changes: watch::Receiver<u64>,
    terms: RwLock<Terms>,
    /// Whose turn it is at each gateway. Forgotten at the end, which costs nobody more than one turn.
    ring: Arc<Mutex<Ring>>,
    _lock: Option<RelayLock>,
}

/// What the spool goes by, and what may change while it is open.
#[derive(Clone)]
struct Terms {
    keep: Duration,
    acceptance: commit::Terms,
}

impl Terms {
    fn of(settings: &Settings) -> Terms {
        let acceptance = commit::Terms { window: settings.dedup_window, limits: settings.limits.clone() };
        Terms { keep: settings.keep, acceptance }
    }
}

impl Spool {
    /// Opens the spool, and makes it when it is missing; its directory must be there. A spool of an older telepost is
    /// brought up to date. Blocks for as long as the disk takes.
    pub fn open(settings: &Settings, role: Role) -> Result<Spool, SpoolError> {
        let path = &settings.path;
        open::create_file(path)?;
        let lock = match role {
            Role::Relay => Some(RelayLock::take(path)?),
            Role::Tool => None,
        };
        let db = open::database(path, lock.as_ref(), open::SCHEMAS)?;
        let (ring, changes) = watch::channel(0);
        Ok(Spool {
            room: Arc::new(Room {
                writer: Writer::start(db, path, ring)?,
                readers: Readers::new(path),
                changes,
                terms: RwLock::new(Terms::of(settings)),
                ring: Arc::default(),
                _lock: lock,
            }),
        })
    }

    /// From now on goes by these settings; but the file stays where it is.
    pub fn renew(&self, settings: &Settings) {
        *self.room.terms.write().unwrap_or_else(PoisonError::into_inner) = Terms::of(settings);
    }

    fn terms(&self) -> Terms {
        self.room.terms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Wakes whenever there may be something new for the dispatcher or the returns desk, whoever brought it: this
    /// process or another one. It may wake for nothing.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.room.changes.clone()
    }

    /// Stores a letter; gives what became of each of its parcels, in order. A parcel that was accepted before within
    /// `dedup_window` (same Message-ID, envelope sender, telephone and text) is not stored again, and has the ID of the
    /// first time; unless the first was refused or has expired since. What is over a limit meets its fate here, see
    /// above.
    pub async fn commit(&self, letter: NewLetter) -> Result<Vec<Committed>, SpoolError> {
        let terms = self.terms().acceptance;
        let rings = |committed: &Vec<Committed>| committed.iter().any(|parcel| !parcel.duplicate);
        self.room.writer.write(rings, move |db| commit::commit(db, &letter, &terms)).await
    }

    /// Takes up to `limit` parcels that are due at the gateway, in the order told above; they are `sending` from now on.
    /// Wait for the answer: parcels whose claimer went away stay `sending` until the next start.
    pub async fn claim(&self, gateway: &str, now: Timestamp, limit: usize) -> Result<Vec<Parcel>, SpoolError> {
        self.claim_also(gateway, &[], now, limit).await
    }

    /// As [`Spool::claim`], and from what waits for gateways in `others` too, which can't send: those parcels that may
    /// also take this one, and of which nothing is sent yet. They are this gateway's from now on.
    pub async fn claim_also(
        &self,
        gateway: &str,
        others: &[String],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Parcel>, SpoolError> {
        let claim = self.claim_for(gateway, others);
        self.room.writer.write(|_| false, move |db| claim.make(db, now, limit)).await
    }

    fn claim_for(&self, gateway: &str, others: &[String]) -> Claim {
        Claim { gateway: gateway.to_owned(), others: others.to_vec(), ring: self.room.ring.clone() }
    }

    /// Records what came of a parcel that a session has; gives the state it is in now.
    pub async fn note(&self, id: &ParcelId, note: Note, now: Timestamp) -> Result<State, SpoolError> {
        let id = id.clone();
        self.room.writer.write(is_to_be_told, move |db| relay::note(db, &id, &note, now)).await
    }

    /// As [`Spool::note`] and then [`Spool::claim_also`] for one parcel, with one sync for both: the session goes on with
    /// the next one. An error says that neither was done.
    pub async fn note_and_claim(
        &self,
        id: &ParcelId,
        note: Note,
        gateway: &str,
        others: &[String],
        now: Timestamp,
    ) -> Result<(State, Option<Parcel>), SpoolError> {
        let id = id.clone();
        let claim = self.claim_for(gateway, others);
        let rings = |(state, _): &(State, Option<Parcel>)| is_to_be_told(state);
        let work = move |db: &_| Ok((relay::note(db, &id, &note, now)?, claim.make(db, now, 1)?.pop()));
        self.room.writer.write(rings, work).await
    }

    /// Ends parcels that waited too long, some hundreds at a time; gives their IDs.
    pub async fn expire(&self, now: Timestamp) -> Result<Vec<ParcelId>, SpoolError> {
        let rings = |expired: &Vec<ParcelId>| !expired.is_empty();
        self.room.writer.write(rings, move |db| relay::expire(db, now)).await
    }

    /// At the start of a relay: deals with the parcels that were `sending` when the last one ended. Those of a gateway
    /// in `hold_for` are held, the others are due at once. Gives them with their new states.
    pub async fn recover(&self, now: Timestamp, hold_for: &[String]) -> Result<Vec<(ParcelId, State)>, SpoolError> {
        let hold_for = hold_for.to_vec();
        let rings = |found: &Vec<(ParcelId, State)>| !found.is_empty();
        self.room.writer.write(rings, move |db| relay::recover(db, now, &hold_for)).await
    }

    /// After the clock was set back: lets nothing wait longer from `now` on than it was told to. A parcel that waits for
    /// a retry is due when its moment lies farther away than the longest delay after its tries (`delays`, from the first
    /// failed try on; the last one repeats), a notice when it lies farther away than `longest`. Gives how many parcels
    /// are due by that. Where the clock was not set it changes nothing.
    pub async fn draw_in(&self, now: Timestamp, delays: &[Duration], longest: Duration) -> Result<usize, SpoolError> {
        let delays = delays.to_vec();
        self.room.writer.write(|due| *due > 0, move |db| leap::draw_in(db, now, &delays, longest)).await
    }

    /// After the clock was set ahead by `by`, not before it showed `since`: what is still on its way may live as much
    /// longer, but for what was accepted after that.
    pub async fn prolong(&self, by: Duration, since: Timestamp, now: Timestamp) -> Result<(), SpoolError> {
        self.room.writer.write(|()| false, move |db| leap::prolong(db, by, since, now)).await
    }

    /// Finds another gateway for parcels that wait for one which is not `configured`, some hundreds at a time; gives
    /// them with their states. Where there is none they are held.
    pub async fn rehome(&self, configured: &[String], now: Timestamp) -> Result<Vec<(ParcelId, State)>, SpoolError> {
        let configured = configured.to_vec();
        let rings = |moved: &Vec<(ParcelId, State)>| !moved.is_empty();
        self.room.writer.write(rings, move |db| relay::rehome(db, &configured, now)).await
    }

    /// When the next parcel is due at one of the gateways, or runs out of time at any.
    pub async fn next_due(&self, gateways: &[String]) -> Result<Option<Timestamp>, SpoolError> {
        self.next_due_also(gateways, &[]).await
    }

    /// As [`Spool::next_due`], and when the next one becomes due at one of the `others`: what is due there already, and
    /// nobody took over, does not count.
    pub async fn next_due_also(&self, gateways: &[String], others: &[String]) -> Result<Option<Timestamp>, SpoolError> {
        let (gateways, others) = (gateways.to_vec(), others.to_vec());
        self.room.readers.read(move |db| look::next_due(db, &gateways, &others)).await
    }

    /// Carries out an operator's order; gives what became of each parcel. Give a few hundred at a time: they are one
    /// transaction.
    pub async fn order(&self, order: Order, ids: Vec<ParcelId>, now: Timestamp) -> Result<Vec<Ordered>, SpoolError> {
        self.room.writer.write(|_| true, move |db| relay::order(db, order, ids, now)).await
    }

    /// The digest that is due the longest, if one is.
    pub async fn due_digest(&self, now: Timestamp) -> Result<Option<DueDigest>, SpoolError> {
        self.room.readers.read(move |db| digests::due(db, now)).await
    }

    /// When the next digest is due.
    pub async fn next_digest_due(&self) -> Result<Option<Timestamp>, SpoolError> {
        self.room.readers.read(digests::next_due).await
    }

    /// Stores the digest as `letter`, of one parcel, and puts into it what was gathered; gives its ID. `None`: what was
    /// gathered has changed since `digest` was looked at, and nothing was done.
    pub async fn fold(&self, digest: DueDigest, letter: NewLetter) -> Result<Option<ParcelId>, SpoolError> {
        let rings = |folded: &Option<ParcelId>| folded.is_some();
        self.room.writer.write(rings, move |db| digests::fold(db, &digest, &letter)).await
    }

    /// Lets what went into digests that have ended end the same way, some hundreds at a time; gives them with their
    /// states. Empty when there is no more.
    pub async fn settle_digests(&self, now: Timestamp) -> Result<Vec<(ParcelId, State)>, SpoolError> {
        let rings = |settled: &Vec<(ParcelId, State)>| !settled.is_empty();
        self.room.writer.write(rings, move |db| digests::settle(db, now)).await
    }

    /// How many parts are counted in a budget's day or month, and of which percentage operators were told.
    pub async fn used(&self, budget: Budget) -> Result<(u32, u8), SpoolError> {
        self.room.readers.read(move |db| gate::used(db, budget.scope, budget.begin)).await
    }

    /// Remembers that operators were told that so much of a budget is used up.
    pub async fn note_used_told(&self, budget: Budget, percent: u8) -> Result<(), SpoolError> {
        self.room.writer.write(|()| false, move |db| gate::tell_used(db, budget.scope, budget.begin, percent)).await
    }

    /// The first hour in which messages were held over a limit and of which operators were not told.
    pub async fn held_hour(&self) -> Result<Option<Timestamp>, SpoolError> {
        self.room.readers.read(gate::held_hour).await
    }

    /// Remembers that operators were told of that hour.
    pub async fn note_held_told(&self, hour: Timestamp) -> Result<(), SpoolError> {
        self.room.writer.write(|()| false, move |db| gate::tell_held(db, hour)).await
    }

    /// Up to `limit` notices that are due, the longest due first.
    pub async fn due_notices(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, SpoolError> {
        self.room.readers.read(move |db| notices::due(db, now, limit)).await
    }

    /// As [`Spool::due_notices`], only those to one sender.
    pub async fn due_notices_to(
        &self,
        to: &Mailbox,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueNotice>, SpoolError> {
        let to = to.clone();
        self.room.readers.read(move |db| notices::due_to(db, &to, now, limit)).await
    }

    /// Owes a notice of delay for what was accepted before `before` and still waits, where the sender wants to hear of
    /// it; once for each parcel.
    pub async fn owe_delayed(&self, before: Timestamp, now: Timestamp) -> Result<(), SpoolError> {
        while self.room.writer.write(|_| false, move |db| notices::owe_delayed(db, before, now)).await? {}
        Ok(())
    }

    /// What was accepted before `before` and still waits, up to `limit` letters of it; each is given once.
    pub async fn take_overdue(&self, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, SpoolError> {
        self.room.writer.write(|_| false, move |db| relay::take_overdue(db, before, limit)).await
    }

    /// When the next notice or memo is due.
    pub async fn next_notice_due(&self) -> Result<Option<Timestamp>, SpoolError> {
        let both = |db: &_| Ok([notices::next_due(db)?, memos::next_due(db)?].into_iter().flatten().min());
        self.room.readers.read(both).await
    }

    /// Stores memos, to be sent to the site's mail server as notices are.
    pub async fn post(&self, memos: Vec<NewMemo>) -> Result<(), SpoolError> {
        self.room.writer.write(|()| true, move |db| memos::post(db, &memos)).await
    }

    /// Up to `limit` memos that are due, the longest due first.
    pub async fn due_memos(&self, now: Timestamp, limit: usize) -> Result<Vec<Memo>, SpoolError> {
        self.room.readers.read(move |db| memos::due(db, now, limit)).await
    }

    /// Records what came of a memo.
    pub async fn note_memo(&self, id: i64, note: MemoNote) -> Result<(), SpoolError> {
        self.room.writer.write(|()| false, move |db| memos::note(db, id, &note)).await
    }

    /// Records what came of the notice about a parcel.
    pub async fn note_notice(&self, id: &ParcelId, note: NoticeNote, now: Timestamp) -> Result<(), SpoolError> {
        let id = id.clone();
        self.room.writer.write(|()| false, move |db| notices::note(db, &id, &note, now)).await
    }

    /// Records how a gateway was seen; gives how it was seen before.
    pub async fn record_gateway(&self, status: GatewayStatus) -> Result<Option<GatewayStatus>, SpoolError> {
        self.room.writer.write(|_| false, move |db| gateways::record(db, &status)).await
    }

    /// Holds a gateway: a running relay sends nothing by it from then on.
    pub async fn hold_gateway(&self, name: &str, hold: GatewayHold) -> Result<(), SpoolError> {
        let name = name.to_owned();
        let work = move |db: &_| gateways::set_hold(db, &name, Some(&hold), hold.since);
        self.room.writer.write(|()| true, work).await
    }

    /// Lets a gateway send again, whoever held it.
    pub async fn release_gateway(&self, name: &str, now: Timestamp) -> Result<(), SpoolError> {
        let name = name.to_owned();
        self.room.writer.write(|()| true, move |db| gateways::set_hold(db, &name, None, now)).await
    }

    /// The gateways as the relay last saw them, by name.
    pub async fn gateway_statuses(&self) -> Result<Vec<GatewayStatus>, SpoolError> {
        self.room.readers.read(gateways::statuses).await
    }

    /// Up to `limit` parcels that the filter lets through, the oldest letter first; `after` is the last one of the page
    /// before.
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<&ParcelId>,
        limit: usize,
    ) -> Result<Vec<Listed>, SpoolError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.room.readers.read(move |db| look::list(db, &filter, after.as_ref(), limit)).await
    }

    /// All that is known of a letter; `None` when there is none of that ID.
    pub async fn letter(&self, id: &str) -> Result<Option<LetterRecord>, SpoolError> {
        let id = id.to_owned();
        self.room.readers.read(move |db| look::letter(db, &id)).await
    }

    /// The spool in numbers.
    pub async fn stats(&self) -> Result<Stats, SpoolError> {
        self.room.readers.read(look::stats).await
    }

    /// Removes letters whose parcels all came to their end longer than `keep` ago; gives how many parcels went. What
    /// accepting once still has to remember stays, even if `keep` is shorter. Counts that bear on no limit any more go
    /// too.
    pub async fn prune(&self, now: Timestamp) -> Result<usize, SpoolError> {
        let Terms { keep, acceptance } = self.terms();
        let keep = keep.max(acceptance.window);
        let Ok(before) = now.checked_sub(keep) else { return Ok(0) };
        let mut parcels = 0;
        loop {
            let prune = move |db: &_| Ok((prune::prune(db, before)?, gate::forget(db, now)?));
            let (pruned, more_counts) = self.room.writer.write(|_| false, prune).await?;
            parcels += pruned.parcels;
            if !pruned.more && !more_counts {
                return Ok(parcels);
            }
        }
    }

    /// How many transactions this process has committed; with many letters at a time it grows slower than they do.
    pub fn transactions(&self) -> u64 {
        self.room.writer.transactions()
    }
}

/// Whether the returns desk has to hear of an outcome. The dispatcher is told by the session that is free again.
fn is_to_be_told(state: &State) -> bool {
    *state == State::Refused
}
