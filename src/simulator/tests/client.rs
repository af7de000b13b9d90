//! Our own client against it: what each fault comes to.
//!
//! The expectations follow the tables at the head of the client's `verdict` and of the faults here, one by one.
//! Counted besides is what the gateway has really accepted, which is what makes `Unknown` unknown.

use std::time::Duration;

use secrecy::SecretString;

use super::*;
use crate::address::{Number, SenderId};
use crate::gateway::{self, ConnectError, Gateway, OnUnknown, Outcome, Protocol, Submission};
use crate::sms::{self, Encoding, Medium};

fn gateway() -> Gateway {
    Gateway::new(gateway::Settings {
        name: "simulated".to_owned(),
        protocol: Protocol::SmsItaly,
        host: "gateway.invalid".to_owned(),
        port: 25,
        username: USER.to_owned(),
        password: SecretString::from(PASSWORD),
        sessions: 1,
        rate: None,
        medium: Medium::new(sms::Charset::Latin1, 160),
        on_unknown: OnUnknown::Retry,
        low_credit: 0,
        pipelining: false,
        keep_alive: None,
        idle: Duration::from_secs(60),
        slow_after: None,
        timeouts: gateway::Timeouts::default(),
    })
}

/// How far our client comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Greeting,
    Unavailable,
    Login,
    Dialect,
    Lost,
    Sent,
    Retry,
    Unknown,
    Refused,
    Blocked,
}

impl From<&ConnectError> for Seen {
    fn from(error: &ConnectError) -> Seen {
        match error {
            ConnectError::Greeting { .. } => Seen::Greeting,
            ConnectError::Unavailable { .. } => Seen::Unavailable,
            ConnectError::Login { .. } => Seen::Login,
            ConnectError::Lost { .. } => Seen::Lost,
            ConnectError::Dialect { .. } => Seen::Dialect,
            ConnectError::NoLogin { .. } | ConnectError::Unreachable { .. } => panic!("{error}"),
        }
    }
}

impl From<&Outcome> for Seen {
    fn from(outcome: &Outcome) -> Seen {
        match outcome {
            Outcome::Sent { .. } => Seen::Sent,
            Outcome::Retry { .. } => Seen::Retry,
            Outcome::Unknown { .. } => Seen::Unknown,
            Outcome::Refused { .. } => Seen::Refused,
            Outcome::Blocked { .. } => Seen::Blocked,
        }
    }
}

async fn submit(session: &mut gateway::Session, text: &str) -> Outcome {
    let (number, sender): (_, SenderId) = (Number::from_e164("+4477331234567").unwrap(), "ALERTS".parse().unwrap());
    let submission = Submission { number: &number, sender: &sender, encoding: Encoding::Latin1, text };
    session.submit(&submission).await
}

/// Logs in, submits once, says goodbye.
async fn visit(faults: &[&str]) -> (Seen, Vec<AcceptedSms>) {
    let Visit { stream, mut arrivals, .. } = Visit::begin(with_faults(faults));
    let seen = match gateway().log_in(stream).await {
        Err(error) => Seen::from(&error),
        Ok(mut session) => {
            let outcome = submit(&mut session, "disk full\n.on db1: gr\u{fc}n").await;
            session.quit().await;
            Seen::from(&outcome)
        }
    };
    (seen, std::iter::from_fn(|| arrivals.try_recv().ok()).collect())
}

