//! How long a server waits for a client, and how much it takes.

use crate::files::Folder;
use crate::frames::{DATA, Frames, HEADERS, RST_STREAM};
use crate::support::{Answer, Running, ask, exchange, http_2, start, start_with};
use antiphon::asgi::{self, Event, Receive};
use antiphon::{EventSourceResponse, FileResponse, PlainTextResponse, Server, StreamingResponse};
use bytes::Bytes;
use futures_util::stream as streams;
use http_body_util::{BodyExt, Empty};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

const SHORT: Duration = Duration::from_millis(300);
/// Long after the bound, and far from the defaults.
const SOON: Duration = Duration::from_secs(5);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Connects and sends this.
async fn sent(server: &Running, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads to the end of a connection; fails if that does not come soon.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the connection goes on");
    bytes
}

#[tokio::test]
async fn a_head_must_be_whole_in_time() {
    let server = start_with(PlainTextResponse::new("hi"), |server| {
        server.head_timeout(SHORT)
    })
    .await;
    for begin in ["", "P", "PRI * HTT", "G", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = sent(&server, begin.as_bytes()).await;
        let begun = Instant::now();
        assert_eq!(rest(&mut stream).await, b"", "{begin:?}");
        assert!(begun.elapsed() >= SHORT / 2, "{begin:?}");
    }
    // Bytes that come one by one give no more time, not even to the second request.
    let mut stream = sent(&server, GET).await;
    let mut answer = [0; 1024];
    assert!(stream.read(&mut answer).await.unwrap() > 0);
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        if stream.write_all(b"G").await.is_err() {
            break;
        }
        tokio::time::sleep(SHORT / 10).await;
    }
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn a_connection_waits_for_so_long_for_another_request() {
    let server = start_with(PlainTextResponse::new("hi"), |server| {
        server.keep_alive_timeout(SHORT)
    })
    .await;
    let mut stream = sent(&server, GET).await;
    let mut answer = [0; 1024];
    for _ in 0..5 {
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].ends_with(b"hi"));
        tokio::time::sleep(SHORT / 2).await;
        stream.write_all(GET).await.unwrap();
    }
    let begun = Instant::now();
    assert!(rest(&mut stream).await.ends_with(b"hi"));
    assert!(begun.elapsed() >= SHORT);

    let mut client = http_2(server.address).await;
    let request = || http::Request::get("http://a.test/").body(Empty::<Bytes>::new());
    let answer = client.send_request(request().unwrap()).await.unwrap();
    answer.into_body().collect().await.unwrap();
    tokio::time::sleep(SHORT / 2).await;
    assert!(client.send_request(request().unwrap()).await.is_ok());
    tokio::time::sleep(2 * SHORT).await;
    assert!(client.is_closed() || client.send_request(request().unwrap()).await.is_err());
}

/// Reads all of the request's content after a while, and tells its length.
async fn reading(_: asgi::Scope, mut receive: Receive, send: asgi::Send) -> asgi::Result {
    let scope = asgi::Scope::from(http::Request::new(()).into_parts().0);
    tokio::time::sleep(2 * SHORT).await;
    let mut length = 0;
    while let Event::Request { body, more_body } = receive.receive().await? {
        length += body.len();
        if !more_body {
            break;
        }
    }
    PlainTextResponse::new(length.to_string())
        .call(scope, receive, send)
        .await
}

