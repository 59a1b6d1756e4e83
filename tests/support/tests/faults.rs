//! What a client and a store see of each fault.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{Client, proxy, until};
use partwise_test_support::journal::Outcome;
use std::time::{Duration, Instant};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn without_rules_requests_pass_unchanged_on_one_connection() {
    let (proxy, mut taken) = proxy("[]").await;
    let mut client = Client::connect(&proxy).await;
    for part in 1..=3 {
        client.put(part, 3 * MIB).await.unwrap();
        assert!(client.reply().await.unwrap().unwrap().starts_with("HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"));
        let (head, content, changed) = taken.recv().await.unwrap();
        assert!(head.contains("Host: signed.for:1\r\n"), "{head}");
        assert_eq!((content, changed), (3 * MIB as u64, vec![]));
    }
    until("the last request to be closed in the log", || proxy.journal().open_requests() == 0).await;
    let log = proxy.journal().requests();
    let parts: Vec<_> = log.iter().map(|r| (r.part_number, r.outcome, r.status, r.body_bytes)).collect();
    let expected = |part| (Some(part), Some(Outcome::Forwarded), Some(200), 3 * MIB as u64);
    assert_eq!(parts, [expected(1), expected(2), expected(3)]);
}

#[tokio::test]
async fn an_injected_reply_spares_the_store_and_keeps_the_connection() {
    let (proxy, mut taken) =
        proxy(r#"[{"name":"busy","times":1,"action":{"do":"reply","status":503,"retryAfter":1}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, MIB).await.unwrap();
    let reply = client.reply().await.unwrap().unwrap();
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("retry-after: 1"), "{reply}");
    assert!(reply.contains("access-control-allow-origin: http://page"), "{reply}");
    client.put(2, 5).await.unwrap();
    assert!(client.reply().await.unwrap().unwrap().starts_with("HTTP/1.1 200"));
    assert!(taken.recv().await.unwrap().0.contains("partNumber=2"));
    let first = proxy.journal().requests().remove(0);
    assert_eq!((first.outcome, first.status), (Some(Outcome::Injected), Some(503)));
    assert_eq!((first.rule.as_deref(), first.body_bytes), (Some("busy"), MIB as u64));
}

