//! Each pure room alone, and the spool alone: `cargo bench --bench rooms`.
//!
//! Against a whole relay, Postfix beside it, `benches/side-by-side` measures. The spool lies in the system's folder for
//! temporary files: where that is memory, its figures tell nothing of a disk.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use telepost::address::{self, Number, Numbering, RoutePrefix};
use telepost::clock::later;
use telepost::message;
use telepost::rules::{Mail, judge};
use telepost::sms::{self, Charset, Encoding, Medium, Overflow, Part, Template};
use telepost::smtp::{Mailbox, ReversePath};
use telepost::spool::{self, Fate, NewLetter, NewParcel, Note, Priority, Role, Spool};

const GATEWAY: &str = "gateway";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Letters that come at the same moment: one transaction.
const CROWD: usize = 200;

/// 1 KB as monitoring writes it.
fn plain_mail() -> Vec<u8> {
    let head = "From: Nagios <nagios@example.com>\r\nTo: <oncall@sms.example.com>\r\nSubject: PROBLEM web1 disk\r\n\
                Date: Sun, 1 Mar 2026 03:00:00 +0000\r\nMessage-ID: <1.2@example.com>\r\n\r\n";
    let line = "web1: disk /var is at 93 %, growing by 2 GB an hour\r\n";
    format!("{head}{}", line.repeat(16)).into_bytes()
}

/// 10 KB of HTML with its plain text, as ticket systems write it.
fn multipart_mail() -> Vec<u8> {
    let row =
        "<tr><td style=\"font-family:Arial\">web1</td><td>disk /var at <b>93&nbsp;%</b> f&uuml;r heute</td></tr>\r\n";
    let text = "Server web1: Platte /var fast voll, heute früh über 93 % belegt\r\n".repeat(20);
    format!(
        "From: Tickets <tickets@example.com>\r\nTo: <oncall@sms.example.com>\r\nSubject: =?utf-8?q?St=C3=B6rung?= web1\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=limit\r\n\r\n--limit\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--limit\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><table>{}</table></body></html>\r\n--limit--\r\n",
        row.repeat(90)
    )
    .into_bytes()
}

fn sms_settings() -> sms::Settings {
    let template = Template::parse("{subject}: {body}").unwrap();
    sms::Settings { template, max_parts: 3, overflow: Overflow::Split, ellipsis: "...".to_owned() }
}

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message");
    for (name, mail) in [("plain, 1 KB", plain_mail()), ("multipart, 10 KB", multipart_mail())] {
        group.throughput(Throughput::Bytes(mail.len() as u64));
        let settings = message::Settings::default();
        group.bench_function(name, |bencher| bencher.iter(|| message::extract(black_box(&mail), &settings).unwrap()));
    }
    group.finish();
}

fn addresses(criterion: &mut Criterion) {
    let settings = address::Settings {
        domains: vec!["sms.example.com".to_owned()],
        numbering: Numbering {
            country_code: Some("39".to_owned()),
            trunk_prefix: "0".to_owned(),
            ..Numbering::default()
        },
        aliases: BTreeMap::from([("oncall".to_owned(), vec![Number::from_e164("+447731234567").unwrap()])]),
        routes: vec![RoutePrefix { prefix: "+".to_owned(), gateways: vec![GATEWAY.to_owned()] }],
        default_sender: "ALERTS".parse().unwrap(),
        sender_map: Vec::new(),
    };
    let mut group = criterion.benchmark_group("address");
    for local in ["oncall", "00447731234567", "333 1234567"] {
        let mailbox = Mailbox { local: local.to_owned(), domain: Some("sms.example.com".to_owned()) };
        group.bench_function(local, |bencher| {
            bencher.iter(|| address::resolve(&settings, black_box(&mailbox)).unwrap())
        });
    }
    group.finish();
}

/// The shipped profiles: the first of them fits, or none.
fn rules(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/monitoring");
    let rules = telepost::config::profiles(&folder).unwrap().rules;
    let alert = std::fs::read(folder.join("nagios.problem.eml")).unwrap();
    let mut group = criterion.benchmark_group("rules");
    for (name, mail) in [("fits", alert), ("fits none, 1 KB", plain_mail()), ("fits none, 10 KB", multipart_mail())] {
        let text = message::extract(&mail, &message::Settings::default()).unwrap();
        let mail = Mail { text: &text, envelope_from: None, to: ["oncall@sms.example.com", "+447731234567"] };
        group.bench_function(name, |bencher| bencher.iter(|| judge(&rules, black_box(&mail))));
    }
    group.finish();
}

