//! Server-sent events: the table of `conformance/`, pings by a scripted clock, reconnects, the shutdown.

use crate::support::{Answer, Running, Then, ask, peer, scope, start, start_with};
use antiphon::asgi::{self, Message, Receive};
use antiphon::channel::EventChannel;
use antiphon::event::Separator;
use antiphon::{EventSourceResponse, LastEventId, ServerSentEvent, Shutdown};
use async_stream::stream;
use bytes::Bytes;
use futures_util::stream as streams;
use http_body_util::BodyExt;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(10);

/// The head and what was sent after it, with the seconds that had passed.
async fn sent(
    response: EventSourceResponse,
    scope: asgi::Scope,
) -> (antiphon::Headers, Vec<(f64, Bytes)>) {
    let started = Instant::now();
    let (sender, mut messages) = mpsc::unbounded_channel();
    let send = asgi::Send::from_fn(move |message| {
        sender.send((started.elapsed(), message)).unwrap();
        async { Ok(()) }
    });
    response
        .call(scope, Receive::default(), send)
        .await
        .unwrap();
    let mut head = None;
    let mut bodies = Vec::new();
    while let Some((at, message)) = messages.recv().await {
        match message {
            Message::Start { headers, .. } => head = Some(headers),
            Message::Body { body, .. } => bodies.push((at.as_secs_f64(), body)),
            Message::EarlyHint { .. } | Message::Pathsend { .. } => panic!("{message:?}"),
        }
    }
    (head.unwrap(), bodies)
}

#[tokio::test]
async fn conformance() {
    let table: Value = serde_json::from_str(
        &include_str!("../../../../conformance/sse_response.json").replace("\\ud800", "\\ufffd"),
    )
    .unwrap();
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let ctor = &case["ctor"];
        let Some(items) = items(ctor) else { continue };
        let separator = ctor["sep"].as_str().unwrap_or("\r\n").parse();
        let Ok(separator) = separator else {
            assert_eq!(case["error"]["type"], "ValueError", "{id}");
            ran += 1;
            continue;
        };
        let mut response = EventSourceResponse::from_iterator(items).separator(separator);
        if let Some(status) = ctor["status_code"].as_u64() {
            let status = http::StatusCode::from_u16(status as u16).unwrap();
            response = response.status_code(status);
        }
        if let Some(media_type) = ctor["media_type"].as_str() {
            response = response.media_type(media_type.to_owned()).unwrap();
        }
        if let Some(ping) = ctor["ping"].as_f64() {
            response = response.ping(Duration::from_secs_f64(ping));
        }
        let mut asked = scope(case["method"].as_str().unwrap());
        if case["scope_type"] == "websocket" {
            asked = asked.websocket();
        }
        let (send, mut messages) = peer(usize::MAX, Then::Fails);
        response
            .call(asked, Receive::default(), send)
            .await
            .unwrap();

        let expected = case["messages"].as_array().unwrap();
        let head = messages.recv().await.unwrap();
        assert_eq!(head.type_name(), expected[0]["type"], "{id}");
        let Message::Start {
            status, headers, ..
        } = head
        else {
            panic!("{id}")
        };
        assert_eq!(u64::from(status), expected[0]["status"].as_u64().unwrap());
        let headers: Vec<[String; 2]> = headers
            .iter()
            .map(|(name, value)| [name.to_string(), value.to_text()])
            .collect();
        assert_eq!(
            serde_json::to_value(headers).unwrap(),
            expected[0]["headers"],
            "{id}"
        );
        let mut body = Vec::new();
        let mut more = true;
        while let Some(message) = messages.recv().await {
            assert_eq!(message.type_name(), expected.last().unwrap()["type"]);
            let Message::Body {
                body: chunk,
                more_body,
                ..
            } = message
            else {
                panic!("{id}")
            };
            body.extend_from_slice(&chunk);
            more = more_body;
        }
        let wanted: String = expected[1..]
            .iter()
            .map(|message| message["body"]["text"].as_str().unwrap())
            .collect();
        let body = String::from_utf8(body).unwrap();
        match id {
            // D-47: `head` is not HEAD.
            "sse-resp-head-lower" => assert_eq!(body, "data: a\r\n\r\n"),
            _ => assert_eq!(body, wanted, "{id}"),
        }
        assert!(!more, "{id}");
        ran += 1;
    }
    assert!(ran >= 14, "{ran}");
}

