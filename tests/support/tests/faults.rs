//! What a client and a store see of each fault.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{Client, proxy, until};
use partwise_test_support::journal::Outcome;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn without_rules_requests_pass_unchanged_on_one_connection() {
    let (proxy, mut taken) = proxy("[]").await;
    let mut client = Client::connect(&proxy).await;
    for part in 1..=3 {
        client.put(part, 3 * MIB).await.unwrap();
        assert!(client.reply().await.unwrap().unwrap().starts_with("HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"));
        let (head, content) = taken.recv().await.unwrap();
        assert!(head.contains("Host: signed.for:1\r\n"), "{head}");
        assert_eq!(content, 3 * MIB as u64);
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
    proxy.set_online(false, false);
    assert!(client.reply().await.is_err());
    until("new connections to be refused", || std::net::TcpStream::connect(proxy.address()).is_err()).await;
    proxy.set_online(true, false);
    until("new connections to be taken", || std::net::TcpStream::connect(proxy.address()).is_ok()).await;
    let mut client = Client::connect(&proxy).await;
    client.put(2, 1).await.unwrap();
    assert!(client.reply().await.unwrap().is_some());
}
