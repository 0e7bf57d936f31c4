//! What is published by one process reaches the subscribers of all.

use crate::engine::{Engine, is_there};
use antiphon::ServerSentEvent;
use antiphon::channel::redis::{BuildError, Channels, PublishError};
use antiphon::channel::{EventChannel, Subscriber};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

pub(crate) fn event(data: &str) -> ServerSentEvent<'_> {
    ServerSentEvent::new(data)
}

/// The next event, without its id.
pub(crate) async fn next(subscriber: &mut Subscriber) -> String {
    let frame = timeout(Duration::from_secs(20), subscriber.next())
        .await
        .expect("an event comes");
    let Some(frame) = frame else {
        return "end".to_owned();
    };
    let text = str::from_utf8(&frame).unwrap().trim_end().to_owned();
    let lines = text.split("\r\n").filter(|line| !line.starts_with("id: "));
    lines.collect::<Vec<_>>().join(" ")
}

pub(crate) fn node(engine: &Engine) -> Channels {
    Channels::builder(&engine.url()).build().unwrap()
}

#[tokio::test]
async fn an_event_reaches_the_subscribers_of_each_process_with_its_id() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let nodes = [node(&engine), node(&engine)];
    let channels = nodes.each_ref().map(|node| node.channel("news").unwrap());
    let mut subscribers = channels.each_ref().map(|channel| channel.subscribe(None));
    for subscriber in &mut subscribers {
        assert_eq!(subscriber.position().await.unwrap(), "id: 0-0\r\n\r\n");
    }
    let hello = ServerSentEvent::new("a\nb")
        .event("chat")
        .retry(500)
        .comment("c");
    let id = channels[0].publish(&hello).await.unwrap();
    let sent = hello.clone().id(id.clone()).encode().unwrap();
    for subscriber in &mut subscribers {
        assert_eq!(subscriber.next().await.unwrap(), sent);
    }
    // The client comes back to the other process.
    let second = channels[1].publish(&event("second")).await.unwrap();
    assert_eq!(
        next(&mut channels[0].subscribe(Some(id.as_bytes()))).await,
        "data: second"
    );
    assert_eq!(
        next(&mut channels[1].subscribe(Some(id.as_bytes()))).await,
        "data: second"
    );
    assert!(second > id);
    // An answer to another process's event may come before its own subscribers have it.
    for subscriber in &mut subscribers {
        assert_eq!(next(subscriber).await, "data: second");
    }
    let counters = nodes[0].counters();
    assert_eq!(
        (counters.published, counters.read, counters.gaps),
        (1, 2, 0)
    );
    assert_eq!((counters.channels, counters.subscribers), (1, 1));
    assert!(counters.lag < Duration::from_secs(5));
    assert_eq!(engine.cli(&["TTL", "antiphon:news"]), "86400");
}

#[tokio::test]
async fn a_subscriber_gets_what_its_own_process_publishes_next() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    for round in 0..20 {
        let news = channels.channel(&format!("news-{round}")).unwrap();
        let mut subscriber = news.subscribe(None);
        news.publish(&event("hello")).await.unwrap();
        assert_eq!(next(&mut subscriber).await, "data: hello");
    }
}

#[tokio::test]
async fn ids_that_are_none_of_the_stream_get_the_resync_event() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let news = channels.channel("news").unwrap();
    let other = channels.channel("other").unwrap();
    let first = news.publish(&event("first")).await.unwrap();
    // Two streams may have the same id, if it is of the same millisecond.
    sleep(Duration::from_millis(2)).await;
    let foreign = other.publish(&event("foreign")).await.unwrap();
    for id in [
        &foreign,
        "5",
        "-1",
        "1-1",
        "x",
        "18446744073709551615-18446744073709551615",
        "18446744073709551616-0",
        "9999999999999-*",
    ] {
        let mut subscriber = news.subscribe(Some(id.as_bytes()));
        assert_eq!(next(&mut subscriber).await, "event: resync data:", "{id}");
    }
    let mut subscriber = news.subscribe(Some(first.as_bytes()));
    news.publish(&event("second")).await.unwrap();
    assert_eq!(next(&mut subscriber).await, "data: second");
}