#[tokio::test]
async fn content_must_come_in_time_and_not_by_drips() {
    let server = start_with(reading, |server| server.content_timeout(SHORT)).await;
    let post = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n";
    let mut silent = sent(&server, post).await;
    let (mut reads, mut writes) = sent(&server, post).await.into_split();
    let drips = tokio::spawn(async move {
        while writes.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut dripping = Vec::new();
    let _ = tokio::time::timeout(SOON, reads.read_to_end(&mut dripping)).await;
    drips.abort();
    for answer in [rest(&mut silent).await, dripping] {
        let answer = Answer::parse(&answer).unwrap();
        assert_eq!(answer.status, 408);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    // What waits for the application costs the client nothing.
    let mut whole = sent(&server, &[&post[..], &[b'x'; 100]].concat()).await;
    let mut answer = [0; 1024];
    let read = whole.read(&mut answer).await.unwrap();
    assert!(answer[..read].ends_with(b"100"));
}

#[tokio::test]
async fn whoever_reads_nothing_is_given_up_whatever_is_sent() {
    const MUCH: usize = 32 << 20;
    let folder = Folder::new();
    let file = folder.file(MUCH);
    let of_server = move |scope: asgi::Scope, receive, send| {
        let file = file.clone();
        async move {
            match scope.path() {
                "/file" => FileResponse::new(file).call(scope, receive, send).await,
                // hyper has all of it, and the application is done.
                "/fixed" => {
                    let content = vec![b'x'; MUCH];
                    PlainTextResponse::new(String::from_utf8(content).unwrap())
                        .call(scope, receive, send)
                        .await
                }
                _ => {
                    let chunks = streams::repeat("x".repeat(10_000));
                    let response = StreamingResponse::new(chunks);
                    response.call(scope, receive, send).await
                }
            }
        }
    };
    let server = start_with(of_server, |server| server.write_timeout(SHORT)).await;
    let own = start(|scope: asgi::Scope, receive, send| async move {
        let content = "x".repeat(MUCH);
        let response = PlainTextResponse::new(content).send_timeout(SHORT);
        response.call(scope, receive, send).await
    })
    .await;
    for (server, path) in [
        (&server, "file"),
        (&server, "fixed"),
        (&server, "stream"),
        (&own, "own"),
    ] {
        let request = format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n");
        let mut stream = sent(server, request.as_bytes()).await;
        tokio::time::sleep(4 * SHORT).await;
        let bytes = rest(&mut stream).await;
        assert!(bytes.len() < MUCH, "{path}");
    }
    // Whoever reads slowly gets all there is.
    let mut slow = sent(&server, b"GET /fixed HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let (mut total, mut buffer) = (0, vec![0; 4 << 20]);
    while total < MUCH {
        tokio::time::sleep(SHORT / 10).await;
        let read = slow.read(&mut buffer).await.unwrap();
        assert!(read > 0, "{total}");
        total += read;
    }
}

#[tokio::test]
async fn an_http_2_answer_that_is_left_lying_is_cut_alone() {
    let app = |scope: asgi::Scope, receive, send| async move {
        let length = if scope.path() == "/short" {
            10
        } else {
            1 << 20
        };
        let response = PlainTextResponse::new("x".repeat(length));
        response.call(scope, receive, send).await
    };
    let server = start_with(app, |server| server.write_timeout(SHORT)).await;
    let mut client = Frames::connect(server.address, 100).await;
    client.ask(1, "/long").await;
    client.ask(3, "/short").await;
    let (mut has_short, mut is_cut) = (false, false);
    while !(has_short && is_cut) {
        let frame = client.next().await.expect("the connection has ended");
        has_short |= frame.kind == DATA && frame.number == 3;
        is_cut |= frame.kind == RST_STREAM && frame.number == 1;
    }
    client.ask(5, "/short").await;
    assert_eq!(client.next_of(HEADERS).await.unwrap().number, 5);
}

#[tokio::test]
async fn idle_connections_give_way_to_others_and_busy_ones_do_not() {
    let app = |scope: asgi::Scope, receive, send| async move {
        if scope.path() == "/events" {
            let events = EventSourceResponse::new(streams::pending::<String>());
            return events.call(scope, receive, send).await;
        }
        PlainTextResponse::new("hi")
            .call(scope, receive, send)
            .await
    };
    let server = start_with(app, |server| server.max_connections(4)).await;
    let mut listener = sent(&server, b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut head = [0; 1024];
    assert!(listener.read(&mut head).await.unwrap() > 0);
    let mut idle = Vec::new();
    for begin in [
        "",
        "G",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n",
    ] {
        idle.push(sent(&server, begin.as_bytes()).await);
    }
    for _ in 0..10 {
        assert_eq!(ask(server.address, "GET", "/").await.body, b"hi");
    }
    let waits = tokio::time::timeout(SHORT, listener.read(&mut head)).await;
    assert!(waits.is_err(), "the listener was given up");
}

/// Six connections that take as many answers as they can, and read none.
async fn hoarders(server: &Running, streams: u32) -> Vec<Frames> {
    let mut all = Vec::new();
    for _ in 0..6 {
        let mut client = Frames::connect(server.address, 0).await;
        for number in 0..streams {
            client.ask(2 * number + 1, "/").await;
        }
        all.push(client);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    all
}

#[tokio::test]
async fn whoever_hoards_answers_gives_way_to_others() {
    let folder = Folder::new();
    let response = FileResponse::new(folder.file(10_000));
    let server = start_with(response, |server| {
        server.max_streams(60).max_streams_per_connection(20)
    })
    .await;
    let _hoarders = hoarders(&server, 20).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 200);
    let mut client = http_2(server.address).await;
    for _ in 0..10 {
        let request = http::Request::get("http://a.test/").body(Empty::new());
        let answer = client.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes().len(), 10_000);
    }
}

#[tokio::test]
async fn a_connection_has_so_many_answers_at_a_time() {
    let app = |_: asgi::Scope, _: Receive, _: asgi::Send| std::future::pending();
    let server = start_with(app, |server| server.max_streams_per_connection(5)).await;
    let mut client = Frames::connect(server.address, 1 << 20).await;
    for number in 0..6 {
        client.ask(2 * number + 1, "/").await;
    }
    let refused = client.next_of(RST_STREAM).await.unwrap();
    // REFUSED_STREAM: nothing was done with it, so that it may be asked again.
    assert_eq!(
        (refused.number, &refused.content[..]),
        (11, &[0, 0, 0, 7][..])
    );
}

#[tokio::test]
async fn a_head_has_bounds() {
    let set = |server: Server| server.max_head_len(10_000).max_head_fields(20);
    let server = start_with(PlainTextResponse::new("hi"), set).await;
    let wide = start(PlainTextResponse::new("hi")).await;
    let few: String = (0..15).map(|number| format!("x-{number}: a\r\n")).collect();
    let many: String = (0..30).map(|number| format!("x-{number}: a\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(12_000));
    for (fields, status, by_default) in [(few, 200, 200), (many, 431, 200), (long, 431, 200)] {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
        for (server, status) in [(&server, status), (&wide, by_default)] {
            let answer = exchange(server.address, request.as_bytes()).await;
            assert_eq!(Answer::parse(&answer).unwrap().status, status);
            let mut client = http_2(server.address).await;
            let mut request = http::Request::get("http://a.test/");
            for line in fields.lines() {
                let (name, value) = line.split_once(": ").unwrap();
                request = request.header(name, value);
            }
            let request = request.body(Empty::new()).unwrap();
            let answer = client.send_request(request).await.unwrap();
            assert_eq!(answer.status(), status);
        }
    }
}

#[tokio::test]
async fn an_event_stream_is_bounded_by_nothing_but_its_client() {
    let ended = Arc::new(Notify::new());
    let set = |server: Server| {
        let server = server.head_timeout(SHORT).keep_alive_timeout(SHORT);
        server.write_timeout(SHORT).content_timeout(SHORT)
    };
    let app = {
        let ended = Arc::clone(&ended);
        move |scope: asgi::Scope, receive, send| {
            let guard = OnDrop(Arc::clone(&ended));
            async move {
                let _guard = guard;
                let events = EventSourceResponse::new(streams::pending::<String>());
                events.call(scope, receive, send).await
            }
        }
    };
    let server = start_with(app, set).await;
    let mut listener = sent(&server, GET).await;
    let mut head = [0; 1024];
    assert!(listener.read(&mut head).await.unwrap() > 0);
    let waits = tokio::time::timeout(4 * SHORT, ended.notified()).await;
    assert!(waits.is_err(), "the listener was given up");
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