/// What a case's stream brings; `None` where Rust's types refuse it.
fn items(ctor: &Value) -> Option<Vec<Item>> {
    let is_duration = ctor["ping"].is_null() || ctor["ping"].as_f64()? >= 0.0;
    let items = ctor["content"].as_array()?.iter().map(|item| match item {
        Value::String(text) if text == "\u{FFFD}" => None,
        Value::String(text) => Some(Item::Text(text.clone())),
        Value::Object(object) => {
            let bytes = object.get("$bytes")?.as_str()?;
            Some(Item::Bytes(bytes.to_owned().into()))
        }
        _ => None,
    });
    items.collect::<Option<_>>().filter(|_| is_duration)
}

enum Item {
    Text(String),
    Bytes(Bytes),
}

impl antiphon::IntoEvent for Item {
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> asgi::Result {
        match self {
            Self::Text(text) => text.write_event(separator, bytes),
            Self::Bytes(encoded) => encoded.write_event(separator, bytes),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pings_go_out_when_nothing_else_does() {
    let events = || {
        stream! {
            sleep(Duration::from_secs(10)).await;
            yield "ten";
            sleep(Duration::from_secs(31)).await;
            yield "forty-one";
            sleep(Duration::from_secs(14)).await;
        }
    };
    let ping = Bytes::from_static(b": ping\r\n\r\n");
    let (ten, late) = ("data: ten\r\n\r\n".into(), "data: forty-one\r\n\r\n".into());
    let expected = [
        (10.0, ten),
        (25.0, ping.clone()),
        (40.0, ping),
        (41.0, late),
        (55.0, Bytes::new()),
    ];
    let (_, bodies) = sent(EventSourceResponse::new(events()), scope("GET")).await;
    assert_eq!(rounded(&bodies), expected);

    let none = EventSourceResponse::new(events()).ping(Duration::ZERO);
    let (_, bodies) = sent(none, scope("GET")).await;
    let times: Vec<f64> = rounded(&bodies).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [10.0, 41.0, 55.0]);

    let beat = ServerSentEvent::new("").event("beat");
    let own = EventSourceResponse::new(events())
        .ping(Duration::from_secs(30))
        .ping_event(&beat)
        .unwrap();
    let (_, bodies) = sent(own, scope("GET")).await;
    assert_eq!(
        rounded(&bodies)[1],
        (40.0, Bytes::from(beat.encode().unwrap()))
    );
    let misread = ServerSentEvent::new("").id("\0");
    let refused = EventSourceResponse::new(events()).ping_event(&misread);
    assert_eq!(refused.unwrap_err().field(), "id");
}

/// Tokio's timers go off within a millisecond.
fn rounded(bodies: &[(f64, Bytes)]) -> Vec<(f64, Bytes)> {
    let second = |(at, body): &(f64, Bytes)| ((at - 0.001).round(), body.clone());
    bodies.iter().map(second).collect()
}

#[tokio::test]
async fn the_head_keeps_caches_and_proxies_off() {
    let response = || EventSourceResponse::from_iterator(["a"]);
    let (headers, _) = sent(response(), scope("GET")).await;
    let fields: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_text()))
        .collect();
    assert_eq!(
        fields,
        [
            "cache-control: no-store",
            "connection: keep-alive",
            "x-accel-buffering: no",
            "content-type: text/event-stream; charset=utf-8"
        ]
    );
    let own = response().header("cache-control", "no-cache").unwrap();
    let (headers, _) = sent(own, scope("GET")).await;
    assert_eq!(headers.get("cache-control").unwrap(), "no-cache");

    let mut request = http::Request::new(());
    *request.version_mut() = http::Version::HTTP_2;
    let http2 = response().into_http(&request).await.unwrap();
    assert!(!http2.headers().contains_key("connection"));
}

