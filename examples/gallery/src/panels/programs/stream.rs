//! Numbers, one by one.

use antiphon::{StreamingResponse, asgi};
use async_stream::stream;
use std::time::Duration;
use tokio::time::sleep;

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let slow_numbers = stream! {
        yield "<html><body><ul>".to_owned();
        for number in 1..=10 {
            yield format!("<li>{number}</li>");
            sleep(Duration::from_millis(200)).await;
        }
        yield "</ul></body></html>".to_owned();
    };
    StreamingResponse::new(slow_numbers)
        .media_type("text/html")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
