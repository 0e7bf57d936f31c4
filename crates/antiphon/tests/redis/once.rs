//! An event that is published twice with the same key, by the program or since an answer was lost.

use crate::channels::{event, next, node};
use crate::engine::{Engine, is_there};
use antiphon::channel::redis::{Channels, PublishError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{UnixListener, UnixStream};

/// Tells whether the engine compares keys, as Redis 8.6 and newer do.
fn compares(engine: &Engine) -> bool {
    engine.cli(&["XADD", "probe", "IDMP", "p", "key", "*", "data", ""]);
    engine.cli(&["EXISTS", "probe"]) == "1"
}

#[tokio::test]
async fn one_key_is_one_event_in_all_processes() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let nodes = [node(&engine), node(&engine)];
    let orders = nodes.each_ref().map(|node| node.channel("orders").unwrap());
    let first = orders[0].publish_once(&event("paid"), "order 7").await;
    if !compares(&engine) {
        let error = first.unwrap_err();
        assert!(matches!(error, PublishError::NoIdempotency(_)), "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("idempotency key: expected Redis 8.6 or newer"),
            "{text}"
        );
        assert_eq!(engine.cli(&["EXISTS", "antiphon:orders"]), "0");
        return;
    }
    let first = first.unwrap();
    let mut subscriber = orders[1].subscribe(Some(b"0-0"));
    for channel in orders.iter().cycle().take(4) {
        let again = channel.publish_once(&event("paid"), "order 7").await;
        assert_eq!(again.unwrap(), first);
    }
    let other = orders[0].publish_once(&event("paid"), "order 8").await;
    assert_ne!(other.unwrap(), first);
    orders[0].publish(&event("last")).await.unwrap();
    let mut events = Vec::new();
    while events.last().is_none_or(|event| event != "data: last") {
        events.push(next(&mut subscriber).await);
    }
    assert_eq!(
        events,
        [
            "event: resync data:",
            "data: paid",
            "data: paid",
            "data: last"
        ][4 - events.len()..]
    );
    assert_eq!(engine.cli(&["XLEN", "antiphon:orders"]), "3");
    assert_eq!(engine.cli(&["TTL", "antiphon:orders"]), "86400");
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_is_sent_again() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    if !compares(&engine) {
        return; // `one_key_is_one_event_in_all_processes` shows the error.
    }
    let relay = Relay::start(&engine, 2);
    let channels = Channels::builder(&relay.url()).build().unwrap();
    let orders = channels.channel("orders").unwrap();
    orders.publish(&event("before")).await.unwrap();
    orders.publish_once(&event("paid"), "7").await.unwrap();
    assert_eq!(relay.lost.load(Ordering::Relaxed), 2);
    assert_eq!(engine.cli(&["XLEN", "antiphon:orders"]), "2");
}

#[tokio::test]
async fn a_key_has_1_to_256_bytes() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let orders = node(&engine).channel("orders").unwrap();
    for (key, found) in [(String::new(), "none"), ("k".repeat(257), "more")] {
        let error = orders.publish_once(&event("x"), &key).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("idempotency key: expected 1 to 256 bytes, but found {found}")
        );
    }
}

/// Stands between a process and the engine, and cuts the connection when an answer to a command with a key
/// would pass: so many times.
struct Relay {
    socket: PathBuf,
    lost: Arc<AtomicUsize>,
}

impl Relay {
    fn start(engine: &Engine, cuts: usize) -> Self {
        let socket = engine.folder().join("relay");
        let listener = UnixListener::bind(&socket).unwrap();
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lost);
        let target = engine.folder().join("socket");
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target.clone(), Arc::clone(&counted), cuts));
            }
        });
        Self { socket, lost }
    }

    fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

async fn pass(
    client: UnixStream,
    target: impl AsRef<Path>,
    lost: Arc<AtomicUsize>,
    cuts: usize,
) -> Option<()> {
    let server = UnixStream::connect(target).await.ok()?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let replies = tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = from_client
            .read(&mut bytes)
            .await
            .ok()
            .filter(|&read| read > 0)?;
        let has_key = bytes[..read].windows(4).any(|window| window == b"IDMP");
        if has_key && lost.load(Ordering::Relaxed) < cuts {
            lost.fetch_add(1, Ordering::Relaxed);
            replies.abort();
            let _ = replies.await;
            to_server.write_all(&bytes[..read]).await.ok()?;
            // The engine takes it before it sees that nobody waits for the answer.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            return None;
        }
        to_server.write_all(&bytes[..read]).await.ok()?;
    }
}