#[tokio::test]
async fn the_retry_hint_comes_first_and_does_not_hide_an_error() {
    let hinted = |response: EventSourceResponse| response.retry(Duration::from_millis(2500));
    let ready = hinted(EventSourceResponse::new(streams::iter(["a"])));
    let (_, bodies) = sent(ready, scope("GET")).await;
    assert_eq!(bodies[0].1, "retry: 2500\r\n\r\ndata: a\r\n\r\n");
    let waits = hinted(EventSourceResponse::new(stream! {
        tokio::task::yield_now().await;
        yield "a";
    }));
    let (_, bodies) = sent(waits.separator(Separator::Lf), scope("GET")).await;
    assert_eq!(bodies[0].1, "retry: 2500\n\n");
    assert_eq!(bodies[1].1, "data: a\n\n");
    let empty = hinted(EventSourceResponse::new(streams::empty::<&str>()));
    let (_, bodies) = sent(empty, scope("GET")).await;
    assert_eq!(bodies[0].1, "retry: 2500\r\n\r\n");

    let wrong = hinted(EventSourceResponse::new(streams::iter([
        ServerSentEvent::new("a").retry(-1),
    ])));
    let error = wrong.into_http(&http::Request::new(())).await.unwrap_err();
    assert!(error.is::<antiphon::event::InvalidEvent>());
    let forever = EventSourceResponse::new(streams::empty::<&str>()).retry(Duration::MAX);
    assert_eq!(sent(forever, scope("GET")).await.1.len(), 2);
}

/// A client that reads an event stream line by line.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(address: SocketAddr, last_event_id: Option<&str>) -> Self {
        let last = last_event_id.map(|id| format!("last-event-id: {id}\r\n"));
        let last = last.unwrap_or_default();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut client = Self(BufReader::new(stream));
        while client.line().await != "\r\n" {}
        client
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        assert!(!line.is_empty(), "the connection ended");
        line
    }

    /// The id and the data of the next event, whatever it is framed in.
    async fn event(&mut self) -> (String, String) {
        let mut id = String::new();
        loop {
            let line = self.line().await;
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim_end().to_owned();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                return (id, text.trim_end().to_owned());
            }
        }
    }

    /// All that is left, to the end of the connection.
    async fn rest(mut self) -> String {
        let mut rest = String::new();
        timeout(PATIENCE, self.0.read_to_string(&mut rest))
            .await
            .unwrap()
            .unwrap();
        rest
    }
}

async fn serve_channel(channel: &EventChannel) -> Running {
    let channel = channel.clone();
    start(move |scope: asgi::Scope, receive, send| {
        let last = LastEventId::of(&scope);
        let subscriber = channel.subscribe(last.as_bytes());
        EventSourceResponse::from_subscriber(subscriber).call(scope, receive, send)
    })
    .await
}

#[tokio::test]
async fn a_newcomer_that_loses_its_connection_before_the_first_event_misses_nothing() {
    let channel = EventChannel::builder().repeatable_ids().build();
    channel.publish(&ServerSentEvent::new("before")).unwrap();
    let first = |last: Option<&'static [u8]>| {
        let response = EventSourceResponse::from_subscriber(channel.subscribe(last));
        async move {
            let response = response.into_http(&http::Request::new(())).await.unwrap();
            response.into_body().frame().await.unwrap().unwrap()
        }
    };
    let told = first(None).await.into_data().unwrap();
    assert_eq!(told, "id: 1\r\n\r\n");
    channel.publish(&ServerSentEvent::new("missed")).unwrap();
    let missed = first(Some(b"1")).await.into_data().unwrap();
    assert_eq!(missed, "id: 2\r\ndata: missed\r\n\r\n");
}

