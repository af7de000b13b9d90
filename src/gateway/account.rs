//! What a gateway tells about our account when we log in. Pure.
//!
//! The document writes `235 [CREDITS AVAILABLE] ID ACCOUNT: [ID] STATUS: [CURRENT STATUS]` and leaves open whether the
//! brackets are part of the line and whether credits have decimals: both are taken. What can't be read is `None`,
//! never an error: a login that succeeded is a login.
//!
//! Known limit: `1,234` is read as a decimal (the gateway is Italian), never as a thousand and more.

use std::fmt;
use std::str::FromStr;

/// Our account, as far as the gateway told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub credits: Option<Credits>,
    pub id: Option<String>,
    /// The gateway's own word, such as `ACTIVE`.
    pub status: Option<String>,
}

/// Credits, exact to a millionth; below zero on an overdrawn account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credits {
    millionths: i64,
}

/// The text is no amount of credits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount of credits")]
pub struct CreditsError(pub String);

const MILLION: i64 = 1_000_000;
const DECIMALS: usize = 6;

/// How a status begins (in English or Italian) that lets nobody send. Logging in still succeeds with it, but then every
/// submission would be refused: the account's trouble is no message's fault.
const BARRED: [&str; 4] = ["BLOC", "SUSP", "SOSP", "DISAB"];

impl Account {
    /// Reads the text of the 235 line. `None` when it says nothing about an account.
    pub fn from_login(text: &str) -> Option<Account> {
        // ASCII upper case keeps every byte offset.
        let upper = text.to_ascii_uppercase();
        let id_at = upper.find("ID ACCOUNT");
        let status_at = upper.find("STATUS");
        let (id_start, status_start) =
            (id_at.map(|at| at + "ID ACCOUNT".len()), status_at.map(|at| at + "STATUS".len()));

        let before = [id_at, status_at].into_iter().flatten().min();
        let credits = match before {
            Some(end) => text[..end].split_whitespace().rev().find_map(|word| bare(word).parse().ok()),
            // Without the marks a number could be anything (`235 2.7.0 OK`), unless it stands alone.
            None => bare(text).parse().ok(),
        };
        let id = id_start.and_then(|start| value(text, start, status_at));
        let status = status_start.and_then(|start| value(text, start, id_at));
        let account = Account { credits, id, status };
        (account != Account::default()).then_some(account)
    }

    /// Why this account can't send, when it can't: in a line for the operator.
    pub fn trouble(&self) -> Option<String> {
        if !self.may_send() {
            return Some(format!("the account is {}", self.status.as_deref().unwrap_or_default()));
        }
        self.credits.filter(|credits| credits.are_used_up()).map(|credits| format!("no credits left ({credits})"))
    }

    /// Whether the status lets us send. An unknown word does: the gateway will say so if not.
    pub fn may_send(&self) -> bool {
        let status = self.status.as_deref().unwrap_or_default().to_ascii_uppercase();
        !BARRED.iter().any(|barred| status.starts_with(barred))
    }
}

/// The value from `start` to the next mark, or to the end when the mark does not come later.
fn value(text: &str, start: usize, next_mark: Option<usize>) -> Option<String> {
    let end = next_mark.filter(|&at| at >= start).unwrap_or(text.len());
    let value = bare(&text[start..end]);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The text without the brackets, colons and spaces around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "[]:".contains(c))
}

impl Credits {
    /// So many whole credits.
    pub fn whole(credits: u32) -> Credits {
        Credits { millionths: i64::from(credits) * MILLION }
    }

    /// Whether nothing is left.
    pub fn are_used_up(self) -> bool {
        self.millionths <= 0
    }

    /// Whether there are fewer than so many whole credits.
    pub fn is_below(self, credits: u64) -> bool {
        i128::from(self.millionths) < i128::from(credits) * i128::from(MILLION)
    }
}

impl FromStr for Credits {
    type Err = CreditsError;

