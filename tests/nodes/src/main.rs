//! A process that shares channels over Redis: GET listens to the channel that the path names, POST
//! publishes to it. `app.py` is the same of the Python face.

use antiphon::channel::redis::{Channels, PublishError};
use antiphon::{EventSourceResponse, LastEventId, PlainTextResponse, ServerSentEvent, asgi};
use http::{Method, StatusCode};
use std::env;
use std::error::Error;
use std::time::Duration;

async fn app(
    channels: Channels,
    scope: asgi::Scope,
    mut receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let name = scope.path().trim_start_matches('/').to_owned();
    if name == "counters" {
        let counters = format!("{:?}", channels.counters());
        return PlainTextResponse::new(counters)
            .call(scope, receive, send)
            .await;
    }
    let channel = channels.channel(&name)?;
    if scope.method() == Method::GET {
        let subscriber = channel.subscribe(LastEventId::of(&scope).as_bytes());
        return EventSourceResponse::from_subscriber(subscriber)
            .ping(Duration::from_secs(1))
            .call(scope, receive, send)
            .await;
    }
    let mut content = Vec::new();
    while let asgi::Event::Request { body, more_body } = receive.receive().await? {
        content.extend_from_slice(&body);
        if !more_body {
            break;
        }
    }
    let published = channel
        .publish(&ServerSentEvent::new(str::from_utf8(&content)?))
        .await;
    let (status_code, text) = match published {
        Ok(id) => (StatusCode::OK, id),
        Err(error @ PublishError::Ambiguous(_)) => (StatusCode::GATEWAY_TIMEOUT, error.to_string()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    };
    PlainTextResponse::new(text)
        .status_code(status_code)
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let channels = Channels::builder(&env::var("REDIS_URL")?).build()?;
    let port = env::var("PORT")?.parse()?;
    let app = move |scope, receive, send| app(channels.clone(), scope, receive, send);
    antiphon::serve(("127.0.0.1", port), app).await?;
    Ok(())
}
