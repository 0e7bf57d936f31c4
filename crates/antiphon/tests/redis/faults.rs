//! What happens when Redis stalls, dies, forgets, or is not there.

use crate::channels::{event, next, node};
use crate::engine::{Engine, is_there};
use antiphon::channel::redis::{Channels, PublishError};
use rustix::process::Signal;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Publishes, again and again as long as Redis is away.
async fn publish(channel: &antiphon::channel::redis::Channel, data: &str) -> String {
    for _ in 0..200 {
        match channel.publish(&event(data)).await {
            Ok(id) => return id,
            Err(PublishError::Engine(_) | PublishError::Ambiguous(_)) => {
                sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("expected Redis to come back");
}

#[tokio::test]
async fn a_restart_is_no_gap_where_nothing_was_lost() {
    if !is_there() {
        return;
    }
    let mut engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    let first = publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    engine.kill();
    assert!(
        timeout(Duration::from_millis(300), subscriber.next())
            .await
            .is_err()
    );
    // It is seen at once that Redis is away, and memory still serves.
    let start = Instant::now();
    let error = news.publish(&event("x")).await.unwrap_err();
    assert!(
        matches!(error, PublishError::Engine(_) | PublishError::Ambiguous(_)),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(
        timeout(
            Duration::from_millis(100),
            news.subscribe(Some(first.as_bytes())).next()
        )
        .await
        .is_err()
    );
    engine.run();
    publish(&news, "second").await;
    assert_eq!(next(&mut subscriber).await, "data: second");
    assert_eq!(
        next(&mut news.subscribe(Some(first.as_bytes()))).await,
        "data: second"
    );
    let counters = channels.counters();
    assert_eq!((counters.reconnects, counters.gaps), (1, 0));
}

#[tokio::test]
async fn what_was_trimmed_or_deleted_unread_is_told() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    for lose in [
        &["DEL", "antiphon:news"][..],
        &["FLUSHALL"],
        &["XTRIM", "antiphon:news", "MAXLEN", "0"],
    ] {
        // Whoever reads between the two commands may see that nothing is missing.
        engine.feed(&format!(
            "MULTI\nXADD antiphon:news * data lost\n{}\nXADD antiphon:news * data new\nEXEC\n",
            lose.join(" ")
        ));
        assert_eq!(
            next(&mut subscriber).await,
            "event: resync data:",
            "{lose:?}"
        );
        publish(&news, "after").await;
        assert_eq!(next(&mut subscriber).await, "data: after");
    }
    assert_eq!(channels.counters().gaps, 3);
}

#[tokio::test]
async fn a_deleted_stream_that_nobody_writes_to_is_told_by_the_sweep() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let news = node(&engine).channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    engine.cli(&["DEL", "antiphon:news"]);
    assert_eq!(next(&mut subscriber).await, "event: resync data:");
    publish(&news, "second").await;
    assert_eq!(next(&mut subscriber).await, "data: second");
}

#[tokio::test]
async fn an_engine_that_stalls_or_cuts_connections_is_connected_to_again() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    for round in 0..3 {
        engine.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        publish(&news, &format!("killed {round}")).await;
        assert_eq!(next(&mut subscriber).await, format!("data: killed {round}"));
    }
    engine.signal(Signal::STOP);
    let stalled = event("stalled");
    let stalled = news.publish(&stalled);
    let error = timeout(Duration::from_secs(15), stalled)
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, PublishError::Ambiguous(_)), "{error}");
    engine.signal(Signal::CONT);
    publish(&news, "after").await;
    // What was ambiguous is there, or not.
    let mut seen = next(&mut subscriber).await;
    if seen == "data: stalled" {
        seen = next(&mut subscriber).await;
    }
    assert_eq!(seen, "data: after");
    assert_eq!(channels.counters().gaps, 0);
}

