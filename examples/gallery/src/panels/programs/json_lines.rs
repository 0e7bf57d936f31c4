//! JSON, line by line.

use antiphon::{JsonLinesResponse, asgi};
use async_stream::stream;
use serde::Serialize;
use std::time::Duration;
use tokio::time::sleep;

#[derive(Serialize)]
struct Row {
    number: u32,
    square: u32,
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let rows = stream! {
        for number in 1..=5 {
            yield Row { number, square: number * number };
            sleep(Duration::from_millis(200)).await;
        }
    };
    JsonLinesResponse::new(rows)
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
