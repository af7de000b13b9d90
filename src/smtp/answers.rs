//! Says what became of a letter: one answer in SMTP, one for each recipient in LMTP (RFC 2033, section 4.2).
//!
//! Pure. The number of answers depends on the protocol and the recipients only, never on what the reception gave back:
//! one answer too few or too many and every later reply would be taken for another command's.

use super::envelope::Answers;
use super::reply::{Accepted, Reply, Verdict};

/// The replies for a letter to `recipients` recipients whose `verdicts` came from the reception.
///
/// SMTP folds them: any recipient's `Ok` is a 250, with an ID when there is one, because the client would send the letter
/// again to all of them after anything else; those who were refused then hear of it by a notice, which is the reception's
/// part. When nobody was accepted a temporary refusal is told rather than a permanent one: trying again may reach
/// somebody.
pub(super) fn of_verdicts(answers: Answers, recipients: usize, verdicts: Vec<Verdict>) -> Vec<Reply> {
    let mut verdicts: Vec<Verdict> = verdicts.into_iter().take(recipients).collect();
    let missing = || Err(Reply::new(451, "4.3.0", "no verdict on this recipient, try again later"));
    verdicts.resize_with(recipients, missing);
    match answers {
        Answers::PerRecipient => verdicts.into_iter().map(of_verdict).collect(),
        Answers::Single => fold(verdicts).map(of_verdict).into_iter().collect(),
    }
}

/// The replies when all of the `recipients` share one fate.
pub(super) fn same_for_all(answers: Answers, recipients: usize, reply: &Reply) -> Vec<Reply> {
    let count = match answers {
        Answers::Single => 1,
        Answers::PerRecipient => recipients,
    };
    vec![reply.clone(); count]
}

fn of_verdict(verdict: Verdict) -> Reply {
    match verdict {
        Ok(accepted) => Reply::new(250, "2.0.0", accepted.to_string()),
        Err(reply) => reply,
    }
}

/// The first that is queued, because its ID is worth knowing; else the first that is dropped, else the first temporary
/// refusal, else the first refusal.
fn fold(verdicts: Vec<Verdict>) -> Option<Verdict> {
    verdicts.into_iter().min_by_key(|verdict| match verdict {
        Ok(Accepted::Queued { .. }) => 0,
        Ok(Accepted::Dropped { .. }) => 1,
        Err(reply) if reply.is_temporary() => 2,
        Err(_) => 3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(answers: Answers, recipients: usize, verdicts: &[Result<&str, u16>]) -> Vec<String> {
        let verdict = |verdict: &Result<&str, u16>| match verdict {
            Ok("") => Ok(Accepted::Dropped { by: "rule spam".to_owned() }),
            Ok(id) => Ok(Accepted::Queued { id: (*id).to_owned() }),
            Err(code) => Err(Reply::plain(*code, "no")),
        };
        let replies = of_verdicts(answers, recipients, verdicts.iter().map(verdict).collect());
        replies.iter().map(|reply| reply.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn smtp_folds_the_verdicts_into_one() {
        let table: &[(&[Result<&str, u16>], &str)] = &[
            (&[Ok("A")], "250 2.0.0 queued as A"),
            (&[Err(550), Ok("A"), Ok("B")], "250 2.0.0 queued as A"),
            (&[Err(451), Ok("A")], "250 2.0.0 queued as A"),
            (&[Ok(""), Err(451), Ok("A")], "250 2.0.0 queued as A"),
            (&[Err(451), Ok("")], "250 2.0.0 dropped by rule spam"),
            (&[Err(554), Err(451), Err(452)], "451 no"),
            (&[Err(554), Err(550)], "554 no"),
        ];
        for (verdicts, expected) in table {
            assert_eq!(codes(Answers::Single, verdicts.len(), verdicts), [*expected]);
        }
    }

    #[test]
    fn lmtp_answers_every_recipient_in_order() {
        let replies = codes(Answers::PerRecipient, 4, &[Ok("A"), Err(550), Ok("B"), Ok("")]);
        assert_eq!(
            replies,
            ["250 2.0.0 queued as A", "550 no", "250 2.0.0 queued as B", "250 2.0.0 dropped by rule spam"]
        );
    }

    #[test]
    fn the_count_of_answers_never_depends_on_the_count_of_verdicts() {
        let missing = "451 4.3.0 no verdict on this recipient, try again later";
        assert_eq!(codes(Answers::PerRecipient, 2, &[Ok("A")]), ["250 2.0.0 queued as A", missing]);
        assert_eq!(codes(Answers::PerRecipient, 1, &[Ok("A"), Ok("B")]), ["250 2.0.0 queued as A"]);
        assert_eq!(codes(Answers::Single, 1, &[]), [missing]);
        let all = same_for_all(Answers::PerRecipient, 3, &Reply::plain(552, "no"));
        assert_eq!(all.len(), 3);
    }
}
