//! Events that are compressed: each arrives when it is there, in a fraction of its bytes.

use antiphon::{Compression, EventSourceResponse, ServerSentEvent, asgi};
use async_stream::stream;
use std::time::Duration;
use tokio::time::sleep;

const VOICES: [&str; 4] = ["soprano", "alto", "tenor", "bass"];

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let notes = stream! {
        for beat in 0..30 {
            let voice = VOICES[beat % VOICES.len()];
            let pitch = 60 + beat * 7 % 24;
            let note = serde_json::json!({"voice": voice, "beat": beat, "pitch": pitch});
            yield ServerSentEvent::new(note.to_string()).event("note").id(beat.to_string());
            sleep(Duration::from_millis(40)).await;
        }
    };
    EventSourceResponse::new(notes)
        .compress(Compression::new())
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
