//! Clients that leave, or end their side, and what is said of the connection.

use crate::support::{Answer, Running, exchange, start};
use antiphon::asgi::{self, Event, Receive};
use antiphon::{EventSourceResponse, PlainTextResponse, StreamingResponse};
use futures_util::stream as streams;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(5);

/// How many answers are on their way.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

struct Counted(Arc<AtomicUsize>);

impl Open {
    fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(Arc::clone(&self.0))
    }

    async fn are(&self, number: usize) {
        let wait = async {
            while self.0.load(Ordering::SeqCst) != number {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(SOON, wait).await.is_ok();
        assert!(in_time, "{} of {number}", self.0.load(Ordering::SeqCst));
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An application that waits for good: before its head, or after it; or reads what never comes.
async fn waiting(open: &Open) -> Running {
    let open = open.clone();
    start(move |scope: asgi::Scope, mut receive: Receive, send| {
        let counted = open.count();
        async move {
            let _counted = counted;
            match scope.path() {
                "/events" => {
                    let events = EventSourceResponse::new(streams::pending::<String>());
                    events.call(scope, receive, send).await
                }
                "/reads" => loop {
                    if receive.receive().await? == Event::Disconnect {
                        return Ok(());
                    }
                },
                _ => std::future::pending().await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn whoever_resets_is_gone_whatever_was_sent_after_the_request() {
    let open = Open::default();
    let server = waiting(&open).await;
    for path in ["/events", "/nothing"] {
        for after in [
            "",
            "x",
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            &"x".repeat(200_000),
        ] {
            for resets in [true, false] {
                if !resets && after.len() > 100_000 {
                    // What does not fit into the buffers on the way keeps the end from coming.
                    continue;
                }
                let mut stream = TcpStream::connect(server.address).await.unwrap();
                let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n{after}");
                stream.write_all(request.as_bytes()).await.unwrap();
                open.are(1).await;
                if resets {
                    stream.set_zero_linger().unwrap();
                }
                drop(stream);
                open.are(0).await;
            }
        }
    }
}

#[tokio::test]
async fn whoever_leaves_while_content_is_sent_is_gone() {
    let open = Open::default();
    let server = waiting(&open).await;
    for path in ["/events", "/nothing", "/reads"] {
        for length in [10, 1_000_000] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let request =
                format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\nxxx");
            stream.write_all(request.as_bytes()).await.unwrap();
            open.are(1).await;
            stream.set_zero_linger().unwrap();
            drop(stream);
            open.are(0).await;
        }
    }
}

/// Sends requests, ends this side, and reads to the end.
async fn half_closed(server: &Running, requests: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut answer)).await;
    read.expect("the connection goes on").unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn no_request_of_a_half_closed_connection_is_lost() {
    let server = start(|scope: asgi::Scope, receive, send| async move {
        if let Ok(delay) = scope.path()[1..].parse() {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if scope.path() == "/stream" {
            let chunks = async_stream::stream! {
                for _ in 0..4 {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    yield "x";
                }
                yield "hi";
            };
            return StreamingResponse::new(chunks)
                .call(scope, receive, send)
                .await;
        }
        PlainTextResponse::new("hi")
            .call(scope, receive, send)
            .await
    })
    .await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut clients = tokio::task::JoinSet::new();
    let server = Arc::new(server);
    for number in 0..1000 {
        let (server, request) = (Arc::clone(&server), get(&format!("/{}", number % 60)));
        clients.spawn(async move { half_closed(&server, &request).await });
        if clients.len() == 50 {
            assert!(clients.join_next().await.unwrap().unwrap().ends_with("hi"));
        }
    }
    for answer in clients.join_all().await {
        assert!(answer.ends_with("hi"), "{answer:?}");
    }
    let many = format!("{}{}{}", get("/20"), get("/"), get("/20"));
    assert_eq!(half_closed(&server, &many).await.matches("hi").count(), 3);
    // What takes longer is not lost either, as long as something of it comes.
    assert!(half_closed(&server, &get("/stream")).await.contains("hi"));
}

#[tokio::test]
async fn a_half_closed_connection_whose_answer_waits_is_gone() {
    let open = Open::default();
    let server = waiting(&open).await;
    for path in ["/events", "/nothing"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        half_closed(&server, &request).await;
        open.are(0).await;
    }
    // Content that ends too early is no reason to wait.
    let request = "POST /reads HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nxxx";
    let answer = half_closed(&server, request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
}

#[tokio::test]
async fn a_refused_upload_announces_the_end_of_its_connection() {
    let server = start(PlainTextResponse::new("refused")).await;
    let much = 8 << 20;
    for (length, sent, expect) in [
        (much, much, ""),
        (much, 0, "expect: 100-continue\r\n"),
        (10, 0, "expect: 100-continue\r\n"),
        (100_000, 10, ""),
    ] {
        let request =
            format!("POST / HTTP/1.1\r\nhost: a\r\n{expect}content-length: {length}\r\n\r\n");
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (mut reads, mut writes) = stream.into_split();
        let uploads = tokio::spawn(async move {
            writes.write_all(request.as_bytes()).await?;
            writes.write_all(&vec![b'x'; sent]).await?;
            std::io::Result::Ok(writes)
        });
        let mut answer = Vec::new();
        let read = tokio::time::timeout(SOON, reads.read_to_end(&mut answer)).await;
        // The answer is whole, and the connection not reset.
        read.expect("the connection goes on").unwrap();
        let answer = Answer::parse(&answer).unwrap();
        assert_eq!(answer.header("connection"), Some("close"), "{length}");
        assert_eq!(answer.body, b"refused");
        let _ = uploads.await.unwrap();
    }
}

#[tokio::test]
async fn a_request_that_is_refused_by_its_head_ends_its_connection() {
    let server = start(PlainTextResponse::new("reached")).await;
    for (head, status) in [
        (
            "POST / HTTP/1.1\r\nhost: a b\r\ncontent-length: 9000000\r\n\r\n",
            400,
        ),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", 501),
    ] {
        let answer = exchange(server.address, head.as_bytes()).await;
        let answer = Answer::parse(&answer).unwrap();
        assert_eq!(answer.status, status, "{head:?}");
        assert_eq!(answer.header("connection"), Some("close"), "{head:?}");
    }
}

#[tokio::test]
async fn whoever_ends_their_side_after_an_upload_is_answered_when_it_is_read() {
    let server = start(
        |scope: asgi::Scope, mut receive: Receive, send| async move {
            let mut length = 0;
            while let Event::Request { body, more_body } = receive.receive().await? {
                length += body.len();
                tokio::time::sleep(Duration::from_millis(20)).await;
                if !more_body {
                    break;
                }
            }
            let response = PlainTextResponse::new(length.to_string());
            response.call(scope, receive, send).await
        },
    )
    .await;
    let much = 2 << 20;
    let request = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {much}\r\n\r\n");
    let answer = half_closed(&server, &(request + &"x".repeat(much))).await;
    assert!(answer.ends_with(&much.to_string()), "{answer:?}");
}

#[tokio::test]
async fn content_that_nobody_reads_costs_no_connection_if_it_is_little() {
    let server = start(PlainTextResponse::new("hi")).await;
    let posts = [
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ];
    let answers = exchange(server.address, posts.concat().as_bytes()).await;
    let answers = String::from_utf8(answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    assert_eq!(answers.matches("connection: close").count(), 1);
}

#[tokio::test]
async fn keep_alive_is_claimed_only_where_it_is_true() {
    let server = start(|scope: asgi::Scope, receive, send| async move {
        if scope.path() == "/stream" {
            let chunks = StreamingResponse::new(streams::iter(["a", "b"]));
            return chunks.call(scope, receive, send).await;
        }
        let response = PlainTextResponse::new("hi").header("connection", "keep-alive")?;
        response.call(scope, receive, send).await
    })
    .await;
    for (request, is_kept) in [
        ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\n\r\n", false),
        (
            "GET /stream HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
            false,
        ),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", true),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
            false,
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\n\r\n",
            false,
        ),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ends = stream.read_to_end(&mut answer);
        let ends = tokio::time::timeout(Duration::from_millis(300), ends).await;
        assert_eq!(ends.is_err(), is_kept, "{request:?}");
        let answer = String::from_utf8(answer).unwrap();
        let claims = answer.contains("keep-alive");
        assert!(is_kept || !claims, "{request:?} {answer:?}");
    }
}

#[tokio::test]
async fn a_watcher_in_a_task_of_its_own_hears_of_the_end() {
    let (told, mut events) = tokio::sync::mpsc::unbounded_channel();
    let server = start(
        move |scope: asgi::Scope, mut receive: Receive, send: asgi::Send| {
            let told = told.clone();
            let path = scope.path().to_owned();
            tokio::spawn(async move {
                loop {
                    match receive.receive().await {
                        Ok(Event::Request { .. }) => {}
                        Ok(Event::Disconnect) => return told.send((path, true)).unwrap(),
                        Err(_) => return told.send((path, false)).unwrap(),
                    }
                }
            });
            async move {
                match scope.path() {
                    "/events" => {
                        let events = EventSourceResponse::new(streams::pending::<String>());
                        events.call(scope, Receive::default(), send).await
                    }
                    "/returns" => Ok(()),
                    "/panics" => panic!("on purpose"),
                    "/waits" => std::future::pending().await,
                    _ => {
                        let response = PlainTextResponse::new("hi");
                        response.call(scope, Receive::default(), send).await
                    }
                }
            }
        },
    )
    .await;
    for path in ["/events", "/returns", "/panics", "/waits", "/answers"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        if path == "/events" || path == "/waits" {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(events.try_recv().is_err(), "{path}");
            drop(stream);
            let told = tokio::time::timeout(SOON, events.recv()).await;
            assert_eq!(told.unwrap().unwrap(), (path.to_owned(), true));
        } else {
            let told = tokio::time::timeout(SOON, events.recv()).await;
            assert_eq!(told.unwrap().unwrap(), (path.to_owned(), true));
        }
    }
}

#[tokio::test]
async fn whoever_sends_after_the_application_has_returned_gets_an_error() {
    let (told, mut errors) = tokio::sync::mpsc::unbounded_channel();
    let server = start(move |scope: asgi::Scope, _, mut send: asgi::Send| {
        let told = told.clone();
        let begins = scope.path() == "/begins";
        async move {
            let head = || asgi::Message::Start {
                scope_type: asgi::ScopeType::Http,
                status: 200,
                headers: antiphon::Headers::new(),
            };
            let piece = || asgi::Message::Body {
                scope_type: asgi::ScopeType::Http,
                body: "x".into(),
                more_body: true,
            };
            if begins {
                send.send(head()).await?;
                send.send(piece()).await?;
            }
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if !begins {
                    told.send(send.send(head()).await.is_err()).unwrap();
                }
                for _ in 0..3 {
                    told.send(send.send(piece()).await.is_err()).unwrap();
                }
            });
            Ok(())
        }
    })
    .await;
    for (path, sends) in [("/begins", 3), ("/begins-not", 4)] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        exchange(server.address, request.as_bytes()).await;
        for _ in 0..sends {
            let is_error = tokio::time::timeout(SOON, errors.recv()).await;
            assert!(is_error.expect("it hangs").unwrap(), "{path}");
        }
    }
}