#[tokio::test(start_paused = true)]
async fn what_our_client_submits_arrives() {
    let (seen, accepted) = visit(&[]).await;
    assert_eq!(seen, Seen::Sent);
    let [sms] = &accepted[..] else { panic!("{accepted:?}") };
    assert_eq!((sms.account.as_str(), sms.sender.as_str(), sms.recipient.as_str()), (USER, "ALERTS", "+4477331234567"));
    assert_eq!((sms.text.as_str(), sms.session, sms.credits), ("disk full\n.on db1: gr\u{fc}n", 7, 2));
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_stage() {
    use Seen::*;
    // In the order: close hang tempfail permfail garbage codeless coded lone-lf split drop-reply.
    let door = [Lost, Lost, Greeting, Greeting, Greeting, Greeting, Sent, Sent, Sent, Lost];
    let hello = [Lost, Lost, Unavailable, Dialect, Dialect, Dialect, Sent, Sent, Sent, Lost];
    let login = [Lost, Lost, Unavailable, Login, Dialect, Dialect, Sent, Sent, Sent, Lost];
    let command = [Retry, Retry, Retry, Refused, Retry, Retry, Sent, Sent, Sent, Retry];
    let text = [Unknown, Unknown, Retry, Refused, Unknown, Sent, Sent, Sent, Sent, Unknown];
    let table = [
        ("connect", door),
        ("greeting", door),
        ("ehlo", hello),
        ("auth", login),
        ("user", login),
        ("password", login),
        ("mail", command),
        ("rcpt", command),
        ("data", command),
        ("text", text),
        ("quit", [Sent; 10]),
    ];
    let actions =
        ["close", "hang", "tempfail", "permfail", "garbage", "codeless", "coded", "lone-lf", "split", "drop-reply"];
    for (stage, row) in table {
        for (action, expected) in actions.into_iter().zip(row) {
            let (seen, accepted) = visit(&[&format!("{stage}:{action}")]).await;
            assert_eq!(seen, expected, "{stage}:{action}");
            let is_accepted = seen == Sent || (stage == "text" && ["garbage", "drop-reply"].contains(&action));
            assert_eq!(accepted.len(), usize::from(is_accepted), "{stage}:{action}");
        }
        let (seen, accepted) = visit(&[&format!("{stage}:delay=1000")]).await;
        assert_eq!((seen, accepted.len()), (Sent, 1), "{stage}:delay");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_too_late_is_no_answer() {
    let table = [
        ("greeting:delay=31000", Seen::Lost, 0),
        ("password:delay=31000", Seen::Lost, 0),
        ("rcpt:delay=31000", Seen::Retry, 0),
        ("text:delay=119000", Seen::Sent, 1),
        ("text:delay=121000", Seen::Unknown, 1),
    ];
    for (fault, expected, accepted) in table {
        let (seen, sms) = visit(&[fault]).await;
        assert_eq!((seen, sms.len()), (expected, accepted), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn our_client_hears_of_the_account() {
    let Visit { stream, session: simulated, .. } = Visit::begin(settings());
    let mut session = gateway().log_in(stream).await.unwrap();
    let account = session.account().cloned().unwrap();
    assert_eq!(account.credits, Some(gateway::Credits::whole(3)));
    assert_eq!((account.id.as_deref(), account.status.as_deref()), (Some("77"), Some("ACTIVE")));
    for text in ["one", "two", "three"] {
        assert_eq!(Seen::from(&submit(&mut session, text).await), Seen::Sent);
    }
    let outcome = submit(&mut session, "four").await;
    assert_eq!(outcome, Outcome::Blocked { reason: "452 No credits left".to_owned() });
    assert!(session.is_open() && session.keep_alive().await.is_ok());
    session.quit().await;
    simulated.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_blocked_account_or_a_wrong_password_is_account_trouble() {
    let mut blocked = settings();
    blocked.accounts[0].status = "BLOCKED".to_owned();
    let mut changed = settings();
    changed.accounts[0].password = SecretString::from("changed");
    for settings in [blocked, changed] {
        let error = gateway().log_in(Visit::begin(settings).stream).await.err().unwrap();
        assert!(error.is_account_trouble(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_kept_over_many_submissions() {
    let mut settings = with_faults(&["text:coded:0.5", "mail:split:0.5", "rcpt:lone-lf:0.5", "data:delay=40:0.5"]);
    settings.accounts[0].credits = 200;
    let Visit { stream, mut arrivals, .. } = Visit::begin(settings);
    let mut session = gateway().log_in(stream).await.unwrap();
    for n in 0..200 {
        let outcome = submit(&mut session, &format!("number {n}")).await;
        assert_eq!(Seen::from(&outcome), Seen::Sent, "{outcome:?}");
        assert_eq!(arrivals.recv().await.unwrap().text, format!("number {n}"));
    }
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(session.may_submit().await);
}
