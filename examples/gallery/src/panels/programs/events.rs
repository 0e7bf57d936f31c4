//! Events that come to an end.

use antiphon::{EventSourceResponse, LastEventId, ServerSentEvent, asgi};
use async_stream::stream;
use std::time::Duration;
use tokio::time::sleep;

const VERSES: [(&str, &str); 6] = [
    ("call", "Who begins?"),
    ("response", "One voice, alone."),
    ("call", "Who answers?"),
    ("response", "All who have heard."),
    ("call", "And when the song is over?"),
    ("response", "204, and nobody calls again."),
];

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let last = LastEventId::of(&scope);
    let parse = |id| str::from_utf8(id).ok()?.parse().ok();
    let sung = last.as_bytes().and_then(parse).unwrap_or(0);
    if sung >= VERSES.len() {
        return EventSourceResponse::stop().call(scope, receive, send).await;
    }
    let verses = stream! {
        for (number, (singer, verse)) in (1..).zip(VERSES).skip(sung) {
            yield ServerSentEvent::new(verse).event(singer).id(number.to_string());
            sleep(Duration::from_millis(300)).await;
        }
    };
    EventSourceResponse::new(verses)
        .retry(Duration::from_millis(500))
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