#[tokio::test]
async fn a_client_that_connects_again_misses_nothing_and_gets_nothing_twice() {
    let channel = EventChannel::builder().repeatable_ids().build();
    let server = serve_channel(&channel).await;
    let mut client = Client::connect(server.address, None).await;
    let publish = |data: &'static str| channel.publish(&ServerSentEvent::new(data)).unwrap();
    publish("one");
    assert_eq!(client.event().await, ("1".into(), "one".into()));
    publish("two");
    let (last, _) = client.event().await;
    drop(client);
    publish("three");
    publish("four");
    let mut client = Client::connect(server.address, Some(&last)).await;
    publish("five");
    for (id, data) in [("3", "three"), ("4", "four"), ("5", "five")] {
        assert_eq!(client.event().await, (id.into(), data.into()));
    }
    let mut lost = Client::connect(server.address, Some("nobody's")).await;
    assert_eq!(lost.event().await, ("5".into(), String::new()));
    channel.close();
    while client.line().await != "0\r\n" {}
}

#[tokio::test]
async fn events_of_a_busy_publisher_share_writes_and_none_is_lost() {
    let channel = EventChannel::builder().repeatable_ids().build();
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let response = EventSourceResponse::from_subscriber(channel.subscribe(None));
    let call = tokio::spawn(response.call(scope("GET"), Receive::default(), send));
    assert!(messages.recv().await.is_some());
    for number in 0..100 {
        let event = ServerSentEvent::new(number.to_string());
        channel.publish(&event).unwrap();
        tokio::task::yield_now().await;
    }
    channel.close();
    call.await.unwrap().unwrap();
    let mut chunks = 0;
    let mut all = Vec::new();
    while let Some(Message::Body { body, .. }) = messages.recv().await {
        chunks += 1;
        all.extend_from_slice(&body);
    }
    let all = String::from_utf8(all).unwrap();
    let data: Vec<&str> = all.split("data: ").skip(1).collect();
    assert_eq!(data.len(), 100);
    for (number, data) in data.iter().enumerate() {
        assert!(data.starts_with(&format!("{number}\r\n")), "{number}");
    }
    assert!(chunks < 60, "{chunks}");
}