#[tokio::test]
async fn an_engine_that_is_absent_at_the_start_is_waited_for() {
    if !is_there() {
        return;
    }
    let mut engine = Engine::absent(&[]);
    let channels = Channels::builder(&engine.url())
        .outage(Duration::from_secs(1))
        .build()
        .unwrap();
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    let error = news.publish(&event("x")).await.unwrap_err();
    assert!(matches!(error, PublishError::Engine(_)), "{error}");
    // After the outage streams end, and clients come again.
    assert!(next(&mut subscriber).await.starts_with("retry: "));
    assert_eq!(next(&mut subscriber).await, "end");
    let mut subscriber = news.subscribe(None);
    engine.run();
    publish(&news, "hello").await;
    let mut seen = next(&mut subscriber).await;
    if seen.starts_with("retry: ") {
        subscriber = news.subscribe(None);
        publish(&news, "hello").await;
        seen = next(&mut subscriber).await;
    }
    assert_eq!(seen, "data: hello");
    assert!(engine.folder().exists());
}

#[tokio::test]
async fn all_ends_at_once_while_the_engine_is_down() {
    if !is_there() {
        return;
    }
    let mut engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    engine.kill();
    drop(news);
    let start = Instant::now();
    drop(channels);
    assert_eq!(next(&mut subscriber).await, "end");
    assert!(start.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn an_engine_that_became_a_replica_is_connected_to_again() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    publish(&news, "first").await;
    assert_eq!(next(&mut subscriber).await, "data: first");
    // Whatever is at the address then, the connection leads to this one.
    engine.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = news.publish(&event("x")).await.unwrap_err();
    assert!(matches!(error, PublishError::Engine(_)), "{error}");
    engine.cli(&["REPLICAOF", "NO", "ONE"]);
    publish(&news, "second").await;
    assert_eq!(next(&mut subscriber).await, "data: second");
    let counters = channels.counters();
    assert!(
        (counters.reconnects, counters.gaps) >= (1, 0) && counters.gaps == 0,
        "{counters:?}"
    );
}

#[tokio::test]
async fn an_engine_without_memory_is_still_read() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let first = publish(&news, "first").await;
    publish(&news, "second").await;
    engine.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = news.publish(&event("x")).await.unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
    let mut subscriber = news.subscribe(Some(first.as_bytes()));
    assert_eq!(next(&mut subscriber).await, "data: second");
    engine.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    publish(&news, "third").await;
    assert_eq!(next(&mut subscriber).await, "data: third");
    assert_eq!(channels.counters().reconnects, 0);
}

#[tokio::test]
async fn a_key_of_another_kind_stops_its_own_channel_alone() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let [news, other] = ["news", "other"].map(|name| channels.channel(name).unwrap());
    let (mut subscriber, mut stopped) = (news.subscribe(None), other.subscribe(None));
    publish(&other, "first").await;
    assert_eq!(next(&mut stopped).await, "data: first");
    subscriber.position().await;
    engine.cli(&["SET", "antiphon:other", "text"]);
    for round in 0..5 {
        publish(&news, &format!("{round}")).await;
        assert_eq!(next(&mut subscriber).await, format!("data: {round}"));
    }
    let error = other.publish(&event("x")).await.unwrap_err();
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    engine.cli(&["DEL", "antiphon:other"]);
    publish(&other, "again").await;
    assert_eq!(next(&mut stopped).await, "event: resync data:");
    assert_eq!(channels.counters().reconnects, 0);
}

#[tokio::test]
async fn a_cluster_needs_a_hash_tag() {
    if !is_there() {
        return;
    }
    let mut engine = Engine::absent(&["--cluster-enabled", "yes", "--port", "0"]);
    engine.run();
    engine.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    while !engine
        .cli(&["CLUSTER", "INFO"])
        .contains("cluster_state:ok")
    {
        sleep(Duration::from_millis(50)).await;
    }
    let build = |prefix| {
        Channels::builder(&engine.url())
            .prefix(prefix)
            .build()
            .unwrap()
    };
    let tagged = build("{antiphon}:").channel("news").unwrap();
    let mut subscriber = tagged.subscribe(None);
    tagged.publish(&event("hello")).await.unwrap();
    assert_eq!(next(&mut subscriber).await, "data: hello");

    let channels = build("antiphon:");
    let news = channels.channel("news").unwrap();
    let _subscriber = news.subscribe(None);
    let mut found = String::new();
    for _ in 0..100 {
        if let Err(error) = news.publish(&event("x")).await {
            found = error.to_string();
            if found.contains("prefix: expected one with a hash tag") {
                return;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("expected an error that names the prefix, but found: {found}");
}