#[tokio::test]
async fn a_cut_mid_body_ends_the_connection_and_the_store_never_has_the_part() {
    let (proxy, mut taken) = proxy(r#"[{"times":1,"action":{"do":"cut","at":{"share":0.5}}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    let sent = client.put(1, 8 * MIB).await;
    assert!(sent.is_err() || client.reply().await.is_err());
    let mut again = Client::connect(&proxy).await;
    again.put(2, 1).await.unwrap();
    assert!(again.reply().await.unwrap().is_some());
    assert!(taken.recv().await.unwrap().0.contains("partNumber=2"));
    assert_eq!(proxy.journal().requests().remove(0).outcome, Some(Outcome::Cut));
}

#[tokio::test]
async fn a_cut_before_the_reply_comes_after_the_store_took_the_part() {
    let (proxy, mut taken) = proxy(r#"[{"action":{"do":"cut","at":"reply"}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, MIB).await.unwrap();
    assert!(client.reply().await.is_err());
    assert_eq!(taken.recv().await.unwrap().1, MIB as u64);
}

#[tokio::test]
async fn a_hanging_request_stays_open_until_the_client_gives_up() {
    let (proxy, mut taken) = proxy(r#"[{"action":{"do":"hang","at":"reply"}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 10).await.unwrap();
    taken.recv().await.unwrap();
    assert_eq!(proxy.journal().open_requests(), 1);
    drop(client);
    until("the request to end", || proxy.journal().open_requests() == 0).await;
    assert_eq!(proxy.journal().requests().remove(0).outcome, Some(Outcome::Hung));
}

#[tokio::test]
async fn a_client_that_aborts_is_noticed_while_the_store_is_waited_for() {
    let (proxy, _taken) = proxy(r#"[{"action":{"do":"delay","ms":60000}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 0).await.unwrap();
    until("the request to arrive", || proxy.journal().open_requests() == 1).await;
    drop(client);
    until("the request to end", || proxy.journal().open_requests() == 0).await;
    assert_eq!(proxy.journal().requests().remove(0).outcome, Some(Outcome::Aborted));
}

#[tokio::test]
async fn hidden_headers_do_not_reach_the_client() {
    let (proxy, _taken) =
        proxy(r#"[{"action":{"do":"hide-headers","names":["access-control-expose-headers"]}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 1).await.unwrap();
    let reply = client.reply().await.unwrap().unwrap();
    assert!(reply.contains("ETag") && !reply.contains("Expose"), "{reply}");
}

#[tokio::test]
async fn offline_cuts_what_is_open_and_refuses_until_it_is_over() {
    let (proxy, _taken) = proxy(r#"[{"times":1,"action":{"do":"hang","at":"reply"}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 1).await.unwrap();
    until("the request to arrive", || proxy.journal().open_requests() == 1).await;
    proxy.set_online(false);
    assert!(client.reply().await.is_err());
    until("new connections to be refused", || std::net::TcpStream::connect(proxy.address()).is_err()).await;
    proxy.set_online(true);
    until("new connections to be taken", || std::net::TcpStream::connect(proxy.address()).is_ok()).await;
    let mut client = Client::connect(&proxy).await;
    client.put(2, 1).await.unwrap();
    assert!(client.reply().await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_slips_in_while_it_goes_offline() {
    let (proxy, mut taken) = proxy("[]").await;
    for part in 1..=200 {
        until("new connections to be taken", || std::net::TcpStream::connect(proxy.address()).is_ok()).await;
        proxy.set_online(false);
        // Until the proxy has closed its socket, the kernel connects whoever asks.
        while let Ok(mut client) = Client::try_connect(&proxy).await {
            assert!(client.put(part, 1).await.is_err() || client.reply().await.is_err(), "part {part}");
        }
        proxy.set_online(true);
    }
    assert!(taken.try_recv().is_err());
}

#[tokio::test]
async fn latency_is_paid_in_both_directions_once_per_piece_and_does_not_narrow_the_line() {
    let (proxy, _taken) = proxy(r#"[{"action":{"do":"latency","ms":100}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    let start = Instant::now();
    client.put(1, MIB).await.unwrap();
    client.reply().await.unwrap().unwrap();
    // A round trip for the connection, one for the request.
    let first = start.elapsed();
    assert!((400..6000).contains(&first.as_millis()), "{first:?}");
    let start = Instant::now();
    client.put(2, 8 * MIB).await.unwrap();
    client.reply().await.unwrap().unwrap();
    let second = start.elapsed();
    // 128 pieces or more, each 100 ms late, and none waits for another.
    assert!((200..6000).contains(&second.as_millis()), "{second:?}");
}

#[tokio::test]
async fn a_rate_is_a_link_that_all_connections_share() {
    let (proxy, _taken) = proxy(r#"[{"action":{"do":"rate","bytesPerSecond":4194304}}]"#).await;
    let start = Instant::now();
    let send = async || {
        let mut client = Client::connect(&proxy).await;
        client.put(1, MIB).await.unwrap();
        client.reply().await.unwrap().unwrap();
    };
    tokio::join!(send(), send(), send());
    let took = start.elapsed();
    assert!((700..10_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn a_cut_ends_what_is_open_and_new_connections_are_taken() {
    let (proxy, _taken) = proxy(r#"[{"times":1,"action":{"do":"hang","at":"reply"}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 1).await.unwrap();
    until("the request to arrive", || proxy.journal().open_requests() == 1).await;
    proxy.cut();
    assert!(client.reply().await.is_err());
    let mut client = Client::connect(&proxy).await;
    client.put(2, 1).await.unwrap();
    assert!(client.reply().await.unwrap().is_some());
}

#[tokio::test]
async fn a_link_that_is_cut_periodically_is_cut_until_it_is_told_not_to_be() {
    let (proxy, _taken) = proxy(r#"[{"times":3,"action":{"do":"hang","at":"reply"}}]"#).await;
    proxy.cut_every(Some(Duration::from_millis(200)));
    let start = Instant::now();
    for part in 1..=3 {
        let mut client = Client::connect(&proxy).await;
        client.put(part, 1).await.unwrap();
        assert!(client.reply().await.is_err());
    }
    assert!((600..20_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    proxy.cut_every(None);
    let mut client = Client::connect(&proxy).await;
    assert!(client.hears_nothing(Duration::from_millis(500)).await);
    client.put(4, 1).await.unwrap();
    assert!(client.reply().await.unwrap().is_some());
}

#[tokio::test]
async fn a_black_hole_takes_open_and_new_connections_and_never_gives_them_back() {
    let (proxy, mut taken) = proxy(r#"[{"times":1,"action":{"do":"rate","bytesPerSecond":1048576}}]"#).await;
    let mut idle = Client::connect(&proxy).await;
    let mut sending = Client::connect(&proxy).await;
    // Kept, since closing it would show in the black hole's place.
    let (mut half, _other_half) = (Client::connect(&proxy).await, Client::connect(&proxy).await);
    half.put(9, 0).await.unwrap();
    half.reply().await.unwrap().unwrap();
    taken.recv().await.unwrap();
    sending.put(1, 64 * 1024).await.unwrap();
    until("the request to arrive", || proxy.journal().open_requests() == 1).await;
    proxy.set_silent(true);
    let mut new = Client::connect(&proxy).await;
    new.put(2, 10).await.unwrap();
    idle.put(3, 10).await.unwrap();
    half.put(4, 10).await.unwrap();
    let quiet = Duration::from_millis(400);
    let (a, b, c, d) = tokio::join!(
        idle.hears_nothing(quiet),
        sending.hears_nothing(quiet),
        new.hears_nothing(quiet),
        half.hears_nothing(quiet)
    );
    assert!(a && b && c && d);
    assert_eq!(proxy.journal().requests().last().and_then(|request| request.outcome), Some(Outcome::Hung));
    proxy.set_silent(false);
    let mut after = Client::connect(&proxy).await;
    after.put(5, 10).await.unwrap();
    assert!(after.reply().await.unwrap().is_some());
    assert!(taken.recv().await.unwrap().0.contains("partNumber=5"));
    assert!(sending.hears_nothing(quiet).await && idle.hears_nothing(quiet).await);
    proxy.reset();
    assert!(sending.reply().await.is_err());
}

#[tokio::test]
async fn a_swallowed_request_is_read_to_its_end_and_neither_stored_nor_answered() {
    let (proxy, mut taken) = proxy(r#"[{"times":1,"action":{"do":"swallow"}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 8 * MIB).await.unwrap();
    assert!(client.hears_nothing(Duration::from_millis(300)).await);
    let seen = proxy.journal().requests().remove(0);
    assert_eq!((seen.outcome, seen.body_bytes, seen.end), (Some(Outcome::Hung), 8 * MIB as u64, None));
    drop(client);
    until("the request to end", || proxy.journal().open_requests() == 0).await;
    let mut again = Client::connect(&proxy).await;
    again.put(2, 1).await.unwrap();
    again.reply().await.unwrap().unwrap();
    assert!(taken.recv().await.unwrap().0.contains("partNumber=2"));
}

#[tokio::test]
async fn a_delayed_reply_comes_late_or_to_nobody_and_the_store_took_the_part() {
    let (proxy, mut taken) = proxy(r#"[{"action":{"do":"delay-reply","ms":2000}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    let start = Instant::now();
    client.put(1, MIB).await.unwrap();
    taken.recv().await.unwrap();
    assert!(start.elapsed().as_millis() < 2000, "the store got it only with the reply");
    assert!(client.reply().await.unwrap().is_some());
    assert!(start.elapsed().as_millis() >= 2000);
    client.put(2, MIB).await.unwrap();
    assert_eq!(taken.recv().await.unwrap().1, MIB as u64);
    drop(client);
    until("the request to end", || {
        proxy.journal().requests().iter().all(|request| request.outcome.is_some())
    })
    .await;
    let second = proxy.journal().requests().remove(1);
    assert_eq!((second.outcome, second.status), (Some(Outcome::Aborted), Some(200)));
}

#[tokio::test]
async fn an_early_reply_comes_before_the_body_and_closes_the_connection() {
    let (proxy, _taken) = proxy(r#"[{"action":{"do":"reply","status":403,"early":true}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    client.put(1, 0).await.unwrap();
    assert!(client.reply().await.unwrap().unwrap().starts_with("HTTP/1.1 403"));
    assert!(matches!(client.reply().await, Ok(None) | Err(_)));
    let mut client = Client::connect(&proxy).await;
    assert!(client.put(2, 64 * MIB).await.is_err());
    let second = proxy.journal().requests().remove(1);
    assert_eq!((second.outcome, second.body_bytes), (Some(Outcome::Injected), 0));
}

#[tokio::test]
async fn a_corrupt_body_differs_in_one_byte() {
    let (proxy, mut taken) = proxy(r#"[{"times":1,"action":{"do":"corrupt","at":{"bytes":1500000}}}]"#).await;
    let mut client = Client::connect(&proxy).await;
    for part in 1..=2 {
        client.put(part, 2 * MIB).await.unwrap();
        client.reply().await.unwrap().unwrap();
    }
    assert_eq!(taken.recv().await.unwrap().2, [1_500_000]);
    assert_eq!(taken.recv().await.unwrap().2, [] as [u64; 0]);
}