#[tokio::test]
async fn a_client_that_left_is_unsubscribed() {
    let channel = EventChannel::new();
    let server = serve_channel(&channel).await;
    let client = Client::connect(server.address, None).await;
    assert_eq!(channel.counters().subscribers, 1);
    drop(client);
    let gone = async {
        while channel.counters().subscribers > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_last_event_id_is_read_and_bounded() {
    use antiphon::last_event_id::LastEventId::{Absent, Given, Unfit};
    let request = |value: &str| {
        let request = http::Request::get("/").header("Last-Event-ID", value);
        request.body(()).unwrap()
    };
    let long = "7".repeat(1025);
    for (value, expected) in [("7", Given(b"7")), ("", Absent), (&long, Unfit)] {
        assert_eq!(LastEventId::of(&request(value)).read(), expected);
    }
    assert_eq!(LastEventId::of(&http::Request::new(())).read(), Absent);
}

#[tokio::test]
async fn axum_handlers_return_events_and_extract_the_last_id() {
    use axum::routing::get;
    let app = axum::Router::new()
        .route(
            "/",
            get(|last: LastEventId| async move {
                let id = last.as_bytes().unwrap_or_default().to_vec();
                let id = String::from_utf8(id).unwrap();
                EventSourceResponse::new(streams::iter([id]))
            }),
        )
        .route("/stop", get(|| async { EventSourceResponse::stop() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let request = b"GET / HTTP/1.0\r\nhost: a\r\nlast-event-id: 42\r\n\r\n";
    let answer = crate::support::exchange(address, request).await;
    let answer = Answer::parse(&answer).unwrap();
    assert_eq!(answer.body, b"data: 42\r\n\r\n");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let stop = ask(address, "GET", "/stop").await;
    assert_eq!((stop.status, stop.body), (204, Vec::new()));
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_events() {
    let shutdown = Shutdown::new();
    let never = EventSourceResponse::new(streams::pending::<String>());
    let asked = scope("GET").until(shutdown.clone());
    let begin = async {
        sleep(Duration::from_secs(3)).await;
        shutdown.begin();
    };
    let ((_, bodies), ()) = tokio::join!(sent(never, asked.clone()), begin);
    assert_eq!(rounded(&bodies), [(3.0, Bytes::new())]);
    // What is asked for when it has begun ends at once, also if it is never idle.
    for events in [
        EventSourceResponse::new(streams::pending::<String>()),
        EventSourceResponse::new(streams::repeat("busy")),
    ] {
        let (_, bodies) = sent(events, asked.clone()).await;
        assert_eq!(rounded(&bodies), [(0.0, Bytes::new())]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_may_say_goodbye_within_the_grace_period() {
    let farewell = |seconds| {
        let shutdown = Shutdown::new();
        let asked = scope("GET").until(shutdown.clone());
        let watched = asked.shutdown().clone();
        let events = EventSourceResponse::new(stream! {
            yield "hello";
            watched.begun().await;
            sleep(Duration::from_secs(seconds)).await;
            yield "goodbye";
        })
        .shutdown_grace_period(Duration::from_secs(5));
        let begin = async move {
            sleep(Duration::from_secs(1)).await;
            shutdown.begin();
        };
        async { tokio::join!(sent(events, asked), begin).0.1 }
    };
    let said = farewell(4).await;
    assert_eq!(rounded(&said)[1], (5.0, "data: goodbye\r\n\r\n".into()));
    assert_eq!(rounded(&said)[2], (5.0, Bytes::new()));
    let cut = farewell(6).await;
    assert_eq!(rounded(&cut)[1..], [(6.0, Bytes::new())]);
}

#[tokio::test]
async fn a_server_with_a_hundred_open_streams_shuts_down() {
    const GRACE: Duration = Duration::from_millis(300);
    let channel = EventChannel::new();
    let published = channel.clone();
    let server = start_with(
        move |scope: asgi::Scope, receive, send| {
            let mut subscriber = channel.subscribe(None);
            let shutdown = scope.shutdown().clone();
            let says_goodbye = !scope.headers().contains_key("last-event-id");
            EventSourceResponse::new(stream! {
                loop {
                    tokio::select! {
                        Some(event) = subscriber.next() => yield event,
                        () = shutdown.begun(), if says_goodbye => break,
                    }
                }
                yield Bytes::from_static(b"data: goodbye\r\n\r\n");
            })
            .shutdown_grace_period(GRACE)
            .call(scope, receive, send)
        },
        |server| server.shutdown_deadline(PATIENCE),
    )
    .await;
    let mut clients = Vec::new();
    for number in 0..100 {
        let stays = (number % 2 == 1).then_some("stays");
        clients.push(Client::connect(server.address, stays).await);
    }
    published.publish(&ServerSentEvent::new("all")).unwrap();
    for client in &mut clients {
        assert_eq!(client.event().await.1, "all");
    }
    let begun = std::time::Instant::now();
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(begun.elapsed() < GRACE + Duration::from_secs(1));
    for (number, client) in clients.into_iter().enumerate() {
        let rest = client.rest().await;
        assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
        assert_eq!(rest.contains("data: goodbye"), number % 2 == 0);
    }
}

#[tokio::test]
async fn streams_of_a_channel_are_whole_over_http_2() {
    let channel = EventChannel::new();
    let server = serve_channel(&channel).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut client, connection) = hyper::client::conn::http2::Builder::new(executor)
        .handshake(hyper_util::rt::TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/", server.address))
        .body(http_body_util::Empty::<Bytes>::new())
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    assert!(!response.headers().contains_key("connection"));
    for number in 0..3 {
        channel
            .publish(&ServerSentEvent::new(number.to_string()))
            .unwrap();
    }
    channel.close();
    let body = BodyExt::collect(response.into_body());
    let body = timeout(PATIENCE, body).await.unwrap().unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(body.matches("data: ").count(), 3);
}

#[tokio::test]
async fn a_shutdown_of_ones_own_ends_a_response_of_any_door() {
    let shutdown = Arc::new(Shutdown::new());
    let response = EventSourceResponse::new(streams::pending::<String>()).shutdown(&shutdown);
    let http = response.into_http(&http::Request::new(())).await.unwrap();
    shutdown.begin();
    let body = BodyExt::collect(http.into_body());
    let body = timeout(PATIENCE, body).await.unwrap().unwrap();
    assert_eq!(body.to_bytes(), "");
}
