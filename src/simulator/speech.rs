//! How an answer goes out: what is written, when, and whether the connection ends with it. Pure.

use std::time::Duration;

use super::fault::{Instead, Spoil, Stage};
use super::reply::{Form, Reply};

/// One thing to do on the connection; in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Say(Vec<u8>),
    Pause(Duration),
    Close,
    /// Stay, and never say a word again.
    Hang,
}

/// Long enough for two writes to arrive as two packets.
const SPLIT_PAUSE: Duration = Duration::from_millis(10);

/// What a TLS server says to someone who does not speak TLS, and a line end, so that it is a line.
const GARBAGE: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28\xff\x00\x80\r\n";

/// An answer as it should be.
pub fn plain(reply: &Reply) -> Vec<Act> {
    vec![Act::Say(reply.bytes("\r\n"))]
}

/// An answer that does not come as it should.
pub fn spoilt(reply: &Reply, spoil: Spoil) -> Vec<Act> {
    let with = |form| Reply { form, ..reply.clone() };
    match spoil {
        Spoil::Garbage => vec![Act::Say(GARBAGE.to_vec())],
        Spoil::Codeless => plain(&with(Form::Codeless)),
        Spoil::Coded => plain(&with(Form::Coded)),
        Spoil::LoneLf => vec![Act::Say(reply.bytes("\n"))],
        Spoil::Split => split(&reply.bytes("\r\n")),
        Spoil::DropReply => vec![Act::Close],
    }
}

/// Something else than an answer.
pub fn instead(stage: Stage, instead: Instead) -> Vec<Act> {
    let reply = match instead {
        Instead::Close => return vec![Act::Close],
        Instead::Hang => return vec![Act::Hang],
        Instead::TempFail => temporary(stage),
        Instead::PermFail => permanent(stage),
    };
    let mut acts = plain(&reply);
    if matches!(stage, Stage::Connect | Stage::Greeting | Stage::Quit) {
        acts.push(Act::Close);
    }
    acts
}

/// Cut where it is hardest to bear: within the code, and between the last CR and its LF.
fn split(bytes: &[u8]) -> Vec<Act> {
    let (head, rest) = bytes.split_at(2.min(bytes.len()));
    let (middle, tail) = rest.split_at(rest.len().saturating_sub(1));
    let pause = Act::Pause(SPLIT_PAUSE);
    vec![Act::Say(head.to_vec()), pause.clone(), Act::Say(middle.to_vec()), pause, Act::Say(tail.to_vec())]
}

/// In the words of RFC 5321, section 4.2.3, and of RFC 4954, section 6.
fn temporary(stage: Stage) -> Reply {
    match stage {
        Stage::Connect | Stage::Greeting | Stage::Quit => {
            Reply::new(421, "Service not available, closing transmission channel")
        }
        Stage::Auth | Stage::User | Stage::Password => Reply::new(454, "Temporary authentication failure"),
        Stage::Rcpt => Reply::new(450, "Requested action not taken: mailbox unavailable"),
        Stage::Ehlo | Stage::Mail | Stage::Data | Stage::Text => {
            Reply::new(451, "Requested action aborted: local error in processing")
        }
    }
}

fn permanent(stage: Stage) -> Reply {
    match stage {
        Stage::Connect | Stage::Greeting => Reply::new(554, "No service here"),
        Stage::Auth | Stage::User | Stage::Password => Reply::new(535, "Authentication credentials invalid"),
        Stage::Mail => Reply::new(553, "Requested action not taken: mailbox name not allowed"),
        Stage::Rcpt => Reply::new(550, "Requested action not taken: mailbox unavailable"),
        Stage::Ehlo | Stage::Data | Stage::Text | Stage::Quit => Reply::new(554, "Transaction failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(acts: &[Act]) -> Vec<u8> {
        let say = |act: &Act| if let Act::Say(bytes) = act { bytes.clone() } else { Vec::new() };
        acts.iter().flat_map(say).collect()
    }

    #[test]
    fn answers_are_spoilt() {
        let accepted = Reply::accepted("+44");
        let table: [(Spoil, &[u8]); 6] = [
            (Spoil::Garbage, GARBAGE),
            (Spoil::Codeless, b"Message accepted for delivery to: +44\r\n"),
            (Spoil::Coded, b"250 Message accepted for delivery to: +44\r\n"),
            (Spoil::LoneLf, b"Message accepted for delivery to: +44\n"),
            (Spoil::Split, b"Message accepted for delivery to: +44\r\n"),
            (Spoil::DropReply, b""),
        ];
        for (spoil, expected) in table {
            let acts = spoilt(&accepted, spoil);
            assert_eq!(said(&acts).escape_ascii().to_string(), expected.escape_ascii().to_string(), "{spoil:?}");
            assert_eq!(acts.contains(&Act::Close), spoil == Spoil::DropReply, "{spoil:?}");
        }
        let hello = said(&spoilt(&Reply::hello(), Spoil::Coded));
        assert!(hello.ends_with(b"250 AUTH=LOGIN\r\n"), "{}", hello.escape_ascii());
    }

    #[test]
    fn a_split_answer_is_cut_in_its_code_and_its_end() {
        let acts = spoilt(&Reply::done(), Spoil::Split);
        let say = |bytes: &[u8]| Act::Say(bytes.to_vec());
        let pause = Act::Pause(SPLIT_PAUSE);
        let expected = [say(b"25"), pause.clone(), say(b"0 Requested okay, completed\r"), pause, say(b"\n")];
        assert_eq!(acts, expected);
    }

    #[test]
    fn only_doors_close_with_a_failure() {
        let table = [
            (Stage::Connect, "421", "554", true),
            (Stage::Greeting, "421", "554", true),
            (Stage::Ehlo, "451", "554", false),
            (Stage::Auth, "454", "535", false),
            (Stage::User, "454", "535", false),
            (Stage::Password, "454", "535", false),
            (Stage::Mail, "451", "553", false),
            (Stage::Rcpt, "450", "550", false),
            (Stage::Data, "451", "554", false),
            (Stage::Text, "451", "554", false),
            (Stage::Quit, "421", "554", true),
        ];
        for (stage, temporary, permanent, closes) in table {
            for (failure, code) in [(Instead::TempFail, temporary), (Instead::PermFail, permanent)] {
                let acts = instead(stage, failure);
                assert!(said(&acts).starts_with(code.as_bytes()), "{stage:?}");
                assert_eq!(acts.contains(&Act::Close), closes, "{stage:?}");
            }
            assert_eq!(instead(stage, Instead::Close), [Act::Close]);
            assert_eq!(instead(stage, Instead::Hang), [Act::Hang]);
        }
    }
}
