//! The embedded server.

use crate::support::{Answer, Log, ask, exchange, http_2, start, start_with};
use antiphon::{PlainTextResponse, Server, asgi};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let first = Server::bind("127.0.0.1:0").await.unwrap();
    let address = first.local_addr().unwrap().to_string();
    let error = Server::bind(address.clone()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(
        error
            .to_string()
            .contains(&format!("cannot listen at {address}")),
        "{error}"
    );
}

#[tokio::test]
async fn an_address_may_be_given_in_any_form() {
    let from_pair = Server::bind(("127.0.0.1", 0)).await.unwrap();
    assert_ne!(from_pair.local_addr().unwrap().port(), 0);
    let taken = from_pair.local_addr().unwrap();
    let free = "127.0.0.1:0".parse().unwrap();
    let of_several = Server::bind(&[taken, free][..]).await.unwrap();
    assert_ne!(of_several.local_addr().unwrap(), taken);
    let error = Server::bind("127.0.0.1:http!").await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot find the address to listen at: "),
        "{error}"
    );
    let none: &[std::net::SocketAddr] = &[];
    let error = Server::bind(none).await.unwrap_err();
    assert_eq!(error.to_string(), "no address to listen at was given");
}

#[tokio::test]
async fn listeners_that_a_program_has_made_are_served() {
    let of_tokio = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let of_std = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for server in [Server::from(of_tokio), Server::try_from(of_std).unwrap()] {
        let address = server.local_addr().unwrap();
        let serving = tokio::spawn(server.serve(PlainTextResponse::new("hi")));
        assert_eq!(ask(address, "GET", "/").await.body, b"hi");
        serving.abort();
    }
}

#[test]
fn a_listener_without_a_runtime_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(Server::try_from(listener).is_err());
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = start(PlainTextResponse::new("hi")).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"hi") {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
        }
        let answer = Answer::parse(&bytes).unwrap();
        assert_eq!(answer.header("content-length"), Some("2"));
    }
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    use http_body_util::{BodyExt, Empty};
    let response = PlainTextResponse::new("over h2")
        .header("connection", "close")
        .unwrap();
    let server = start(response).await;
    let mut sender = http_2(server.address).await;
    let request = http::Request::get(format!("http://{}/", server.address))
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    // A field of the connection has no place in HTTP/2.
    assert!(!response.headers().contains_key("connection"));
    assert_eq!(response.headers()["content-length"], "7");
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "over h2"
    );
}

#[tokio::test]
async fn the_scope_tells_what_was_asked() {
    let server = start(|scope: asgi::Scope, receive, send| async move {
        let text = format!(
            "{} {} {} {} {:?} {}",
            scope.method(),
            scope.path(),
            scope.raw_path(),
            scope.query_string(),
            scope.http_version(),
            scope.client().is_some() && scope.server().is_some(),
        );
        PlainTextResponse::new(text)
            .call(scope, receive, send)
            .await
    })
    .await;
    let answer = ask(server.address, "GET", "/caf%C3%A9/%?a=%20").await;
    let expected = "GET /caf\u{e9}/% /caf%C3%A9/% a=%20 HTTP/1.1 true";
    assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
}

/// An application that takes its time.
async fn slow(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let millis = scope.path().trim_start_matches('/').parse()?;
    tokio::time::sleep(Duration::from_millis(millis)).await;
    PlainTextResponse::new("finished")
        .call(scope, receive, send)
        .await
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_flight() {
    let server = start(slow).await;
    let client = tokio::spawn(ask(server.address, "GET", "/300"));
    let idle = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    assert_eq!(client.await.unwrap().body, b"finished");
    server.ended.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn a_shutdown_waits_for_background_tasks() {
    let (ran, was_run) = std::sync::mpsc::channel();
    let response = PlainTextResponse::new("hi").background(move || {
        let ran = ran.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            ran.send(()).unwrap();
        }
    });
    let server = start(response).await;
    ask(server.address, "GET", "/").await;
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
    was_run.try_recv().unwrap();
}

#[tokio::test]
async fn a_shutdown_has_a_deadline() {
    let (log, _guard) = Log::capture();
    let deadline = Duration::from_millis(200);
    let server = start_with(slow, |server| server.shutdown_deadline(deadline)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /60000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(log.text().contains("deadline has passed"));
}

#[tokio::test]
async fn what_is_no_request_for_an_application_does_not_reach_it() {
    let server = start(PlainTextResponse::new("reached")).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        (
            "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n",
            501,
        ),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ] {
        let answer = Answer::parse(&exchange(server.address, request.as_bytes()).await).unwrap();
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(answer.body == b"reached", status == 200, "{request}");
    }
}

#[tokio::test]
async fn a_first_line_that_comes_in_pieces_is_waited_for() {
    let server = start(PlainTextResponse::new("hi")).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // It might become the preface of HTTP/2 until the third byte.
    for piece in [
        "P",
        "R",
        "OPFIND / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(
        bytes.ends_with(b"hi"),
        "{:?}",
        String::from_utf8_lossy(&bytes)
    );
}

#[tokio::test]
async fn a_client_that_says_nothing_does_not_hold_the_shutdown_up() {
    let server = start(PlainTextResponse::new("hi")).await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Not a test: the process that the next test starts and ends.
#[tokio::test]
#[ignore = "serves until a signal"]
async fn serve_until_a_signal() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    eprintln!("at {}", server.local_addr().unwrap());
    server.serve(PlainTextResponse::new("hi")).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_the_process_cleanly() {
    for signal in ["INT", "TERM"] {
        let (mut child, address) = crate::support::process("server::serve_until_a_signal");
        assert_eq!(ask(address, "GET", "/").await.body, b"hi");
        crate::support::signal(&child, signal);
        let status = tokio::task::spawn_blocking(move || child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success(), "{status}");
    }
}
