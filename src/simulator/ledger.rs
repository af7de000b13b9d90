//! The accounts with their credits, and what was accepted. Shared by all sessions.
//!
//! An SMS is accepted in one go under one lock: a credit is there, the log has it, the credit is taken, whoever waits
//! for it is told; only then does the caller get the answer to send. When the log can't be written, nothing has
//! happened. The log is handed to the system before the answer, not forced to disk: it outlives our end, not the
//! machine's.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use tokio::sync::mpsc::UnboundedSender;

use super::reply::Reply;
use super::session::Envelope;
use super::settings::{Account, Settings};

/// One accepted SMS. The names and the order of its fields are those of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedSms {
    /// In RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub time: Timestamp,
    /// The user who logged in.
    pub account: String,
    pub sender: String,
    /// With `+`, in whatever form it came.
    pub recipient: String,
    /// Lines ended by LF, the last one by nothing.
    pub text: String,
    /// Counts the connections from 1.
    pub session: u64,
    /// What the account has left after it.
    pub credits: u64,
}

/// All accounts, by user.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_user: HashMap<String, Account>,
}

/// See the head of the file.
#[derive(Debug)]
pub struct Ledger {
    books: Mutex<Books>,
    arrived: Option<UnboundedSender<AcceptedSms>>,
}

#[derive(Debug)]
struct Books {
    accounts: Accounts,
    log: Option<File>,
}

impl Accounts {
    pub fn get(&self, user: &str) -> Option<&Account> {
        self.by_user.get(user)
    }

    /// The account, if the password is its own.
    pub fn log_in(&self, user: &str, password: &SecretString) -> Option<&Account> {
        self.get(user).filter(|account| account.password.expose_secret() == password.expose_secret())
    }
}

impl FromIterator<Account> for Accounts {
    fn from_iter<I: IntoIterator<Item = Account>>(accounts: I) -> Accounts {
        Accounts { by_user: accounts.into_iter().map(|account| (account.user.clone(), account)).collect() }
    }
}

impl Ledger {
    /// # Errors
    /// The log can't be opened.
    pub(super) fn open(settings: &Settings) -> io::Result<Ledger> {
        let accounts = settings.accounts.iter().cloned().collect();
        let log = settings.log.as_deref().map(open_log).transpose()?;
        Ok(Ledger { books: Mutex::new(Books { accounts, log }), arrived: settings.arrived.clone() })
    }

    /// The account as it stands now.
    pub fn account(&self, user: &str) -> Option<Account> {
        self.books().accounts.get(user).cloned()
    }

    /// Opens an account, or puts it in the place of the one that the user has: to top up, to block.
    pub fn set_account(&self, account: Account) {
        self.books().accounts.by_user.insert(account.user.clone(), account);
    }

    /// Lets someone read in the accounts.
    pub(super) fn look<T>(&self, read: impl FnOnce(&Accounts) -> T) -> T {
        read(&self.books().accounts)
    }

    /// Accepts an SMS and gives the answer to it.
    pub(super) fn accept(&self, envelope: Envelope, text: String, session: u64, time: Timestamp) -> Reply {
        let mut books = self.books();
        let Books { accounts, log } = &mut *books;
        let Some(account) = accounts.by_user.get_mut(&envelope.user).filter(|account| account.credits > 0) else {
            return Reply::new(452, "No credits left");
        };
        let Envelope { user, sender, recipient } = envelope;
        let credits = account.credits - 1;
        let sms = AcceptedSms { time, account: user, sender, recipient, text, session, credits };
        if let Err(error) = log.as_mut().map_or(Ok(()), |log| append(log, &sms)) {
            tracing::error!(%error, "the log could not be written, an SMS was turned away");
            return Reply::new(451, "The log could not be written");
        }
        account.credits = credits;
        let reply = Reply::accepted(&sms.recipient);
        if let Some(arrived) = &self.arrived
            && arrived.send(sms).is_err()
        {
            tracing::debug!("nobody waits for SMS any more");
        }
        reply
    }

    /// A panic elsewhere can't have left the books half written: every change in them is one assignment.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// In one write, so that no reader ever sees half a line. On the async runtime's own thread: handing it to another
/// would cost more than the write itself.
fn append(log: &mut File, sms: &AcceptedSms) -> io::Result<()> {
    let mut line = serde_json::to_vec(sms)?;
    line.push(b'\n');
    log.write_all(&line)
}

fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn envelope() -> Envelope {
        let [user, sender, recipient] = ["demo", "ALERTS", "+4477331234567"].map(str::to_owned);
        Envelope { user, sender, recipient }
    }

    fn moment() -> Timestamp {
        "2026-03-01T12:00:00.25Z".parse().unwrap()
    }

    #[test]
    fn an_sms_costs_a_credit_and_is_logged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sms.jsonl");
        let (arrived, mut arrivals) = unbounded_channel();
        let mut settings = Settings::for_one_account("demo", "secret", arrived);
        settings.accounts[0].credits = 2;
        settings.log = Some(path.clone());
        let ledger = Ledger::open(&settings).unwrap();
        for text in ["disk \"full\"", "two\nlines \u{fc}"] {
            assert_eq!(ledger.accept(envelope(), text.to_owned(), 7, moment()), Reply::accepted("+4477331234567"));
        }
        assert_eq!(ledger.accept(envelope(), "no more".to_owned(), 7, moment()).code, 452);
        assert_eq!(ledger.account("demo").unwrap().credits, 0);
        let expected = "{\"time\":\"2026-03-01T12:00:00.25Z\",\"account\":\"demo\",\"sender\":\"ALERTS\",\
                        \"recipient\":\"+4477331234567\",\"text\":\"disk \\\"full\\\"\",\"session\":7,\"credits\":1}\n\
                        {\"time\":\"2026-03-01T12:00:00.25Z\",\"account\":\"demo\",\"sender\":\"ALERTS\",\
                        \"recipient\":\"+4477331234567\",\"text\":\"two\\nlines \u{fc}\",\"session\":7,\"credits\":0}\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(arrivals.try_recv().unwrap().credits, 1);
        assert_eq!(arrivals.try_recv().unwrap().text, "two\nlines \u{fc}");
        assert!(arrivals.try_recv().is_err());

        let account = Account { credits: 5, ..ledger.account("demo").unwrap() };
        ledger.set_account(account);
        assert_eq!(ledger.accept(envelope(), "topped up".to_owned(), 8, moment()).code, 250);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3, "appended");
    }

    #[test]
    fn without_a_log_nothing_is_accepted() {
        let mut settings = Settings { accounts: vec![Account::new("demo", "secret")], ..Settings::default() };
        settings.log = Some("/dev/full".into());
        let ledger = Ledger::open(&settings).unwrap();
        let before = ledger.account("demo").unwrap().credits;
        assert_eq!(ledger.accept(envelope(), "lost".to_owned(), 1, moment()).code, 451);
        assert_eq!(ledger.account("demo").unwrap().credits, before);
    }

    #[test]
    fn the_password_opens_its_own_account_only() {
        let accounts: Accounts = [Account::new("a", "one"), Account::new("b", "two")].into_iter().collect();
        let may = |user, password: &str| accounts.log_in(user, &SecretString::from(password)).is_some();
        assert!(may("a", "one") && may("b", "two"));
        assert!(!may("a", "two") && !may("b", "one") && !may("c", "one") && !may("a", ""));
    }
}
