//! The same stream of events from the Rust face, at `PORT`: over the Redis of `REDIS_URL`, or of this
//! process alone where there is none.
//!
//! GET listens. For a channel of one process POST publishes each line; else whoever writes to Redis.

use antiphon::channel::EventChannel;
use antiphon::channel::redis::Channels;
use antiphon::{EventSourceResponse, PlainTextResponse, ServerSentEvent, asgi};
use http::Method;
use std::env;
use std::error::Error;

#[derive(Clone)]
enum Hub {
    Alone(EventChannel),
    Shared(Channels),
}

async fn app(
    hub: Hub,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let events = match &hub {
        Hub::Shared(channels) => {
            EventSourceResponse::from_subscriber(channels.channel("bench")?.subscribe(None))
        }
        Hub::Alone(channel) if scope.method() == Method::GET => {
            EventSourceResponse::from_subscriber(channel.subscribe(None))
        }
        Hub::Alone(channel) => return publish(channel, scope, receive, send).await,
    };
    events.call(scope, receive, send).await
}

async fn publish(
    channel: &EventChannel,
    scope: asgi::Scope,
    mut receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let content = receive.body(1 << 20).await?;
    for line in str::from_utf8(&content)?.lines() {
        channel.publish(&ServerSentEvent::new(line))?;
    }
    PlainTextResponse::new("").call(scope, receive, send).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = match env::var("REDIS_URL") {
        Ok(url) => Hub::Shared(Channels::builder(&url).build()?),
        Err(_) => Hub::Alone(EventChannel::new()),
    };
    let port = env::var("PORT")?.parse()?;
    let app = move |scope, receive, send| app(hub.clone(), scope, receive, send);
    antiphon::serve(("127.0.0.1", port), app).await?;
    Ok(())
}
