//! What the access log and the counters say of requests.

use crate::support::{Log, Running, ask, exchange, http_2, start, start_with};
use antiphon::{PlainTextResponse, ServerCounters, ServerCounts, StreamingResponse, asgi};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const AGES: Duration = Duration::from_secs(30);

async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    match scope.path() {
        "/text" => {
            tracing::info!("within");
            PlainTextResponse::new("hi")
                .call(scope, receive, send)
                .await
        }
        "/stream" => {
            let pieces = stream::iter(["a", "bc"]).then(|piece| async move {
                tokio::task::yield_now().await;
                tracing::info!("a piece");
                piece
            });
            StreamingResponse::new(pieces)
                .call(scope, receive, send)
                .await
        }
        "/announced" => {
            StreamingResponse::from_iterator(["abc"])
                .header("content-length", 3)?
                .call(scope, receive, send)
                .await
        }
        "/breaks" => {
            let pieces = stream::iter([Ok("a"), Err("out of ink")]).then(|piece| async move {
                tokio::task::yield_now().await;
                piece
            });
            StreamingResponse::new(pieces)
                .call(scope, receive, send)
                .await
        }
        "/endless" => {
            let pieces = stream::iter(["a"]).chain(stream::pending());
            StreamingResponse::new(pieces)
                .call(scope, receive, send)
                .await
        }
        "/silent" => std::future::pending().await,
        _ => Err("no such path".into()),
    }
}

/// Waits until the log has such a line, and returns it.
async fn line(log: &Log, part: &str) -> String {
    let wait = async {
        loop {
            let text = log.text();
            if let Some(line) = text.lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(AGES, wait).await;
    found.unwrap_or_else(|_| panic!("no {part:?} in {}", log.text()))
}

/// Waits until the access log has such a line, and returns it.
async fn access(log: &Log, method: &str, target: &str) -> String {
    let start = format!("antiphon::access: method={method} target=\"{target}\"");
    line(log, &start).await
}

async fn told() -> Running {
    start_with(app, |server| server.access_log(true)).await
}

/// Sends a request, and leaves as soon as there is an answer, or at once.
async fn leave(server: &Running, target: &str, has_answer: bool) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    if has_answer {
        stream.read_exact(&mut [0; 12]).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_told_by_default() {
    let (log, _guard) = Log::capture();
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/text").await.status, 200);
    let text = log.text();
    assert!(text.contains("within"), "{text}");
    assert!(!text.contains("antiphon::access"), "{text}");
    assert!(!text.contains("request{"), "{text}");
}

#[tokio::test]
async fn each_request_is_a_line() {
    let (log, _guard) = Log::capture();
    let server = told().await;
    for (method, target, expected) in [
        ("GET", "/text?a=%20", "status=200 bytes=2 "),
        ("HEAD", "/text?b", "status=200 bytes=0 "),
        ("GET", "/stream", "status=200 bytes=3 "),
        ("GET", "/announced", "status=200 bytes=3 "),
        ("GET", "/other", "status=500 bytes=21 "),
    ] {
        ask(server.address, method, target).await;
        let line = access(&log, method, target).await;
        assert!(line.contains(" INFO antiphon::access: "), "{line}");
        assert!(line.contains(expected), "{line}");
        assert!(
            line.contains("ended=\"complete\" client=127.0.0.1:"),
            "{line}"
        );
        let (_, duration) = line.split_once("duration_ms=").unwrap();
        let (duration, _) = duration.split_once(' ').unwrap();
        let duration: f64 = duration.parse().unwrap();
        assert!((0.0..30_000.0).contains(&duration), "{line}");
    }
}

#[tokio::test]
async fn what_an_application_logs_is_within_the_span_of_its_request() {
    let (log, _guard) = Log::capture();
    let server = told().await;
    for (target, logged) in [
        ("/text", "within"),
        ("/stream", "a piece"),
        ("/other", "no such path"),
    ] {
        ask(server.address, "GET", target).await;
        let line = line(&log, logged).await;
        let span = format!("request{{method=GET target=\"{target}\"");
        assert!(line.contains(&span), "{line}");
    }
}

#[tokio::test]
async fn a_line_says_how_the_answer_has_ended() {
    let (log, _guard) = Log::capture();
    let server = told().await;
    ask(server.address, "GET", "/breaks").await;
    let failed = access(&log, "GET", "/breaks").await;
    assert!(
        failed.contains("bytes=1 ") && failed.contains("ended=\"failed\""),
        "{failed}"
    );
    leave(&server, "/endless", true).await;
    let cut = access(&log, "GET", "/endless").await;
    assert!(
        cut.contains("bytes=1 ") && cut.contains("ended=\"cut\""),
        "{cut}"
    );
    leave(&server, "/silent", false).await;
    let cut = access(&log, "GET", "/silent").await;
    assert!(!cut.contains("status="), "{cut}");
    assert!(cut.contains("ended=\"cut\""), "{cut}");
    exchange(server.address, b"GET /refused HTTP/1.1\r\n\r\n").await;
    let refused = access(&log, "GET", "/refused").await;
    assert!(refused.contains("status=400 "), "{refused}");
    assert!(refused.contains("ended=\"complete\""), "{refused}");
}

#[tokio::test]
async fn requests_of_http_2_are_told_too() {
    let (log, _guard) = Log::capture();
    let server = told().await;
    let mut sender = http_2(server.address).await;
    for (target, bytes) in [("/text", 2), ("/stream", 3)] {
        let request = http::Request::get(format!("http://a{target}"))
            .body(http_body_util::Empty::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        response.into_body().collect().await.unwrap();
        let line = access(&log, "GET", target).await;
        assert!(
            line.contains(&format!("status=200 bytes={bytes} ")),
            "{line}"
        );
        assert!(line.contains("ended=\"complete\""), "{line}");
    }
}

/// Waits until the counters stand like this.
async fn counts(counters: &ServerCounters, are: impl Fn(ServerCounts) -> bool) -> ServerCounts {
    let wait = async {
        while !are(counters.read()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(AGES, wait).await;
    assert!(in_time.is_ok(), "{:?}", counters.read());
    counters.read()
}

#[tokio::test]
async fn counters_are_read_while_the_server_serves() {
    let counters = ServerCounters::new();
    let server = start_with(app, |server| server.counters(&counters)).await;
    assert_eq!(counters.read(), ServerCounts::default());

    let request = b"GET /text HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = exchange(server.address, request).await;
    let now = counts(&counters, |now| now.connections == 0).await;
    assert_eq!((now.accepted, now.requests, now.answering), (1, 1, 0));
    assert_eq!(now.bytes_read, request.len() as u64);
    assert_eq!(now.bytes_written, answer.len() as u64);

    ask(server.address, "GET", "/other").await;
    exchange(server.address, b"GET / HTTP/1.1\r\n\r\n").await;
    ask(server.address, "GET", "/breaks").await;
    leave(&server, "/silent", false).await;
    let now = counts(&counters, |now| now.requests == 5 && now.answering == 0).await;
    let errors = (now.client_errors, now.server_errors, now.failed, now.cut);
    assert_eq!(errors, (1, 1, 1, 1));

    let mut sender = http_2(server.address).await;
    let request = http::Request::get("http://a/endless")
        .body(http_body_util::Empty::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let now = counters.read();
    assert_eq!((now.connections, now.answering, now.streams), (1, 1, 1));
    drop((response, sender));
    let now = counts(&counters, |now| now.connections == 0).await;
    assert_eq!((now.answering, now.streams, now.cut), (0, 0, 2));
    assert_eq!((now.accepted, now.requests), (6, 6));
}
