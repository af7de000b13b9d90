//! Clients that are slow, silent, endless or gone.

use super::*;
use crate::smtp::line::MAX_LINE;
use crate::smtp::{Notify, OriginalRecipient, ProxyProtocol, Returned};
use tokio::time::{Instant, sleep, timeout};

const GREETING: &str = "220 sms.example.com ESMTP telepost\r\n";
const GO_AHEAD: &str = "354 go ahead, end with a dot on a line by itself\r\n";
const SILENT: &str = "421 4.4.2 waited too long, goodbye\r\n";
const GOING_DOWN: &str = "421 4.3.2 going down, try again soon\r\n";

/// A visit that has come as far as the text of a message to `<to@d>`.
async fn in_text(settings: Settings, to: &str) -> Visit {
    let mut visit = Visit::begin(settings, "127.0.0.1", 1 << 20);
    visit.send(format!("HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<{to}@d>\r\nDATA\r\n").as_bytes()).await;
    visit.expect(GREETING).await;
    visit.expect("250 sms.example.com\r\n250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n").await;
    visit.expect(GO_AHEAD).await;
    visit
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_told_and_left() {
    let start = Instant::now();
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    assert_eq!(visit.rest().await, format!("{GREETING}{SILENT}"));
    assert_eq!(start.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn one_byte_a_minute_does_not_hold_a_place() {
    let start = Instant::now();
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    visit.expect(GREETING).await;
    while visit.client.write_all(b"N").await.is_ok() {
        sleep(Duration::from_secs(60)).await;
    }
    assert!(start.elapsed().as_secs() < 400, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_text_may_not_pause_for_long() {
    let mut visit = in_text(settings(), "c").await;
    let start = Instant::now();
    visit.send(b"some text\r\n").await;
    assert_eq!(visit.rest().await, SILENT);
    assert_eq!(start.elapsed().as_secs(), 180);
    assert!(visit.reception.taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_text_may_not_drip_for_ever() {
    let mut visit = in_text(settings(), "c").await;
    let start = Instant::now();
    while visit.client.write_all(b"x").await.is_ok() {
        sleep(Duration::from_secs(60)).await;
    }
    let hours = start.elapsed().as_secs_f64() / 3600.0;
    assert!((0.9..1.1).contains(&hours), "{hours}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_left() {
    let visit = Visit::begin(settings(), "127.0.0.1", 10);
    let start = Instant::now();
    visit.session.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_a_waiting_session() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCP").await;
    visit.expect(&format!("{GREETING}250 sms.example.com\r\n250 2.1.0 sender ok\r\n")).await;
    visit.shutdown.cancel();
    assert_eq!(visit.rest().await, GOING_DOWN);
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_a_text_finish() {
    let mut visit = in_text(settings(), "slow").await;
    visit.send(b"first\r\n").await;
    visit.let_it_work().await;
    visit.shutdown.cancel();
    sleep(Duration::from_secs(100)).await;
    visit.send(b"second\r\n.\r\n").await;
    assert_eq!(visit.rest().await, format!("250 2.0.0 queued as Q1\r\n{GOING_DOWN}"));
    assert_eq!(visit.reception.taken(), ["<a@b> -> <slow@d>: \"first\\r\\nsecond\\r\\n\""]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_a_text_for_ever() {
    let mut visit = in_text(settings(), "c").await;
    visit.shutdown.cancel();
    let start = Instant::now();
    while visit.client.write_all(b"x").await.is_ok() {
        sleep(Duration::from_secs(10)).await;
    }
    assert!((170..200).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(visit.reception.taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pipelined_group_is_answered_in_one_batch() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 10_000);
    visit.expect(GREETING).await;
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n").await;
    let mut heard = vec![0; 1000];
    let count = visit.client.read(&mut heard).await.unwrap();
    assert!(String::from_utf8_lossy(&heard[..count]).ends_with(GO_AHEAD));
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_read_refused_and_forgotten() {
    for protocol in [Protocol::Mail(Grammar::Smtp), Protocol::Mail(Grammar::Lmtp)] {
        let mut visit = Visit::begin(Settings { protocol, ..settings() }, "127.0.0.1", 1 << 20);
        let hello = if protocol == Protocol::Mail(Grammar::Smtp) { "EHLO" } else { "LHLO" };
        visit
            .send(format!("{hello} a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n").as_bytes())
            .await;
        visit.send("x".repeat(200_000).as_bytes()).await;
        visit.send(b"\r\n.\r\nNOOP\r\nQUIT\r\n").await;
        let heard = visit.rest().await;
        let refusals = heard.matches("552 5.3.4 a message has at most 1000 bytes\r\n").count();
        assert_eq!(refusals, if protocol == Protocol::Mail(Grammar::Smtp) { 1 } else { 2 });
        assert!(heard.contains("still here"), "{heard}");
        assert!(visit.reception.taken().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_without_end_is_cut_off() {
    let mut visit = in_text(settings(), "c").await;
    let piece = vec![b'x'; 1 << 20];
    let mut sent = 0_usize;
    while visit.client.write_all(&piece).await.is_ok() {
        sent += 1;
        assert!(sent < 100, "still reading");
    }
    assert!(sent > 60, "cut off after {sent} MB");
    assert_eq!(visit.rest().await, "552 5.3.4 a message has at most 1000 bytes\r\n");
}

/// Chunks over the limit are each refused, cost no memory, and the session goes on.
#[tokio::test(start_paused = true)]
async fn chunks_over_the_limit_are_refused() {
    let mut visit =
        Visit::begin(Settings { protocol: Protocol::Mail(Grammar::Lmtp), ..settings() }, "127.0.0.1", 1 << 20);
    visit.send(b"LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n").await;
    for command in ["BDAT 800", "BDAT 800", "BDAT 10", "BDAT 800 LAST"] {
        let size: usize = command.split(' ').nth(1).unwrap().parse().unwrap();
        visit.send(format!("{command}\r\n{}", "x".repeat(size)).as_bytes()).await;
    }
    visit.send(b"QUIT\r\n").await;
    let heard = visit.rest().await;
    let (_, after) = heard.split_once("250 2.0.0 800 bytes taken\r\n").unwrap();
    let refusal = "552 5.3.4 a message has at most 1000 bytes\r\n";
    assert_eq!(after, format!("{}221 2.0.0 sms.example.com says goodbye\r\n", refusal.repeat(4)));
    assert!(visit.reception.taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_chunk_of_absurd_size_is_not_read() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 18446744073709551615 LAST\r\n").await;
    assert!(visit.rest().await.ends_with("ok\r\n552 5.3.4 a message has at most 1000 bytes\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_was_promised_and_does_not_come() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 100 LAST\r\nhello\r\nQUIT\r\n").await;
    assert!(visit.rest().await.ends_with(SILENT));
    assert!(visit.reception.taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn long_lines_of_text_are_taken_and_of_commands_are_not() {
    let mut visit = in_text(Settings { max_message_size: 1 << 20, ..settings() }, "c").await;
    visit.send(format!("{}\r\n.\r\n", "x".repeat(100_000)).as_bytes()).await;
    visit.expect("250 2.0.0 queued as Q1\r\n").await;
    visit.send(format!("NOOP {}\r\nNOOP\r\n", "x".repeat(MAX_LINE)).as_bytes()).await;
    visit.expect("500 5.5.2 a command has at most 4096 bytes\r\n250 2.0.0 still here\r\n").await;
}

/// Whoever types through a tool that sends bare LF learns it at once.
#[tokio::test(start_paused = true)]
async fn a_bare_lf_is_told_without_waiting_for_crlf() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1000);
    visit.send(b"EHLO a\n").await;
    visit.expect(GREETING).await;
    visit.expect("500 5.5.2 a line ends with CR LF, and holds neither alone\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn whoever_only_talks_nonsense_is_left() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 10_000);
    visit.send(b"\x16\x03\x01\r\n".repeat(30).as_slice()).await;
    let heard = visit.rest().await;
    assert_eq!(heard.lines().count(), 1 + 20);
    assert!(heard.ends_with("421 4.7.0 too many mistakes, goodbye\r\n"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_recipients_cost_no_memory() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1 << 16);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\n").await;
    let (mut reader, mut writer) = tokio::io::split(visit.client);
    let writing = tokio::spawn(async move {
        for _ in 0..1000 {
            writer.write_all("RCPT TO:<c@d>\r\n".repeat(100).as_bytes()).await.unwrap();
        }
        writer.write_all(b"DATA\r\n.\r\nQUIT\r\n").await.unwrap();
    });
    let mut heard = String::new();
    reader.read_to_string(&mut heard).await.unwrap();
    writing.await.unwrap();
    assert_eq!(heard.matches("452 4.5.3").count(), 100_000 - 3);
    assert_eq!(visit.reception.taken(), ["<a@b> -> <c@d> <c@d> <c@d>: \"\""]);
}

#[tokio::test(start_paused = true)]
async fn a_half_closed_client_hears_all_its_answers() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1 << 16);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<slow@d>\r\nDATA\r\nhello\r\n.\r\n").await;
    visit.client.shutdown().await.unwrap();
    assert!(visit.rest().await.ends_with("250 2.0.0 queued as Q1\r\n"));
}

/// Once the dot was seen the letter is the reception's, whether the client still listens or not.
#[tokio::test(start_paused = true)]
async fn a_letter_once_handed_over_is_finished() {
    let mut visit = in_text(settings(), "slow").await;
    visit.send(b"hello\r\n.\r\n").await;
    visit.let_it_work().await;
    drop(visit.client);
    visit.session.await.unwrap();
    assert_eq!(visit.reception.taken().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_sender_wishes_to_hear_comes_along() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 10_000);
    visit.send(b"EHLO a\r\nMAIL FROM:<a@b> RET=HDRS ENVID=QQ+2B1\r\n").await;
    visit.send(b"RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+2B1@d\r\nRCPT TO:<e@f>\r\n").await;
    visit.send(b"DATA\r\n.\r\nQUIT\r\n").await;
    visit.rest().await;
    let letter = visit.reception.letters.lock().unwrap().remove(0);
    assert_eq!(letter.envelope.returned, Some(Returned::Headers));
    assert_eq!(letter.envelope.envelope_id.as_deref(), Some("QQ+1"));
    let [first, second] = &letter.envelope.recipients[..] else { panic!("two recipients") };
    assert_eq!(first.notify, Some(Notify { success: true, failure: false, delay: true }));
    assert_eq!(first.original, Some(OriginalRecipient { kind: "rfc822".into(), address: "c+1@d".into() }));
    assert_eq!(*second, Recipient::from(Mailbox { local: "e".into(), domain: Some("f".into()) }));
}

#[tokio::test(start_paused = true)]
async fn mail_that_goes_in_circles_is_refused() {
    let mut visit = in_text(Settings { max_message_size: 10_000, ..settings() }, "c").await;
    visit.send(format!("{}\r\nhello\r\n.\r\n", "Received: x\r\n".repeat(51)).as_bytes()).await;
    visit.expect("554 5.4.6 mail loop: more than 50 Received headers\r\n").await;
    assert!(visit.reception.taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reception_that_never_answers_is_not_waited_for() {
    struct Stuck;
    impl Reception for Stuck {
        fn may_accept(&self, _: &Mailbox, _: &Permit) -> Result<(), Reply> {
            Ok(())
        }
        async fn receive(&self, _: Letter) -> Vec<Verdict> {
            std::future::pending().await
        }
        fn is_ours(&self, _: &Mailbox) -> bool {
            true
        }
        fn may_ring(&self) -> bool {
            false
        }
        async fn ring(&self, _: Letter) -> Vec<Verdict> {
            Vec::new()
        }
    }
    let (mut client, server) = duplex(10_000);
    let stuck = connection::run(server, None, shared(settings()), Arc::new(Stuck), CancellationToken::new());
    let session = tokio::spawn(stuck);
    client.write_all(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\n").await.unwrap();
    let mut heard = String::new();
    timeout(Duration::from_secs(600), client.read_to_string(&mut heard)).await.unwrap().unwrap();
    assert!(heard.contains("451 4.3.0 took too long, try again later\r\n221 "), "{heard}");
    session.await.unwrap();
}

/// Wrong passwords are answered ever later, until the address is not listened to any more.
#[tokio::test(start_paused = true)]
async fn guessing_passwords_is_slow_and_ends() {
    let users = users_file();
    let settings = Settings { users: Some(users.path().to_owned()), ..settings() };
    let shared = shared(settings);
    let mut visit = Visit::with(Arc::clone(&shared), "127.0.0.1", 10_000);
    visit.expect(GREETING).await;
    visit.send(b"HELO a\r\n").await;
    visit.expect("250 sms.example.com\r\n").await;
    let start = Instant::now();
    for _ in 0..10 {
        visit.send(b"AUTH PLAIN AGpvZQB3cm9uZw==\r\n").await;
        visit.expect("535 5.7.8 name or password are wrong\r\n").await;
    }
    assert_eq!(start.elapsed().as_millis(), 500 + 1000 + 2000 + 4000 + 6 * 8000);
    visit.send(b"AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n").await;
    let blocked = "421 4.7.0 too many failed logins from your address, try again later\r\n";
    assert_eq!(visit.rest().await, blocked);
    // Another connection does not help; waiting does. Mail without a login goes on.
    let mut visit = Visit::with(Arc::clone(&shared), "127.0.0.1", 10_000);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRSET\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n").await;
    let heard = visit.rest().await;
    assert!(heard.contains("250 2.1.0 sender ok\r\n") && heard.ends_with(blocked), "{heard}");
    sleep(Duration::from_secs(15 * 60)).await;
    let mut visit = Visit::with(shared, "127.0.0.1", 10_000);
    visit.send(b"HELO a\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\nQUIT\r\n").await;
    assert!(visit.rest().await.contains("235 2.7.0 welcome, joe\r\n"));
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_ends_the_login_only() {
    let users = users_file();
    let settings = Settings { users: Some(users.path().to_owned()), ..settings() };
    let mut visit = Visit::begin(settings, "127.0.0.1", 100_000);
    visit.send(b"HELO a\r\nAUTH LOGIN\r\n").await;
    visit.send(format!("{}\r\nNOOP\r\n", "YQ".repeat(MAX_LINE)).as_bytes()).await;
    visit.expect(GREETING).await;
    visit.expect("250 sms.example.com\r\n334 VXNlcm5hbWU6\r\n").await;
    visit.expect("500 5.5.6 an answer has at most 4096 characters\r\n250 2.0.0 still here\r\n").await;
}

/// Whoever is no proxy could write any address into a header, and a proxy without one hides somebody.
#[tokio::test(start_paused = true)]
async fn without_a_proxys_header_nobody_is_served() {
    let proxies = vec![Network { address: "10.0.0.0".parse().unwrap(), prefix_length: 8 }];
    let settings = Settings { proxies, proxy_protocol: ProxyProtocol::Required, ..settings() };
    let header = "PROXY TCP4 127.0.0.1 10.0.0.1 56324 25\r\n";
    for (address, sent, served) in
        [("10.1.2.3", header, true), ("10.1.2.3", "EHLO client\r\n", false), ("192.0.2.7", header, false)]
    {
        let mut visit = Visit::begin(settings.clone(), address, 10_000);
        visit.send(sent.as_bytes()).await;
        visit.client.shutdown().await.unwrap();
        assert_eq!(visit.rest().await, if served { GREETING } else { "" }, "{address} {sent}");
    }
}

/// With room for one big message at a time the second waits, with its client held back, and nothing is lost.
#[tokio::test(start_paused = true)]
async fn messages_wait_for_memory() {
    let settings = Settings { max_message_size: 1_000_000, ..settings() };
    let shared = Arc::new(Shared::open(settings, Budget::new(1_100_000)).unwrap());
    let begin = b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";
    let half = vec![b'x'; 500_000];
    let mut first = Visit::with(Arc::clone(&shared), "127.0.0.1", 1 << 16);
    first.send(begin).await;
    first.send(&half).await;
    let mut second = Visit::with(Arc::clone(&shared), "127.0.0.1", 1 << 16);
    second.send(begin).await;
    // It gets its first share and the pipe's worth, and then has to wait.
    assert!(timeout(Duration::from_secs(50), second.client.write_all(&half)).await.is_err());
    first.send(b"\r\n.\r\nQUIT\r\n").await;
    assert!(first.rest().await.contains("250 2.0.0 queued as Q1\r\n"));
    let sent = timeout(Duration::from_secs(50), second.client.write_all(b"\r\n.\r\nQUIT\r\n")).await;
    sent.unwrap().unwrap();
    assert!(second.rest().await.contains("250 2.0.0 queued as Q1\r\n"));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_memory_for_ever() {
    let settings = Settings { max_message_size: 1_000_000, ..settings() };
    let shared = Arc::new(Shared::open(settings, Budget::new(1)).unwrap());
    let begin = b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
    let mut first = Visit::with(Arc::clone(&shared), "127.0.0.1", 1 << 16);
    first.send(begin).await;
    first.send(b"DATA\r\nsome\r\n").await;
    first.let_it_work().await;
    for command in ["DATA\r\n", "BDAT 70000 LAST\r\n"] {
        let start = Instant::now();
        let mut second = Visit::with(Arc::clone(&shared), "127.0.0.1", 1 << 16);
        second.send(begin).await;
        second.send(command.as_bytes()).await;
        let heard = second.rest().await;
        assert!(heard.ends_with("421 4.3.1 too many messages at once, try again soon\r\n"), "{heard}");
        assert_eq!(start.elapsed().as_secs(), 100);
        first.send(b"more\r\n").await;
        first.let_it_work().await;
    }
    // Whoever has its share is not disturbed, and what it gives back is for others.
    first.send(b".\r\nQUIT\r\n").await;
    assert!(first.rest().await.contains("250 2.0.0 queued as Q1\r\n"));
    let mut third = Visit::with(shared, "127.0.0.1", 1 << 16);
    third.send(begin).await;
    third.send(b"DATA\r\n.\r\nQUIT\r\n").await;
    assert!(third.rest().await.contains("250 2.0.0 queued as Q1\r\n"));
}

/// Ten thousand of them wait at once: 150 MB would be 15 KB for each, with what the system takes for its socket.
#[tokio::test(start_paused = true)]
async fn an_idle_session_is_small() {
    let (_client, server) = duplex(100);
    let reception = Arc::new(FakeReception::default());
    let session = connection::run(server, None, shared(settings()), reception, CancellationToken::new());
    let size = size_of_val(&session);
    assert!(size < 4096, "{size} bytes");
}

#[tokio::test(start_paused = true)]
async fn mail_that_we_sent_does_not_come_in_again() {
    let mut visit = in_text(settings(), "c").await;
    visit.send(b"X-Telepost-Loop: sms.example.com\r\n\r\nhello\r\n.\r\n").await;
    visit.expect("554 5.4.6 mail loop: this came from here\r\n").await;
    assert!(visit.reception.taken().is_empty());
}

/// A word every few minutes is no reason to keep a place.
#[tokio::test(start_paused = true)]
async fn a_client_that_only_chats_is_left() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 100_000);
    visit.send("NOOP\r\nRSET\r\n".repeat(60).as_bytes()).await;
    let heard = visit.rest().await;
    assert_eq!(heard.matches("250 ").count(), 100);
    assert!(heard.ends_with("421 4.7.0 much talk and no message, goodbye\r\n"), "{heard}");

    // Whoever sends messages may say RSET between them as long as it likes.
    let mut visit = Visit::begin(settings(), "127.0.0.1", 1 << 20);
    visit.send(b"HELO a\r\n").await;
    let message = "RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n";
    visit.send(message.repeat(300).as_bytes()).await;
    visit.send(b"QUIT\r\n").await;
    assert_eq!(visit.rest().await.matches("queued as").count(), 300);
}

/// A message given up by RSET takes no memory from others.
#[tokio::test(start_paused = true)]
async fn memory_of_a_message_given_up_is_free_again() {
    let shared = Arc::new(Shared::open(settings(), Budget::new(1)).unwrap());
    let begin = b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
    let mut first = Visit::with(Arc::clone(&shared), "127.0.0.1", 1 << 16);
    first.send(begin).await;
    first.send(b"BDAT 5\r\n").await;
    first.let_it_work().await;
    first.send(b"hello").await;
    first.until("5 bytes taken\r\n").await;
    first.send(b"RSET\r\n").await;
    first.until("forgotten\r\n").await;
    let mut second = Visit::with(shared, "127.0.0.1", 1 << 16);
    second.send(begin).await;
    second.send(b"DATA\r\n.\r\nQUIT\r\n").await;
    assert!(second.rest().await.contains("250 2.0.0 queued as Q1\r\n"));
}
