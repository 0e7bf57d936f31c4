//! Who wins the races between application and connection.

use crate::support::{Log, ask, exchange, start};
use antiphon::asgi::{self, Message, ScopeType, SendError};
use antiphon::{Headers, PlainTextResponse, StreamingResponse};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// An application of these messages, and what became of each.
fn sending(
    messages: Vec<Message>,
) -> (
    impl asgi::App,
    mpsc::UnboundedReceiver<Result<(), SendError>>,
) {
    let (told, outcomes) = mpsc::unbounded_channel();
    let app = move |_: asgi::Scope, _: asgi::Receive, mut send: asgi::Send| {
        let (told, messages) = (told.clone(), messages.clone());
        async move {
            for message in messages {
                let outcome = send.send(message).await;
                told.send(outcome.map_err(|error| *error.downcast().unwrap()))?;
            }
            Ok(())
        }
    };
    (app, outcomes)
}

async fn take(outcomes: &mut mpsc::UnboundedReceiver<Result<(), SendError>>) -> Vec<bool> {
    let mut taken = Vec::new();
    while let Ok(Some(outcome)) = timeout(Duration::from_secs(1), outcomes.recv()).await {
        taken.push(outcome.is_ok());
    }
    taken
}

fn head(length: Option<&'static str>) -> Message {
    let mut headers = Headers::new();
    if let Some(length) = length {
        headers.append("content-length", length).unwrap();
    }
    Message::Start {
        scope_type: ScopeType::Http,
        status: 200,
        headers,
    }
}

fn piece(body: &'static str, more_body: bool) -> Message {
    Message::Body {
        scope_type: ScopeType::Http,
        body: body.into(),
        more_body,
    }
}

