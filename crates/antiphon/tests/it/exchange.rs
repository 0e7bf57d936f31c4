//! Who wins the races between application and connection.

use crate::support::{Log, ask, exchange, start};
use antiphon::asgi::{self, Message, ScopeType, SendError};
use antiphon::{Headers, StreamingResponse};
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

#[tokio::test]
async fn content_beyond_what_was_announced_is_dropped_and_holds_nobody_up() {
    let (app, mut outcomes) = sending(vec![
        head(Some("1")),
        piece("a", true),
        piece("b", true),
        piece("c", true),
        piece("", false),
        piece("", false),
    ]);
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"a");
    // The last comes after the end.
    assert_eq!(
        take(&mut outcomes).await,
        [true, true, true, true, true, false]
    );
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
