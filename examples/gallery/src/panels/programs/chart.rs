//! A value five times a second: how late the server wakes, in milliseconds.

use antiphon::{EventSourceResponse, asgi, json_event};
use async_stream::stream;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

#[derive(Serialize)]
struct Lateness {
    v: f64,
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let lateness = stream! {
        loop {
            let due = Instant::now() + Duration::from_millis(200);
            sleep_until(due).await;
            yield json_event(&Lateness { v: due.elapsed().as_secs_f64() * 1000.0 });
        }
    };
    EventSourceResponse::new(lateness)
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
