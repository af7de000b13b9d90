//! What people are told, by a mail server that takes everything.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

use super::*;
use crate::smtp::Notify;
use crate::spool::Order;

/// A mail as the site's mail server got it.
struct Mail {
    to: String,
    text: String,
}

/// Starts the site's mail server, and has notices go there by a changed plan.
async fn site(bench: &Bench, change: impl FnOnce(&mut Plan)) -> UnboundedReceiver<Mail> {
    let (mails, arrived) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plan = Plan::clone(&bench.plan.borrow());
    plan.returns.relay_port = listener.local_addr().unwrap().port();
    change(&mut plan);
    bench.plan.send_replace(Arc::new(plan));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, &mails).await;
        }
    });
    arrived
}

/// One session with a client that makes no mistakes.
async fn serve(stream: TcpStream, mails: &UnboundedSender<Mail>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
    let mut to = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match &line[..4] {
            "MAIL" => {
                assert!(line.starts_with("MAIL FROM:<>"), "a notice has the null sender: {line}");
                "250 ok"
            }
            "RCPT" => {
                to = line["RCPT TO:<".len()..].trim_end_matches('>').to_owned();
                "250 ok"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.unwrap();
                let mut text = String::new();
                while let Some(line) = lines.next_line().await.unwrap().filter(|line| line != ".") {
                    text.push_str(&line);
                    text.push('\n');
                }
                mails.send(Mail { to: to.clone(), text }).unwrap();
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        // Who says goodbye need not wait for the answer.
        if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn next(mails: &mut UnboundedReceiver<Mail>) -> Mail {
    tokio::time::timeout(PATIENCE, mails.recv()).await.unwrap().unwrap()
}

async fn silence(mails: &mut UnboundedReceiver<Mail>) {
    let heard = tokio::time::timeout(Duration::from_secs(1800), mails.recv()).await;
    assert!(heard.is_err(), "{}", heard.unwrap().unwrap().text);
}

const ALL: Notify = Notify { success: true, failure: true, delay: true };
const NEVER: Notify = Notify { success: false, failure: false, delay: false };

#[tokio::test(start_paused = true)]
async fn who_asked_hears_that_it_was_relayed_and_who_asked_for_nothing_hears_nothing() {
    let (far, arrivals) = Far::open("a", 10).await;
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let _served = far.serve(arrivals);
    let mut mails = site(&bench, |_| {}).await;
    bench.start();
    bench.store_wishing(Some(NEVER), &["a"], &["x"]).await;
    bench.store(&["a"], &["x"]).await;
    bench.store_wishing(Some(ALL), &["a"], &["x"]).await;
    let mail = next(&mut mails).await;
    assert_eq!(mail.to, "root@site.example");
    assert!(mail.text.contains("Action: relayed"), "{}", mail.text);
    silence(&mut mails).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_long_hears_of_it_once_and_again_at_the_end() {
    let mut bench = Bench::new(vec![near("a", closed_port().await)]);
    let mut mails = site(&bench, |plan| {
        plan.returns.delay = Some(Duration::from_secs(4 * 3600));
        plan.returns.notify.clear();
    })
    .await;
    bench.start();
    let begin = tokio::time::Instant::now();
    let id = bench.store(&["a"], &["x"]).await;
    let mail = next(&mut mails).await;
    assert!(mail.text.contains("Action: delayed"), "{}", mail.text);
    let waited = begin.elapsed().as_secs();
    assert!((4 * 3600..4 * 3600 + 120).contains(&waited), "{waited} s");
    silence(&mut mails).await;
    bench.spool.order(Order::Cancel, vec![id], bench.clock.now()).await.unwrap();
    assert!(next(&mut mails).await.text.contains("Action: failed"));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn many_notices_to_one_sender_become_one() {
    let mut bench = Bench::new(vec![near("a", closed_port().await)]);
    let mut mails = site(&bench, |plan| {
        plan.returns.per_sender = Some(bounce::Allowed { count: 2, per: Duration::from_secs(3600) });
        plan.returns.notify.clear();
    })
    .await;
    let mut stored = Vec::new();
    for _ in 0..30 {
        stored.push(bench.store(&["a"], &["x"]).await);
    }
    bench.spool.order(Order::Cancel, stored, bench.clock.now()).await.unwrap();
    bench.start();
    for _ in 0..2 {
        assert!(next(&mut mails).await.text.contains("Action: failed"));
    }
    let summary = next(&mut mails).await.text;
    assert!(summary.contains("about 28 of your messages"), "{summary}");
    silence(&mut mails).await;
    assert_eq!(bench.spool.stats().await.unwrap().notices_owed, 0);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_nobody_takes_is_given_up_one_day() {
    let mut bench = Bench::new(vec![near("a", closed_port().await)]);
    let id = bench.store(&["a"], &["x"]).await;
    bench.spool.order(Order::Cancel, vec![id.clone()], bench.clock.now()).await.unwrap();
    bench.start();
    tokio::time::sleep(Duration::from_secs(4 * 24 * 3600)).await;
    assert_eq!(bench.spool.stats().await.unwrap().notices_owed, 1);
    tokio::time::sleep(Duration::from_secs(2 * 24 * 3600)).await;
    assert_eq!(bench.spool.stats().await.unwrap().notices_owed, 0);
    let history = bench.spool.letter(&id.letter).await.unwrap().unwrap().parcels.remove(0).history;
    let last = history.last().unwrap();
    assert_eq!(last.what, "notice failed");
    assert!(last.detail.starts_with("not sent in time"), "{}", last.detail);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn when_sms_is_down_the_text_goes_by_mail_once() {
    let mut bench = Bench::new(vec![near("a", closed_port().await)]);
    let mut mails = site(&bench, |plan| {
        plan.settings.escalate_after = Some(Duration::from_secs(900));
        plan.settings.escalate_to = vec![mailbox("oncall")];
        plan.returns.notify.clear();
    })
    .await;
    bench.start();
    for text in ["db1 down", "db2 down"] {
        bench.store(&["a"], &[text]).await;
    }
    let mail = next(&mut mails).await;
    assert_eq!(mail.to, "oncall@site.example");
    assert!(mail.text.contains("2 SMS not out after 15 min"), "{}", mail.text);
    assert!(mail.text.contains("db1 down") && mail.text.contains("db2 down"), "{}", mail.text);
    silence(&mut mails).await;
    bench.stop().await;
}
