//! How the head of a request reaches an application, or does not.

use crate::support::{Answer, exchange, http_2, start};
use antiphon::{PlainTextResponse, asgi};
use http_body_util::{BodyExt, Empty};

/// An application that answers with the header of the request, in order.
fn echo() -> impl asgi::App {
    |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| async move {
        let lines = scope.headers().iter().map(|(name, value)| {
            let value: String = value.as_bytes().iter().copied().map(char::from).collect();
            format!("{name}: {value}\n")
        });
        let text: String = lines.collect();
        PlainTextResponse::new(text)
            .call(scope, receive, send)
            .await
    }
}

async fn asked(target: &str, lines: &str) -> Answer {
    let server = start(echo()).await;
    let request = format!("GET {target} HTTP/1.1\r\nconnection: close\r\n{lines}\r\n");
    Answer::parse(&exchange(server.address, request.as_bytes()).await).unwrap()
}

#[tokio::test]
async fn a_request_has_one_host() {
    for (lines, status) in [
        ("", 400),
        ("host: a.test\r\n", 200),
        ("host: a.test:8000\r\n", 200),
        ("host: [::1]:8000\r\n", 200),
        ("host:\r\n", 200),
        ("host: a.test\r\nhost: b.test\r\n", 400),
        ("host: a.test\r\nHost: a.test\r\n", 400),
        ("host: a.test, b.test\r\n", 400),
        ("host: user@a.test\r\n", 400),
        ("host: a.test/b\r\n", 400),
        ("host: a.test:port\r\n", 400),
    ] {
        assert_eq!(asked("/", lines).await.status, status, "{lines:?}");
    }
}

#[tokio::test]
async fn the_host_of_the_target_counts_over_that_of_the_header() {
    for (target, host) in [
        ("http://b.test:81/x", "b.test:81"),
        ("http://user:word@b.test/x", "b.test"),
    ] {
        let answer = asked(target, "x-a: 1\r\nhost: a.test\r\n").await;
        let lines = format!("host: {host}\nconnection: close\nx-a: 1\n");
        assert_eq!((answer.status, &*answer.body), (200, lines.as_bytes()));
    }
    let answer = asked("/x", "x-a: 1\r\nhost: a.test\r\n").await;
    assert_eq!(answer.body, b"connection: close\nx-a: 1\nhost: a.test\n");
}

#[tokio::test]
async fn a_request_of_http_2_has_a_host_and_one_cookie_field() {
    let server = start(echo()).await;
    let mut sender = http_2(server.address).await;
    for (cookies, expected) in [
        (&["a=1", "b=2", "c=3"][..], "cookie: a=1; b=2; c=3\n"),
        (&["a=1"], "cookie: a=1\n"),
        (&[], ""),
    ] {
        let mut request = http::Request::get("http://b.test:81/x").header("x-a", "1");
        for cookie in cookies {
            request = request.header("cookie", *cookie);
        }
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, format!("host: b.test:81\nx-a: 1\n{expected}"));
    }
}
