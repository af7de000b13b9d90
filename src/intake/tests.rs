//! The front hall over a real spool, where its pure half cannot show what happens.

use std::time::Duration;

use super::*;
use crate::address::{self, RoutePrefix};
use crate::message;
use crate::rules::Rule;
use crate::sms::{self, Charset, Medium, Overflow, Template};
use crate::smtp::{Accepted, Answers, Content, Envelope};
use crate::spool::{Role, State};

/// A desk whose one rule rings a number for every mail that passes by.
fn desk() -> Desk {
    let template = Template::parse("{subject}").unwrap();
    let sms = sms::Settings { template, max_parts: 1, overflow: Overflow::Truncate, ellipsis: "...".to_owned() };
    let treatment = Treatment {
        action: Action::Send,
        sms: sms.clone(),
        sender: None,
        gateways: Vec::new(),
        priority: None,
        expire: None,
        topic: None,
    };
    let telephones = vec![Mailbox { local: "+447731234567".to_owned(), domain: None }];
    Desk::new(Settings {
        message: message::Settings::default(),
        address: address::Settings {
            domains: vec!["sms.example.com".to_owned()],
            numbering: address::Numbering::default(),
            aliases: Default::default(),
            routes: vec![RoutePrefix { prefix: "+".to_owned(), gateways: vec!["main".to_owned()] }],
            default_sender: "ALERTS".parse().unwrap(),
            sender_map: Vec::new(),
        },
        sms,
        rules: Vec::new(),
        rings: vec![Rule { name: "all".to_owned(), when: Vec::new(), then: Ring { telephones, treatment } }],
        media: [("main".to_owned(), Medium::new(Charset::Latin1, 160))].into(),
        ucs2: Default::default(),
        expire: Duration::from_secs(1000),
    })
}

fn passing(mail: &str) -> Letter {
    let from = "boss@site.example".parse().ok();
    let envelope = Envelope::by_command_line(from.into(), vec!["ann@site.example".parse().unwrap()]);
    Letter { envelope, content: Content::Mail, bytes: mail.into(), answers: Answers::PerRecipient }
}

#[tokio::test]
async fn a_mail_that_passes_by_twice_rings_once_and_its_author_hears_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let settings = crate::spool::Settings {
        path: directory.path().join("spool.db"),
        keep: Duration::from_secs(1000),
        dedup_window: Duration::from_secs(1000),
        limits: Default::default(),
    };
    let spool = Spool::open(&settings, Role::Relay).unwrap();
    let intake = Intake::new(desk(), spool.clone(), Clock::System);
    let mail = "From: boss@site.example\r\nMessage-ID: <1@site.example>\r\nSubject: disk full\r\n\r\n";
    let first = intake.ring(passing(mail)).await;
    let [Ok(Accepted::Queued { id })] = &first[..] else { panic!("{first:?}") };
    assert_eq!(intake.ring(passing(mail)).await, first);
    let letter = spool.letter(id).await.unwrap().unwrap();
    assert_eq!((letter.parcels.len(), letter.parcels[0].parcel.state), (1, State::Waiting));
    assert_eq!((letter.from.as_deref(), letter.notice_to), (Some("boss@site.example"), None));
}