#[tokio::test]
async fn a_process_has_two_connections_whatever_its_channels_and_subscribers() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = node(&engine);
    let mut subscribers = Vec::new();
    for number in 0..300 {
        let channel = channels.channel(&format!("c{number}")).unwrap();
        subscribers.extend([channel.subscribe(None), channel.subscribe(None)]);
        subscribers.last_mut().unwrap().position().await.unwrap();
    }
    for number in (0..300).step_by(50) {
        let channel = channels.channel(&format!("c{number}")).unwrap();
        channel.publish(&event("x")).await.unwrap();
        assert_eq!(next(&mut subscribers[2 * number]).await, "data: x");
    }
    let clients = engine.cli(&["CLIENT", "LIST"]);
    let clients = clients.lines().filter(|line| !line.contains("cmd=client"));
    assert_eq!(clients.count(), 2);
}

#[tokio::test]
async fn who_writes_to_the_stream_by_hand_injects_nothing() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let news = node(&engine).channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    subscriber.position().await;
    let add = |fields: &[&str]| {
        let id = engine.cli(&[&["XADD", "antiphon:news", "*"], fields].concat());
        assert!(id.contains('-'), "{id}");
    };
    add(&["event", "a\r\ndata: injected", "data", "x"]);
    add(&["data", "x\r\nevent: y\r\n\r\ndata: z", "unknown", "y"]);
    add(&["retry", "soon"]);
    add(&[
        "data", "hello", "retry", "7", "comment", "c\nd", "id", "mine",
    ]);
    // A line break in a name is left out, as it is wherever an event is encoded.
    let event = "event: adata: injected data: x";
    assert_eq!(next(&mut subscriber).await, event);
    assert_eq!(
        next(&mut subscriber).await,
        "data: x data: event: y data:  data: data: z"
    );
    assert_eq!(next(&mut subscriber).await, "");
    assert_eq!(next(&mut subscriber).await, ": c : d data: hello retry: 7");
}

#[tokio::test]
async fn what_cannot_be_is_an_error_that_says_why() {
    let error = Channels::builder("http://x").build().unwrap_err();
    assert!(matches!(error, BuildError::Url(_)));
    assert!(
        error
            .to_string()
            .starts_with("url: expected one such as \"redis://"),
        "{error}"
    );
    let error = std::thread::spawn(|| {
        Channels::builder("redis://127.0.0.1:1")
            .build()
            .unwrap_err()
    });
    assert!(
        error
            .join()
            .unwrap()
            .to_string()
            .starts_with("expected a tokio runtime")
    );

    let channels = Channels::builder("redis://127.0.0.1:1").build().unwrap();
    for name in ["", " ", "a b", "a\n", "\0", &"x".repeat(257)] {
        let error = channels.channel(name).unwrap_err().to_string();
        assert!(
            error.starts_with("channel name: expected 1 to 256 bytes"),
            "{error}"
        );
    }
    let news = channels.channel("news").unwrap();
    let error = news
        .publish(&event("x").id("7"))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "event id: expected none, since the engine gives it, but found one"
    );
    let error = news.publish(&event("x").retry(-1)).await.unwrap_err();
    assert!(matches!(error, PublishError::Event(_)), "{error}");
    let start = Instant::now();
    let error = news.publish(&event("x")).await.unwrap_err();
    assert!(matches!(error, PublishError::Engine(_)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("expected Redis to take the event, but found: "),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(4));
    channels.close();
    let error = news.publish(&event("x")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected open channels, but found them closed"
    );
    assert_eq!(news.subscribe(None).next().await, None);
    assert_eq!(format!("{news:?}"), "Channel(\"news\")");
    assert!(format!("{channels:?}").contains("antiphon:"));
}

#[tokio::test]
async fn a_user_needs_the_permissions_that_are_listed() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let allowed = "+xadd +xread +xrange +xrevrange +xinfo|stream +pexpire";
    let rule = format!("ACL SETUSER app on >secret ~antiphon:* {allowed}");
    assert_eq!(engine.cli(&rule.split(' ').collect::<Vec<_>>()), "OK");
    let url = format!("{}?user=app&pass=secret", engine.url());
    let channels = Channels::builder(&url).build().unwrap();
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    news.publish(&event("hello")).await.unwrap();
    assert_eq!(next(&mut subscriber).await, "data: hello");
    let other = Channels::builder(&url).prefix("other:").build().unwrap();
    let error = other
        .channel("news")
        .unwrap()
        .publish(&event("x"))
        .await
        .unwrap_err();
    let text = error.to_string().to_lowercase();
    assert!(text.contains("no permissions"), "{text}");
}