fn texts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sms");
    let settings = sms_settings();
    let cut = sms::Settings { overflow: Overflow::Truncate, ..settings.clone() };
    for (name, mail, settings) in [
        ("ASCII, cut", plain_mail(), &cut),
        ("ASCII, three parts", plain_mail(), &settings),
        ("beyond ASCII, three parts", multipart_mail(), &settings),
    ] {
        let text = message::extract(&mail, &message::Settings::default()).unwrap();
        let medium = Medium::new(Charset::Latin1, 160);
        group.bench_function(name, |bencher| {
            bencher.iter(|| sms::compose(&sms::Fields::new(black_box(&text)), &medium, settings).unwrap())
        });
    }
    group.finish();
}

fn letter(n: usize) -> NewLetter {
    let accepted = Timestamp::now();
    let text = format!("PROBLEM web{n} disk: web{n}: disk /var is at 93 %, growing by 2 GB an hour");
    let monitor = Mailbox { local: "monitor".to_owned(), domain: Some("example.com".to_owned()) };
    NewLetter {
        from: ReversePath::Mailbox(monitor.clone()),
        notice_to: Some(monitor),
        message_id: Some(format!("{n}.{accepted}@example.com")),
        subject: format!("PROBLEM web{n} disk"),
        headers: "From: monitor@example.com\nSubject: PROBLEM web disk\n".to_owned(),
        source: "127.0.0.1 bench".to_owned(),
        accepted,
        returned: None,
        envelope_id: None,
        parcels: vec![NewParcel {
            address: "+447731234567@sms.example.com".to_owned(),
            number: Number::from_e164("+447731234567").unwrap(),
            sender: "ALERTS".parse().unwrap(),
            gateways: vec![GATEWAY.to_owned()],
            expires: later(accepted, 2 * DAY),
            priority: Priority::Normal,
            topic: None,
            notify: None,
            original: None,
            remark: None,
            fate: Fate::Waiting { encoding: Encoding::Latin1, parts: vec![Part { units: text.len(), text }] },
        }],
    }
}

async fn commit(spool: &Spool, letters: Vec<NewLetter>) {
    let committing: Vec<_> = letters
        .into_iter()
        .map(|letter| {
            let spool = spool.clone();
            tokio::spawn(async move { spool.commit(letter).await.unwrap() })
        })
        .collect();
    for done in committing {
        done.await.unwrap();
    }
}

/// Takes a crowd and records that each was sent, as so many sessions would.
async fn deliver(spool: &Spool) {
    let claimed = spool.claim(GATEWAY, Timestamp::now(), CROWD).await.unwrap();
    let noting: Vec<_> = claimed
        .into_iter()
        .map(|parcel| {
            let (spool, note) = (spool.clone(), Note::PartAccepted { reply: "250 accepted".to_owned() });
            tokio::spawn(async move { spool.note(&parcel.id, note, Timestamp::now()).await.unwrap() })
        })
        .collect();
    for done in noting {
        done.await.unwrap();
    }
}

fn spools(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    let settings = spool::Settings { path, keep: DAY, dedup_window: DAY, limits: Arc::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let spool = Spool::open(&settings, Role::Relay).unwrap();
    let crowd = |size: usize| move || (0..size).map(letter).collect::<Vec<_>>();
    let mut group = criterion.benchmark_group("spool");
    for (name, size) in [("commit, one letter", 1), ("commit, 200 letters at once", CROWD)] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                crowd(size),
                |letters| runtime.block_on(commit(&spool, letters)),
                BatchSize::PerIteration,
            );
        });
    }
    group.throughput(Throughput::Elements(CROWD as u64));
    group.bench_function("claim and note, 200 parcels", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(commit(&spool, crowd(CROWD)())),
            |()| runtime.block_on(deliver(&spool)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    drop(spool);
}

criterion_group!(rooms, messages, addresses, rules, texts, spools);
criterion_main!(rooms);
