//! Gateways that are down, blocked, slow, held, gone or new.

use super::*;
use crate::spool::{GatewayHold, HeldBy};

#[tokio::test(start_paused = true)]
async fn a_message_goes_out_and_an_idle_session_is_kept() {
    let (far, arrivals) = Far::open("a", 100).await;
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let mut served = far.serve(arrivals);
    bench.start();
    let first = bench.store(&["a"], &["one", "two"]).await;
    bench.until(&first, State::Sent).await;
    // Nobody would wait that long for a session that was closed after a minute, nor would it be the same one.
    tokio::time::sleep(Duration::from_secs(200)).await;
    let second = bench.store(&["a"], &["three"]).await;
    bench.until(&second, State::Sent).await;
    let sms: Vec<_> = std::iter::from_fn(|| served.arrivals.try_recv().ok()).collect();
    assert_eq!(sms.iter().map(|sms| sms.text.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
    assert_eq!(sms[0].session, sms[2].session);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn when_one_is_down_the_next_takes_over_and_only_one_message_has_burnt_tries() {
    let (spare, arrivals) = Far::open("spare", 100).await;
    let down = near("down", closed_port().await);
    let mut bench = Bench::new(vec![gateway::Settings { sessions: 1, ..down }, spare.settings.clone()]);
    let served = spare.serve(arrivals);
    let mut stored = Vec::new();
    for _ in 0..20 {
        stored.push(bench.store(&["down", "spare"], &["x"]).await);
    }
    bench.start();
    for id in &stored {
        bench.until(id, State::Sent).await;
    }
    let mut burnt = 0;
    for id in &stored {
        let parcel = bench.parcel(id).await;
        assert_eq!(parcel.gateway, "spare");
        burnt += parcel.attempts - 1;
    }
    assert!(burnt <= 3, "{burnt} tries for nothing");
    assert_eq!(bench.memos().await, ["the gateway down can't send"]);
    bench.stop().await;
    served.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn what_is_begun_waits_for_its_gateway() {
    let (spare, arrivals) = Far::open("spare", 100).await;
    let mut bench = Bench::new(vec![near("down", closed_port().await), spare.settings.clone()]);
    let _served = spare.serve(arrivals);
    let begun = bench.store(&["down", "spare"], &["one", "two"]).await;
    bench.spool.claim("down", bench.clock.now(), 1).await.unwrap();
    let accepted = crate::spool::Note::PartAccepted { reply: "ok".to_owned() };
    bench.spool.note(&begun, accepted, bench.clock.now()).await.unwrap();
    bench.start();
    let fresh = bench.store(&["down", "spare"], &["x"]).await;
    bench.until(&fresh, State::Sent).await;
    tokio::time::sleep(Duration::from_secs(4000)).await;
    let parcel = bench.parcel(&begun).await;
    assert_eq!((parcel.state, parcel.gateway.as_str(), parcel.accepted_parts), (State::Waiting, "down", 1));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_credit_the_gateway_is_held_and_not_the_message_failed() {
    let (far, arrivals) = Far::open("a", 1).await;
    let ledger = far.simulator.ledger();
    let mut bench = Bench::new(vec![gateway::Settings { sessions: 1, ..far.settings.clone() }]);
    let _served = far.serve(arrivals);
    bench.start();
    let mut stored = Vec::new();
    for _ in 0..5 {
        stored.push(bench.store(&["a"], &["x"]).await);
    }
    bench.until(&stored[0], State::Sent).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let waiting = bench.parcel(&stored[4]).await;
    assert_eq!((waiting.state, waiting.attempts), (State::Waiting, 0));
    assert_eq!(bench.memos().await, ["the gateway a can't send"], "one for the trouble, not for each message");
    let held = bench.spool.gateway_statuses().await.unwrap().remove(0).hold.unwrap();
    assert_eq!((held.by, held.reason.as_str()), (HeldBy::Relay, "452 No credits left"));

    let topped_up = simulator::Account { credits: 50, ..ledger.account("user").unwrap() };
    ledger.set_account(topped_up);
    bench.until(&stored[4], State::Sent).await;
    assert_eq!(bench.spool.gateway_statuses().await.unwrap()[0].hold, None);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_may_not_log_in_is_looked_at_rarely_until_an_operator_says_so() {
    let (far, arrivals) = Far::open("a", 10).await;
    let ledger = far.simulator.ledger();
    let blocked = simulator::Account { status: "BLOCKED".to_owned(), ..ledger.account("user").unwrap() };
    ledger.set_account(blocked);
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let _served = far.serve(arrivals);
    bench.start();
    let id = bench.store(&["a"], &["x"]).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(bench.spool.gateway_statuses().await.unwrap()[0].hold.is_some());
    let mended = simulator::Account { status: "ACTIVE".to_owned(), ..ledger.account("user").unwrap() };
    ledger.set_account(mended);
    let before = tokio::time::Instant::now();
    bench.spool.release_gateway("a", bench.clock.now()).await.unwrap();
    bench.until(&id, State::Sent).await;
    assert!(before.elapsed() < Duration::from_secs(10), "at once, not with the next probe");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_holds_a_gateway_and_lets_it_go() {
    let (far, arrivals) = Far::open("a", 10).await;
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let _served = far.serve(arrivals);
    let hold = GatewayHold { by: HeldBy::Operator, reason: "held by an operator".to_owned(), since: bench.clock.now() };
    bench.spool.hold_gateway("a", hold).await.unwrap();
    bench.start();
    let id = bench.store(&["a"], &["x"]).await;
    tokio::time::sleep(Duration::from_secs(5000)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Waiting);
    bench.spool.release_gateway("a", bench.clock.now()).await.unwrap();
    bench.until(&id, State::Sent).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_is_heard_while_every_session_is_busy() {
    let (far, mut arrivals) = Far::open_with("a", 1000, &["text:delay=1000"]).await;
    let settings = gateway::Settings { sessions: 1, ..far.settings.clone() };
    let mut bench = Bench::new(vec![settings]);
    let mut stored = Vec::new();
    for _ in 0..100 {
        stored.push(bench.store(&["a"], &["x"]).await);
    }
    tokio::spawn(far.simulator.run(CancellationToken::new()));
    bench.start();
    bench.until(&stored[9], State::Sent).await;
    let hold = GatewayHold { by: HeldBy::Operator, reason: "held by an operator".to_owned(), since: bench.clock.now() };
    bench.spool.hold_gateway("a", hold).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let went = std::iter::from_fn(|| arrivals.try_recv().ok()).count();
    assert!((10..15).contains(&went), "{went} went out");
    assert_eq!(bench.parcel(&stored[99]).await.state, State::Waiting);
    bench.spool.release_gateway("a", bench.clock.now()).await.unwrap();
    bench.until(&stored[99], State::Sent).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn credits_that_run_low_are_told_once_for_each_crossing() {
    let (far, arrivals) = Far::open("a", 5).await;
    let ledger = far.simulator.ledger();
    let settings = gateway::Settings { low_credit: 10, idle: Duration::from_secs(1), ..far.settings.clone() };
    let mut bench = Bench::new(vec![settings]);
    let _served = far.serve(arrivals);
    bench.start();
    for (credits, told) in [(5, 1), (4, 1), (100, 1), (7, 2)] {
        ledger.set_account(simulator::Account { credits, ..ledger.account("user").unwrap() });
        // Each goes by a session of its own, and a login tells the credits.
        let id = bench.store(&["a"], &["x"]).await;
        bench.until(&id, State::Sent).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(bench.memos().await.len(), told, "{credits} credits");
    }
    assert!(bench.memos().await.contains(&"few credits left at a: 5".to_owned()));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_gateway_that_is_gone_move_or_are_held() {
    let (far, arrivals) = Far::open("a", 10).await;
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let _served = far.serve(arrivals);
    let moves = bench.store(&["gone", "a"], &["x"]).await;
    let lost = bench.store(&["gone"], &["x"]).await;
    bench.start();
    bench.until(&moves, State::Sent).await;
    bench.until(&lost, State::Held).await;
    let reason = bench.parcel(&lost).await.last_reply;
    assert_eq!(reason.as_deref(), Some("none of its gateways is configured any more"));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_plan_takes_hold_at_once() {
    let (far, arrivals) = Far::open("a", 10).await;
    let mut bench = Bench::new(vec![near("a", closed_port().await)]);
    let settings = far.settings.clone();
    let _served = far.serve(arrivals);
    bench.start();
    let id = bench.store(&["a"], &["x"]).await;
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Waiting);
    bench.plan.send_modify(|plan| *plan = Arc::new(Plan { gateways: vec![settings], ..Plan::clone(plan) }));
    bench.until(&id, State::Sent).await;
    bench.stop().await;
}
