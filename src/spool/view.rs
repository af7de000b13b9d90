//! What the spool shows: to the returns desk, to operators, to the panel. Values only.

use jiff::Timestamp;

use super::{Order, Parcel, ParcelId, Priority, State};
use crate::address::{Number, SenderId};
use crate::smtp::{Mailbox, OriginalRecipient};

/// A notice that a sender is owed.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its state says what there is to tell: refused or expired, sent, or still waiting.
    pub parcel: Parcel,
    /// The recipient as the sender knows it.
    pub original: Option<OriginalRecipient>,
    /// The sender's own name for the mail.
    pub envelope_id: Option<String>,
    pub notice_to: Mailbox,
    pub subject: String,
    pub message_id: Option<String>,
    /// Header fields of the mail as text, lines ended by LF.
    pub headers: String,
    /// Tries to send this notice so far.
    pub attempts: u32,
}

/// What was gathered for a number and is to become one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDigest {
    pub number: Number,
    pub due: Timestamp,
    /// How many parcels; at least one.
    pub count: usize,
    /// Their subjects, and how often each came; those that came first stand first. Only as many as can be listed.
    pub subjects: Vec<(String, usize)>,
    /// As the newest of them has it.
    pub sender: SenderId,
    /// As the newest of them has them.
    pub gateways: Vec<String>,
    /// Urgent when one of them is.
    pub priority: Priority,
}

/// Whether the sender of a parcel is told how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeState {
    /// There is nothing to tell, or nobody to be told.
    None,
    Owed,
    Sent,
    /// It could not be sent, and is not tried again.
    Failed,
}

impl NoticeState {
    pub(super) const ALL: [NoticeState; 4] =
        [NoticeState::None, NoticeState::Owed, NoticeState::Sent, NoticeState::Failed];

    /// The one word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeState::None => "none",
            NoticeState::Owed => "owed",
            NoticeState::Sent => "sent",
            NoticeState::Failed => "failed",
        }
    }
}

/// Which parcels are meant; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this letter.
    pub letter: Option<String>,
    /// Only the one at this place of its letter.
    pub place: Option<u32>,
    pub state: Option<State>,
    pub number: Option<Number>,
    /// The envelope sender, in either case; `*` stands for any characters, `<>` for the null sender.
    pub sender: Option<String>,
    /// Only those accepted before this moment.
    pub accepted_before: Option<Timestamp>,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub parcel: Parcel,
    /// The envelope sender; `None` for the null sender.
    pub from: Option<String>,
    pub subject: String,
}

/// A parcel that waits too long.
#[derive(Clone, Debug)]
pub struct Overdue {
    pub parcel: Parcel,
    /// The envelope sender; `None` for the null sender.
    pub from: Option<String>,
    pub subject: String,
}

/// All that is known of a letter.
#[derive(Clone, Debug)]
pub struct LetterRecord {
    /// The letter's ID.
    pub id: String,
    /// The envelope sender; `None` for the null sender.
    pub from: Option<String>,
    pub notice_to: Option<Mailbox>,
    pub message_id: Option<String>,
    pub subject: String,
    /// Who handed it over.
    pub source: String,
    pub accepted: Timestamp,
    pub parcels: Vec<ParcelRecord>,
}

/// All that is known of a parcel.
#[derive(Clone, Debug)]
pub struct ParcelRecord {
    pub parcel: Parcel,
    pub notice: NoticeState,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// One thing that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub time: Timestamp,
    /// A few fixed words, such as `part accepted`.
    pub what: String,
    /// The gateway it happened at.
    pub gateway: Option<String>,
    /// What the other side said, or why; may be empty.
    pub detail: String,
}

/// What became of an operator's order for one parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    pub id: ParcelId,
    pub order: Order,
    /// The state it is in now; the error is why nothing was done.
    pub outcome: Result<State, super::SpoolError>,
}

/// The spool in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many parcels are in each state, in the order of [`State::ALL`].
    pub(super) by_state: [usize; State::ALL.len()],
    /// How many wait for each gateway, by name; gateways for which none waits are missing.
    pub waiting_by_gateway: Vec<(String, usize)>,
    /// When the longest waiting one was accepted.
    pub oldest_waiting: Option<Timestamp>,
    /// How many notices are still to be sent.
    pub notices_owed: usize,
}

impl Stats {
    /// How many parcels are in a state.
    pub fn count(&self, state: State) -> usize {
        self.by_state[state as usize]
    }

    /// How many parcels wait for the gateway.
    pub fn waiting_for(&self, gateway: &str) -> usize {
        self.waiting_by_gateway.iter().find(|(name, _)| name == gateway).map_or(0, |(_, count)| *count)
    }
}
