//! Commands that go out together.

use super::*;

const COMMANDS: &str = "C: MAIL FROM: ALERTS\nC: RCPT TO:+4477331234567\nC: DATA\n";
const TEXT: &str = "C: disk full\nC: ..on db1\nC: .\n";

async fn play_pipelined(script: &str, submissions: usize) -> Vec<(Outcome, bool)> {
    let settings = Settings { pipelining: true, ..settings() };
    let script = format!("{LOGIN}{script}");
    let whole = play_with(&settings, &script, submissions, Packets::Whole).await;
    let bytes = play_with(&settings, &script, submissions, Packets::Bytes).await;
    assert_eq!(bytes.outcomes, whole.outcomes);
    whole.outcomes
}

#[tokio::test(start_paused = true)]
async fn the_gateway_hears_all_three_before_it_answers_one() {
    let once = format!("{COMMANDS}S: 250 a\nS: 250 b\nS: 354 c\n{TEXT}S: 250 ok\n");
    assert_eq!(play_pipelined(&once.repeat(2), 2).await, [(sent("250 ok"), true), (sent("250 ok"), true)]);
}

#[tokio::test(start_paused = true)]
async fn the_first_refusal_counts_and_the_other_answers_are_heard() {
    let again = format!("{COMMANDS}S: 250 a\nS: 250 b\nS: 354 c\n{TEXT}S: 250 ok\n");
    let table = [
        ("S: 250 a\nS: 550 no such number\nS: 503 no\n", refused_at(About::Recipient, "550 no such number")),
        ("S: 451 later\nS: 503 no\nS: 503 no\n", retry("451 later")),
        ("S: 250 a\nS: 250 b\nS: 452 no room\n", retry("452 no room")),
    ];
    for (answers, outcome) in table {
        let script = format!("{COMMANDS}{answers}C: RSET\nS: 250 ok\n{again}");
        assert_eq!(play_pipelined(&script, 2).await, [(outcome, true), (sent("250 ok"), true)], "{answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_waits_for_the_text_of_a_refused_message_gets_none() {
    let outcomes = play_pipelined(&format!("{COMMANDS}S: 250 a\nS: 550 no\nS: 354 go on\n?"), 1).await;
    assert_eq!(outcomes, [(refused_at(About::Recipient, "550 no"), false)]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_on_the_way_leaves_the_message_waiting() {
    let outcomes = play_pipelined(&format!("{COMMANDS}S: 250 a\nX"), 1).await;
    assert_eq!(outcomes, [(retry("the gateway closed the connection (waiting for the answer to RCPT)"), false)]);
}
