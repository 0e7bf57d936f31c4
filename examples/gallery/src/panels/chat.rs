//! A chat.

use antiphon::channel::{EventChannel, Newcomers};
use antiphon::event::InvalidEvent;
use antiphon::{EventSourceResponse, LastEventId, PlainTextResponse, asgi, json_event};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Message {
    text: String,
}

pub(crate) fn channel() -> Result<EventChannel, InvalidEvent> {
    let builder = EventChannel::builder().newcomers(Newcomers::History);
    Ok(builder.epoch("")?.build())
}

/// GET: what is said, from where the client was.
pub(crate) async fn listen(
    channel: &EventChannel,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let header = LastEventId::of(&scope);
    let mut parameters = scope.query_string().split('&');
    let parameter = parameters.find_map(|pair| pair.strip_prefix("last_event_id="));
    // The browser keeps the URL when it calls again, so the header is the newer one.
    let last = header.as_bytes().or_else(|| parameter.map(str::as_bytes));
    EventSourceResponse::from_subscriber(channel.subscribe(last))
        .retry(Duration::from_millis(500))
        .call(scope, receive, send)
        .await
}

/// POST: says something to all.
pub(crate) async fn say(
    channel: &EventChannel,
    scope: asgi::Scope,
    mut receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let mut content = Vec::new();
    while let asgi::Event::Request { body, more_body } = receive.receive().await? {
        content.extend_from_slice(&body);
        if !more_body || content.len() > MAX_LEN {
            break;
        }
    }
    let (status_code, text) = if content.len() > MAX_LEN {
        let text = format!("expected at most {MAX_LEN} bytes");
        (StatusCode::PAYLOAD_TOO_LARGE, text)
    } else {
        match serde_json::from_slice::<Message>(&content) {
            Ok(message) => {
                channel.publish(&json_event(&message)?)?;
                (StatusCode::NO_CONTENT, String::new())
            }
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
        }
    };
    PlainTextResponse::new(text)
        .status_code(status_code)
        .call(scope, receive, send)
        .await
}

const MAX_LEN: usize = 4096;
