//! The end of a server: what it waits for, and what it cuts.

use crate::frames::{Frames, GOAWAY, HEADERS};
use crate::support::{Running, exchange, start_with};
use antiphon::asgi::{self, Receive};
use antiphon::{EventSourceResponse, PlainTextResponse, Server, ServiceApp, StreamingResponse};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const SOON: Duration = Duration::from_secs(5);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A stream without end, and how often it was asked.
fn ticking(count: &Arc<AtomicUsize>) -> StreamingResponse {
    let count = Arc::clone(count);
    StreamingResponse::new(async_stream::stream! {
        loop {
            count.fetch_add(1, Ordering::SeqCst);
            yield "tick\n";
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

/// Waits until nothing ticks any more.
async fn stands_still(count: &AtomicUsize) {
    let last = count.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count.load(Ordering::SeqCst), last, "it goes on");
    assert!(last > 0);
}

/// A server that answers with such a stream, and with a background task that ticks.
async fn ticker(count: &Arc<AtomicUsize>, set: impl FnOnce(Server) -> Server) -> Running {
    let count = Arc::clone(count);
    start_with(
        move |scope: asgi::Scope, receive: Receive, send: asgi::Send| {
            let count = Arc::clone(&count);
            async move {
                if scope.path() == "/stream" {
                    return ticking(&count).call(scope, receive, send).await;
                }
                let work = move || {
                    let count = Arc::clone(&count);
                    async move {
                        loop {
                            count.fetch_add(1, Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                };
                let response = PlainTextResponse::new("hi").background(work);
                response.call(scope, receive, send).await
            }
        },
        set,
    )
    .await
}

/// Begins an answer of each kind and over each protocol.
async fn begin(server: &Running) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for path in ["/stream", "/"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        open.push(stream);
        let mut frames = Frames::connect(server.address, 1 << 20).await;
        frames.ask(1, path).await;
        assert!(frames.next_of(HEADERS).await.is_some());
        open.push(frames.stream);
    }
    open
}

async fn have_ended(open: Vec<TcpStream>) {
    for mut stream in open {
        let mut rest = Vec::new();
        let ends = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(ends.is_ok(), "a connection goes on");
    }
}

#[tokio::test]
async fn what_is_in_flight_at_the_deadline_is_cut() {
    let count = Arc::new(AtomicUsize::new(0));
    let deadline = Duration::from_millis(200);
    let server = ticker(&count, |server| server.shutdown_deadline(deadline)).await;
    let open = begin(&server).await;
    server.stop.send(()).unwrap();
    let ended = tokio::time::timeout(SOON, server.ended).await;
    ended.unwrap().unwrap().unwrap();
    stands_still(&count).await;
    have_ended(open).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_takes_everything_with_it() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = ticker(&count, |server| server).await;
    let open = begin(&server).await;
    server.ended.abort();
    assert!(server.ended.await.unwrap_err().is_cancelled());
    stands_still(&count).await;
    have_ended(open).await;
}

/// Events faster than anyone reads.
async fn gushing(grace: Duration) -> Running {
    let app = move |scope: asgi::Scope, receive: Receive, send: asgi::Send| {
        let events = async_stream::stream! {
            loop {
                yield "x".repeat(10_000);
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
        };
        EventSourceResponse::new(events)
            .shutdown_grace_period(grace)
            .call(scope, receive, send)
    };
    start_with(app, |server| {
        server.shutdown_deadline(Duration::from_secs(60))
    })
    .await
}

#[tokio::test]
async fn a_listener_that_reads_nothing_does_not_hold_the_end_up() {
    for grace in [Duration::ZERO, Duration::from_millis(300)] {
        let server = gushing(grace).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stalled = socket.connect(server.address).await.unwrap();
        stalled.write_all(GET).await.unwrap();
        // One with a window that is soon full, one with a socket that is.
        let mut frames = Frames::connect(server.address, 30_000).await;
        frames.ask(1, "/").await;
        let mut unread = Frames::connect(server.address, 1 << 30).await;
        unread.ask(1, "/").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let begun = Instant::now();
        server.stop.send(()).unwrap();
        let goaway = tokio::time::timeout(SOON, frames.next_of(GOAWAY)).await;
        assert!(goaway.unwrap().is_some());
        let ended = tokio::time::timeout(SOON, server.ended).await;
        ended.expect("it waits for a listener").unwrap().unwrap();
        assert!(begun.elapsed() >= grace);
    }
}

#[tokio::test]
async fn answers_say_that_the_connection_ends_with_the_server() {
    let app = |scope: asgi::Scope, receive: Receive, send: asgi::Send| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let response = PlainTextResponse::new("hi").header("connection", "keep-alive")?;
        response.call(scope, receive, send).await
    };
    let server = start_with(app, |server| server).await;
    let address = server.address;
    let client = tokio::spawn(async move { exchange(address, GET).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    let answer = String::from_utf8(client.await.unwrap()).unwrap();
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(!answer.contains("keep-alive"), "{answer}");
}

/// Not a test: the process that the next test starts and ends.
#[tokio::test]
#[ignore = "serves until a signal"]
async fn serve_for_good_until_a_signal() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    eprintln!("at {}", server.local_addr().unwrap());
    let app = |_: asgi::Scope, _: Receive, _: asgi::Send| std::future::pending();
    let server = server.shutdown_deadline(Duration::from_secs(600));
    server.serve(app).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let (mut child, address) = crate::support::process("ending::serve_for_good_until_a_signal");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    crate::support::signal(&child, "TERM");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(child.try_wait().unwrap().is_none(), "it does not wait");
    crate::support::signal(&child, "INT");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > SOON {
            child.kill().unwrap();
            panic!("it goes on");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(status.success(), "{status}");
}

/// Event streams of handlers that see no scope: of a router of axum's, as they are returned and by `into_http`.
#[tokio::test]
async fn events_of_a_service_end_with_the_server() {
    async fn ticks() -> EventSourceResponse {
        EventSourceResponse::new(futures_util::stream::pending::<String>())
    }
    async fn by_request(request: axum::extract::Request) -> axum::response::Response {
        let response = ticks().await.into_http(&request).await.unwrap();
        response.map(axum::body::Body::new)
    }
    let router = axum::Router::new()
        .route("/returned", axum::routing::get(ticks))
        .route("/made", axum::routing::get(by_request));
    let server = start_with(ServiceApp::new(router), |server| {
        server.shutdown_deadline(Duration::from_secs(60))
    })
    .await;
    let mut clients = Vec::new();
    for path in ["/returned", "/made"] {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 15];
        client.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        clients.push(client);
    }
    server.stop.send(()).unwrap();
    for mut client in clients {
        let mut rest = String::new();
        let read = tokio::time::timeout(SOON, client.read_to_string(&mut rest)).await;
        read.expect("the stream ends").unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    }
    let ended = tokio::time::timeout(SOON, server.ended).await;
    ended.unwrap().unwrap().unwrap();
}
