//! Responses as applications.

use crate::support::{Log, Then, ask, peer, scope, start};
use antiphon::asgi::{self, App, Message};
use antiphon::{
    AlreadySent, EventSourceResponse, FileResponse, HtmlResponse, JsonResponse, PlainTextResponse,
    RedirectResponse, Response, StreamingResponse,
};
use futures_util::stream;

fn numbers() -> StreamingResponse {
    StreamingResponse::new(stream::iter(["1", "2"]))
}

fn ticks() -> EventSourceResponse {
    EventSourceResponse::new(stream::iter(["tick"]))
}

/// Sends a response as a server does that holds the application; what was sent, and the outcome.
async fn send(app: &impl App, method: &str) -> (Vec<Message>, asgi::Result) {
    let (send, mut messages) = peer(usize::MAX, Then::Takes);
    let outcome = App::call(app, scope(method), asgi::Receive::default(), send).await;
    let mut sent = Vec::new();
    while let Ok(message) = messages.try_recv() {
        sent.push(message);
    }
    (sent, outcome)
}

fn status_of(messages: &[Message]) -> Option<u16> {
    match messages.first()? {
        Message::Start { status, .. } => Some(*status),
        _ => None,
    }
}

#[tokio::test]
async fn a_response_of_any_class_is_an_application() {
    async fn status(app: impl App) -> u16 {
        let server = start(app).await;
        ask(server.address, "GET", "/").await.status
    }
    assert_eq!(status(Response::new("a")).await, 200);
    assert_eq!(status(HtmlResponse::new("<p>")).await, 200);
    assert_eq!(status(PlainTextResponse::new("a")).await, 200);
    assert_eq!(status(JsonResponse::new(&[1]).unwrap()).await, 200);
    assert_eq!(status(RedirectResponse::new("/a")).await, 307);
    assert_eq!(status(FileResponse::new("Cargo.toml")).await, 200);
    assert_eq!(status(FileResponse::new("no/such/file")).await, 404);
    assert_eq!(status(numbers()).await, 200);
    assert_eq!(status(ticks()).await, 200);
}

#[tokio::test]
async fn what_lies_ready_is_sent_as_often_as_it_is_asked_for() {
    let text = PlainTextResponse::new("a");
    let file = FileResponse::new("Cargo.toml");
    let redirect = RedirectResponse::new("/a");
    for _ in 0..2 {
        assert_eq!(status_of(&send(&text, "GET").await.0), Some(200));
        assert_eq!(status_of(&send(&file, "GET").await.0), Some(200));
        assert_eq!(status_of(&send(&redirect, "GET").await.0), Some(307));
    }
}

async fn is_sent_once(app: impl App) {
    let (messages, outcome) = send(&app, "GET").await;
    outcome.unwrap();
    assert_eq!(status_of(&messages), Some(200));
    for method in ["GET", "HEAD"] {
        let (messages, outcome) = send(&app, method).await;
        assert_eq!(messages, []);
        assert!(outcome.unwrap_err().is::<AlreadySent>());
    }
}

#[tokio::test]
async fn a_stream_is_sent_once_and_fails_before_anything_is_sent_after_that() {
    is_sent_once(numbers()).await;
    is_sent_once(StreamingResponse::from_iterator(["1"])).await;
    is_sent_once(ticks()).await;
    is_sent_once(EventSourceResponse::from_iterator(["tick"])).await;
}

#[tokio::test]
async fn a_stream_that_was_sent_cannot_be_called_nor_made_a_value() {
    let (response, other) = (numbers(), numbers());
    send(&response, "GET").await.1.unwrap();
    send(&other, "HEAD").await.1.unwrap();
    let (sender, mut messages) = peer(usize::MAX, Then::Takes);
    let called = response.call(scope("GET"), asgi::Receive::default(), sender);
    let error = called.await.unwrap_err();
    assert!(error.is::<AlreadySent>());
    assert_eq!(
        error.to_string(),
        "expected a stream that was not sent before, but found one that was: a stream can be sent \
         once, so make a response for each request",
    );
    assert!(messages.try_recv().is_err());
    let value = other.into_http(&http::Request::new(())).await;
    assert!(value.unwrap_err().is::<AlreadySent>());
}

#[tokio::test]
async fn an_application_that_is_a_stream_is_an_error_page_the_second_time() {
    let (log, _guard) = Log::capture();
    let server = start(ticks()).await;
    let first = ask(server.address, "GET", "/").await;
    assert_eq!(
        first.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    let second = ask(server.address, "GET", "/").await;
    assert_eq!(
        (second.status, &second.body[..]),
        (500, &b"Internal Server Error"[..])
    );
    assert!(log.text().contains("a stream can be sent once"));
}
