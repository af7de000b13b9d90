//! Whatever is said, in whatever order: nobody panics, and nothing is accepted that the document does not allow.

use proptest::prelude::*;

use super::super::ledger::Accounts;
use super::super::lines::Lines;
use super::super::number;
use super::super::session::{Session, Step};
use super::*;

const WORDS: [&str; 19] = [
    "EHLO Client",
    "AUTH LOGIN",
    "AUTH LOGIN bXl1c2VyaWQ=",
    "bXl1c2VyaWQ=",
    "bXlwYXNzd29yZA==",
    "YmxvY2tlZA==",
    "MAIL FROM: ALERTS",
    "MAIL FROM: +393331234567",
    "MAIL FROM: no good",
    "RCPT TO:+4477331234567",
    "RCPT TO:12",
    "DATA",
    "text",
    "..",
    ".",
    "RSET",
    "NOOP",
    "QUIT",
    "\u{e9}",
];

/// Says the lines to a session and gives what it would have accepted.
fn accepted(lines: &[u8]) -> Vec<(String, String, String, String)> {
    let settings = settings();
    let accounts: Accounts = settings.accounts.iter().cloned().collect();
    let mut session = Session::new(&settings);
    let mut input = Lines::default();
    input.push(lines);
    let mut accepted = Vec::new();
    while let Some(line) = input.next(session.line_limit()) {
        let request = session.take(line);
        if let Some(Step::Accept(envelope, text)) = request.map(|request| session.answer(request, &accounts)) {
            accepted.push((envelope.user, envelope.sender, envelope.recipient, text));
        }
    }
    accepted
}

#[test]
fn a_good_dialogue_is_accepted() {
    let expected = [USER, "ALERTS", "+4477331234567", "disk full"].map(str::to_owned);
    let [(user, sender, recipient, text)] = &accepted([LOGIN, MESSAGE].concat().as_bytes())[..] else {
        panic!("one SMS was said");
    };
    assert_eq!([user, sender, recipient, text], expected.each_ref());
}

proptest! {
    #[test]
    fn only_what_is_allowed_is_accepted(
        start in prop_oneof![Just(String::new()), Just(LOGIN.to_owned()), Just([LOGIN, MESSAGE].concat())],
        words in prop::collection::vec((0..WORDS.len(), prop_oneof![9 => Just("\r\n"), 1 => Just("\n")]), 0..60),
    ) {
        let rest: String = words.iter().map(|(word, end)| format!("{}{end}", WORDS[*word])).collect();
        for (user, sender, recipient, text) in accepted(format!("{start}{rest}").as_bytes()) {
            prop_assert_eq!(user, USER);
            prop_assert!(number::is_sender_id(&sender), "{}", sender);
            prop_assert_eq!(number::recipient(&recipient), Some(recipient));
            prop_assert!(text.chars().count() <= 160 && !text.contains('\r'), "{}", text);
        }
    }

    #[test]
    fn any_bytes_are_borne(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(accepted(&bytes), []);
    }
}