    /// Takes `120`, `120.5`, `120,5` and `-3`; decimals beyond the sixth are dropped.
    fn from_str(text: &str) -> Result<Credits, CreditsError> {
        let error = || CreditsError(text.to_owned());
        let (sign, amount) = match text.strip_prefix('-') {
            Some(amount) => (-1, amount),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = amount.split_once(['.', ',']).unwrap_or((amount, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(error());
        }
        let padded: String = fraction.chars().chain(std::iter::repeat('0')).take(DECIMALS).collect();
        let whole: i64 = whole.parse().map_err(|_| error())?;
        let fraction: i64 = padded.parse().map_err(|_| error())?;
        let millionths = whole.checked_mul(MILLION).and_then(|m| m.checked_add(fraction)).ok_or_else(error)?;
        Ok(Credits { millionths: sign * millionths })
    }
}

impl fmt::Display for Credits {
    /// Without needless decimals: `120`, `120.5`, `-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.millionths < 0 { "-" } else { "" };
        let amount = self.millionths.unsigned_abs();
        let (whole, fraction) = (amount / MILLION.unsigned_abs(), amount % MILLION.unsigned_abs());
        let decimals = format!("{fraction:0width$}", width = DECIMALS);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            decimals => write!(f, "{sign}{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(credits: &str, id: &str, status: &str) -> Option<Account> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Account { credits: credits.parse().ok(), id: some(id), status: some(status) })
    }

    #[test]
    fn the_login_line_is_read_in_all_its_forms() {
        let table = [
            ("[1234] ID ACCOUNT: [77] STATUS: [ACTIVE]", account("1234", "77", "ACTIVE")),
            ("1234 ID ACCOUNT: 77 STATUS: ACTIVE", account("1234", "77", "ACTIVE")),
            ("[12.50] ID ACCOUNT: [A-7 b] STATUS: [Active, prepaid]", account("12.5", "A-7 b", "Active, prepaid")),
            ("12,5 id account:77 status:active", account("12.5", "77", "active")),
            ("CREDITS AVAILABLE: 9 ID ACCOUNT: 77 STATUS: OK", account("9", "77", "OK")),
            ("[CREDITS AVAILABLE 9] ID ACCOUNT [77] STATUS [OK]", account("9", "77", "OK")),
            ("[-3] ID ACCOUNT: [77] STATUS: []", account("-3", "77", "")),
            ("[] ID ACCOUNT: [77] STATUS: [ACTIVE]", account("", "77", "ACTIVE")),
            ("STATUS: ACTIVE ID ACCOUNT: 77", account("", "77", "ACTIVE")),
            ("[42]", account("42", "", "")),
            ("2.7.0 Authentication successful", None),
            ("Authentication successful", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(Account::from_login(line), expected, "{line}");
        }
    }

    #[test]
    fn credits_are_read_and_written() {
        let table = [
            ("0", Some("0")),
            ("007", Some("7")),
            ("+5", Some("5")),
            ("12.50", Some("12.5")),
            ("-0,05", Some("-0.05")),
            ("1.23456789", Some("1.234567")),
            ("9223372036854775807", None),
            ("1.2.3", None),
            ("1.", None),
            (".5", None),
            ("--1", None),
            ("12a", None),
            ("", None),
        ];
        for (text, expected) in table {
            let written = text.parse::<Credits>().ok().map(|credits| credits.to_string());
            assert_eq!(written.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn low_credit_is_below_and_not_at() {
        for (credits, below) in [("99.999999", true), ("100", false), ("100.1", false), ("-5", true)] {
            let credits: Credits = credits.parse().unwrap();
            assert_eq!(credits.is_below(100), below, "{credits}");
        }
        assert!(Credits::whole(u32::MAX).is_below(u64::MAX));
    }

    #[test]
    fn a_blocked_account_may_not_send() {
        for (status, may_send) in [
            ("ACTIVE", true),
            ("Blocked", false),
            ("sospeso", false),
            ("UNBLOCKED", true),
            ("", true),
            ("disabled", false),
        ] {
            let account = Account { status: Some(status.to_owned()), ..Account::default() };
            assert_eq!(account.may_send(), may_send, "{status}");
        }
        assert!(Account::default().may_send());
    }

    #[test]
    fn an_account_without_credit_or_barred_is_in_trouble() {
        for (line, trouble) in [
            ("[0] ID ACCOUNT: [7] STATUS: [ACTIVE]", Some("no credits left (0)")),
            ("[-2.5] ID ACCOUNT: [7] STATUS: [ACTIVE]", Some("no credits left (-2.5)")),
            ("[0.01] ID ACCOUNT: [7] STATUS: [ACTIVE]", None),
            ("[] ID ACCOUNT: [7] STATUS: [ACTIVE]", None),
            ("[5] ID ACCOUNT: [7] STATUS: [SUSPENDED]", Some("the account is SUSPENDED")),
        ] {
            let found = Account::from_login(line).and_then(|account| account.trouble());
            assert_eq!(found.as_deref(), trouble, "{line}");
        }
    }
}