/// The answers to two requests on one connection, the second of which would show what is left of the
/// first.
async fn two_answers(app: impl asgi::App, method: &str) -> String {
    let server = start(app).await;
    let request = format!(
        "{method} /first HTTP/1.1\r\nhost: a\r\n\r\n\
         GET /second HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    );
    String::from_utf8(exchange(server.address, request.as_bytes()).await).unwrap()
}

/// Sends these messages to the first request, with a turn between two if `waits`; ignores what becomes of
/// them if `is_deaf`.
fn lying(messages: Vec<Message>, waits: bool, is_deaf: bool) -> impl asgi::App {
    move |scope: asgi::Scope, receive: asgi::Receive, mut send: asgi::Send| {
        let messages = messages.clone();
        async move {
            if scope.path() == "/second" {
                return PlainTextResponse::new("second")
                    .call(scope, receive, send)
                    .await;
            }
            for message in messages {
                let outcome = send.send(message).await;
                if !is_deaf {
                    outcome?;
                }
                if waits {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Ok(())
        }
    }
}

#[tokio::test]
async fn a_length_that_is_a_lie_is_no_answer_or_a_cut_one() {
    for (messages, reason) in [
        (
            vec![head(Some("3")), piece("ab", false)],
            "as much content as",
        ),
        (
            vec![head(Some("3")), piece("ab", true), piece("", false)],
            "as much content as",
        ),
        (
            vec![head(Some("1")), piece("ab", false)],
            "no more content than",
        ),
        (
            vec![head(Some("2")), piece("a", true), piece("bc", true)],
            "no more content than",
        ),
    ] {
        for (waits, is_deaf) in [(false, false), (false, true), (true, false), (true, true)] {
            let (log, _guard) = Log::capture();
            let answers = two_answers(lying(messages.clone(), waits, is_deaf), "GET").await;
            // A head goes out when the application first waits, for a turn or for room.
            if waits || messages.len() == 3 && reason.starts_with("no more") {
                assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
                assert!(!answers.contains("second"), "{answers}");
            } else {
                assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
                assert!(answers.ends_with("\r\n\r\nsecond"), "{answers}");
            }
            assert!(log.text().contains(reason), "{}", log.text());
        }
    }
}

#[tokio::test]
async fn content_that_was_announced_to_be_none_is_no_answer_or_not_sent() {
    let messages = || vec![head(Some("0")), piece("a", false)];
    let answers = two_answers(lying(messages(), false, false), "GET").await;
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
    assert!(answers.ends_with("\r\n\r\nsecond"), "{answers}");
    // The client has its answer with the head.
    let (log, _guard) = Log::capture();
    let answers = two_answers(lying(messages(), true, false), "GET").await;
    assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
    let next = answers.contains("\r\n\r\nHTTP/1.1 200");
    assert!(next && answers.ends_with("\r\n\r\nsecond"), "{answers}");
    // The application is still to say what is not sent.
    while !log
        .text()
        .contains("no more content than the `content-length` says")
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_length_that_is_none_is_no_answer() {
    for length in [
        "-1",
        "abc",
        "",
        "1, 1",
        "+1",
        "0x1",
        "99999999999999999999999",
    ] {
        let (log, _guard) = Log::capture();
        let app = lying(vec![head(Some(length)), piece("a", false)], false, false);
        let answers = two_answers(app, "GET").await;
        assert!(answers.starts_with("HTTP/1.1 500"), "{length}: {answers}");
        assert!(answers.ends_with("\r\n\r\nsecond"), "{answers}");
        assert!(
            log.text().contains("expected one number of bytes"),
            "{}",
            log.text()
        );
    }
    let mut twice = head(Some("1"));
    if let Message::Start { headers, .. } = &mut twice {
        headers.append("Content-Length", "1").unwrap();
    }
    let answers = two_answers(lying(vec![twice, piece("a", false)], false, false), "GET").await;
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
}

#[tokio::test]
async fn middleware_that_changes_content_must_change_its_length() {
    let app = |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| async move {
        if scope.path() == "/second" {
            return PlainTextResponse::new("second")
                .call(scope, receive, send)
                .await;
        }
        let send = send.map(|mut message| {
            if let Message::Body { body, .. } = &mut message {
                *body = [&body[..], b", and more"].concat().into();
            }
            Ok(message)
        });
        PlainTextResponse::new("first")
            .call(scope, receive, send)
            .await
    };
    let (log, _guard) = Log::capture();
    let answers = two_answers(app, "GET").await;
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
    assert!(
        log.text()
            .contains("no more content than the `content-length` says")
    );
}

#[tokio::test]
async fn the_length_of_what_is_not_sent_may_be_any() {
    // D-4
    let app = || lying(vec![head(Some("1000")), piece("", false)], false, false);
    let answers = two_answers(app(), "HEAD").await;
    assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
    assert!(
        answers.contains("content-length: 1000\r\n") && answers.ends_with("second"),
        "{answers}"
    );
    let mut start = head(Some("1000"));
    if let Message::Start { status, .. } = &mut start {
        *status = 304;
    }
    let answers = two_answers(lying(vec![start, piece("", false)], false, false), "GET").await;
    assert!(
        answers.starts_with("HTTP/1.1 304") && answers.ends_with("second"),
        "{answers}"
    );
}

#[tokio::test]
async fn an_interim_status_ends_no_request() {
    for status in [100, 101, 103, 199] {
        let interim = http::StatusCode::from_u16(status).unwrap();
        let (log, _guard) = Log::capture();
        let app = move |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| async move {
            match scope.path() {
                "/second" => {
                    PlainTextResponse::new("second")
                        .call(scope, receive, send)
                        .await
                }
                _ => {
                    PlainTextResponse::new("")
                        .status_code(interim)
                        .call(scope, receive, send)
                        .await
                }
            }
        };
        let answers = two_answers(app, "GET").await;
        assert!(
            answers.starts_with("HTTP/1.1 500") && answers.ends_with("second"),
            "{answers}"
        );
        assert!(
            log.text()
                .contains("status code: expected one from 200 to 999"),
            "{}",
            log.text()
        );
        let stream = StreamingResponse::from_iterator(["a"]).status_code(interim);
        assert!(stream.into_http(&http::Request::new(())).await.is_err());
    }
}

#[tokio::test]
async fn content_beyond_what_was_announced_holds_nobody_up() {
    let (app, mut outcomes) = sending(vec![
        head(Some("1")),
        piece("a", true),
        piece("", true),
        piece("", false),
    ]);
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"a");
    assert_eq!(take(&mut outcomes).await, [true; 4]);
}

#[tokio::test]
async fn messages_out_of_turn_are_errors() {
    let (app, mut outcomes) = sending(vec![
        piece("a", true),
        head(None),
        head(None),
        piece("b", false),
        piece("c", false),
        head(None),
    ]);
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"b");
    assert_eq!(
        take(&mut outcomes).await,
        [false, true, false, true, false, false]
    );
}

#[tokio::test]
async fn a_failure_after_the_last_piece_is_no_concern_of_the_clients() {
    let (log, _guard) = Log::capture();
    let app = |_: asgi::Scope, _: asgi::Receive, mut send: asgi::Send| async move {
        send.send(head(None)).await?;
        send.send(piece("all", false)).await?;
        Err("too late".into())
    };
    let server = start(app).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"all"[..]));
    assert!(log.text().contains("too late"));
}

#[tokio::test]
async fn an_application_that_leaves_its_stream_is_cut() {
    let app = |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| async move {
        let numbers = stream::iter(["1"]).chain(stream::pending());
        let sent = StreamingResponse::new(numbers).call(scope, receive, send);
        let _ = timeout(Duration::from_millis(50), sent).await;
        Ok(())
    };
    let (log, _guard) = Log::capture();
    let server = start(app).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = exchange(server.address, request).await;
    assert!(answer.ends_with(b"1\r\n1\r\n"), "no clean end");
    assert!(log.text().contains("before the end of its response"));
}