#[tokio::test]
async fn many_who_come_back_cost_few_readings() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let channels = Channels::builder(&engine.url())
        .channels(EventChannel::builder().history_events(10))
        .build()
        .unwrap();
    let news = channels.channel("news").unwrap();
    let mut ids = Vec::new();
    for number in 0..10_000 {
        ids.push(format!("{}-7", 1_000 + number));
    }
    for chunk in ids.chunks(500) {
        let adds = chunk
            .iter()
            .map(|id| format!("XADD antiphon:news {id} data x\n"));
        engine.feed(&adds.collect::<String>());
    }
    let mut kept = news.subscribe(None);
    kept.position().await.unwrap();
    let before = channels.counters().history_reads;
    // One old id for all, and then each its own.
    let mut same: Vec<_> = (0..10_000)
        .map(|_| news.subscribe(Some(ids[1].as_bytes())))
        .collect();
    assert_eq!(next(same.last_mut().unwrap()).await, "data: x");
    drop(same);
    let after = channels.counters().history_reads;
    assert!(after - before <= 20, "{before} to {after}");
    let different = ids.iter().map(|id| news.subscribe(Some(id.as_bytes())));
    let mut different: Vec<_> = different.collect();
    for subscriber in different.iter_mut().take(9_999) {
        assert_eq!(next(subscriber).await, "data: x");
    }
    let reads = channels.counters().history_reads - after;
    assert!(reads <= 20, "{reads}");
}

#[tokio::test]
async fn several_channels_are_one_stream() {
    if !is_there() {
        return;
    }
    let engine = Engine::start();
    let nodes = [node(&engine), node(&engine)];
    let publish = async |name: &str, data: &str| {
        let channel = nodes[0].channel(name).unwrap();
        channel.publish(&event(data)).await.unwrap();
    };
    let mut topics = nodes[0].subscribe(["news", "user:7"], None).unwrap();
    let told = topics.position().await.unwrap();
    let last = str::from_utf8(&told).unwrap()["id: ".len()..]
        .trim_end()
        .to_owned();
    publish("news", "a").await;
    publish("user:7", "b").await;
    publish("other", "c").await;
    let mut again = nodes[1]
        .subscribe(["user:7", "news"], Some(last.as_bytes()))
        .unwrap();
    for topics in [&mut topics, &mut again] {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let frame = timeout(Duration::from_secs(20), topics.next())
                .await
                .unwrap()
                .unwrap();
            seen.push(
                str::from_utf8(&frame)
                    .unwrap()
                    .trim_end()
                    .rsplit("data: ")
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
        seen.sort();
        assert_eq!(seen, ["a", "b"]);
    }
    let error = nodes[0].subscribe(["news", ""], None).unwrap_err();
    assert!(error.to_string().starts_with("channel name: "), "{error}");
    let error = nodes[0].subscribe(["news", "news"], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "topics: expected each once, but found \"news\" again"
    );
}

#[cfg(feature = "redis-tls")]
#[tokio::test]
async fn an_engine_is_spoken_to_over_tls() {
    if !is_there() {
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut engine = Engine::absent(&[]);
    let [key, certificate] = ["key.pem", "certificate.pem"].map(|name| engine.folder().join(name));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    engine.add(&["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
    engine.add(&["--tls-key-file", key.to_str().unwrap()]);
    engine.add(&["--tls-cert-file", certificate.to_str().unwrap()]);
    engine.add(&["--tls-ca-cert-file", certificate.to_str().unwrap()]);
    engine.run();
    let builder = || Channels::builder(&format!("rediss://localhost:{port}/"));
    let pem = std::fs::read(&certificate).unwrap();
    let channels = builder().root_certificates(pem).build().unwrap();
    let news = channels.channel("news").unwrap();
    let mut subscriber = news.subscribe(None);
    news.publish(&event("hello")).await.unwrap();
    assert_eq!(next(&mut subscriber).await, "data: hello");
    let stranger = builder().build().unwrap().channel("news").unwrap();
    let error = stranger.publish(&event("x")).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}
