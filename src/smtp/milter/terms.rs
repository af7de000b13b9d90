//! What we agree on with a mail server at the start: which events it tells us of, and which of them we answer.
//!
//! Pure. We ask for no power over the mail (to add headers, to change recipients) and never use any. What the server
//! does not offer, an old one or another than Postfix, we do without: then every event comes and every one is answered.

use thiserror::Error;

use super::event::Event;

/// The version of the protocol that Sendmail 8.14 and Postfix 2.6 brought, and the oldest that we understand.
const NEWEST: u32 = 6;
const OLDEST: u32 = 2;

/// The server leaves an event out.
const NO_BODY: u32 = 0x0010;
const NO_HEADERS: u32 = 0x0020;
const NO_END_OF_HEADERS: u32 = 0x0040;
const NO_UNKNOWN: u32 = 0x0100;
const NO_DATA: u32 = 0x0200;
/// We may ask for no more of a body.
const MAY_SKIP: u32 = 0x0400;
/// The server awaits no answer to an event.
const QUIET_HEADER: u32 = 0x0000_0080;
const QUIET_CONNECT: u32 = 0x0000_1000;
const QUIET_HELLO: u32 = 0x0000_2000;
const QUIET_MAIL: u32 = 0x0000_4000;
const QUIET_END_OF_HEADERS: u32 = 0x0004_0000;
/// A header's value comes with the space after its colon.
const LEADING_SPACE: u32 = 0x0010_0000;

const ALWAYS: u32 = NO_UNKNOWN
    | MAY_SKIP
    | QUIET_HEADER
    | QUIET_CONNECT
    | QUIET_HELLO
    | QUIET_MAIL
    | QUIET_END_OF_HEADERS
    | LEADING_SPACE;
/// When no rule rings, nobody wants to see the mail itself.
const WITHOUT_MAIL: u32 = NO_DATA | NO_HEADERS | NO_END_OF_HEADERS | NO_BODY;

/// What the server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub version: u32,
    /// Its protocol steps, as bits.
    pub steps: u32,
}

/// How much of the mails we want to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Who writes to whom, to answer for the recipients that are ours.
    Envelopes,
    /// The mails too, because a rule may ring for one.
    Mails,
}

/// What holds for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    version: u32,
    steps: u32,
}

/// Why there are no terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("version {0} of the milter protocol, where {OLDEST} is the oldest we understand")]
pub(super) struct TooOld(pub u32);

impl Terms {
    /// The terms for a server that offers so much.
    pub(super) fn of(offer: Offer, interest: Interest) -> Result<Terms, TooOld> {
        if offer.version < OLDEST {
            return Err(TooOld(offer.version));
        }
        let wanted = match interest {
            Interest::Envelopes => ALWAYS | WITHOUT_MAIL,
            Interest::Mails => ALWAYS,
        };
        Ok(Terms { version: offer.version.min(NEWEST), steps: offer.steps & wanted })
    }

    /// As the server reads them: version, powers (none) and steps.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.version, 0, self.steps].iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Whether the server awaits an answer to this event.
    pub(super) fn wants_answer(self, event: &Event) -> bool {
        let quiet = match event {
            Event::Macros(_) | Event::Abort | Event::Quit | Event::NextConnection => return false,
            Event::Connect(_) => QUIET_CONNECT,
            Event::Hello(_) => QUIET_HELLO,
            Event::Mail { .. } => QUIET_MAIL,
            Event::Header { .. } => QUIET_HEADER,
            Event::EndOfHeaders => QUIET_END_OF_HEADERS,
            Event::Negotiate(_) | Event::Recipient(_) | Event::Data | Event::Body(_) | Event::End(_) | Event::Other => {
                0
            }
        };
        self.steps & quiet == 0
    }

    /// Whether we may ask for no more of a body.
    pub(super) fn may_skip(self) -> bool {
        self.steps & MAY_SKIP != 0
    }

    /// What stands between a header's colon and its value as it came.
    pub(super) fn after_colon(self) -> &'static str {
        if self.steps & LEADING_SPACE != 0 { "" } else { " " }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Postfix 3.10 offers.
    const POSTFIX: Offer = Offer { version: 6, steps: 0x001f_ffff };

    #[test]
    fn nothing_is_asked_that_is_not_offered_and_no_power_ever() {
        for steps in [0, 0x7f, u32::MAX] {
            for interest in [Interest::Envelopes, Interest::Mails] {
                let bytes = Terms::of(Offer { version: 9, steps }, interest).unwrap().to_bytes();
                assert_eq!(bytes[..8], [0, 0, 0, 6, 0, 0, 0, 0]);
                let asked = u32::from_be_bytes(bytes[8..].try_into().unwrap());
                assert_eq!(asked & !steps, 0);
            }
        }
        assert_eq!(Terms::of(Offer { version: 1, steps: 0 }, Interest::Mails), Err(TooOld(1)));
    }

    #[test]
    fn mails_are_left_out_when_nobody_wants_them() {
        let steps = |interest| Terms::of(POSTFIX, interest).unwrap().steps & WITHOUT_MAIL;
        assert_eq!(steps(Interest::Envelopes), WITHOUT_MAIL);
        assert_eq!(steps(Interest::Mails), 0);
    }

    #[test]
    fn an_event_is_answered_unless_that_was_agreed() {
        let (new, old) = (POSTFIX, Offer { version: 2, steps: 0x7f });
        let table = [
            (Event::Hello("x".to_owned()), false, true),
            (Event::EndOfHeaders, false, true),
            (Event::Data, true, true),
            (Event::Body(Vec::new()), true, true),
            (Event::End(Vec::new()), true, true),
            (Event::Other, true, true),
            (Event::Abort, false, false),
            (Event::Quit, false, false),
        ];
        for (event, with_new, with_old) in table {
            for (offer, expected) in [(new, with_new), (old, with_old)] {
                assert_eq!(Terms::of(offer, Interest::Mails).unwrap().wants_answer(&event), expected, "{event:?}");
            }
        }
    }
}
