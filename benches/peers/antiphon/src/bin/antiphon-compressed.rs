//! Antiphon's own server, with compression around the application, or without.

use antiphon::channel::EventChannel;
use antiphon::{
    Compressed, Compression, EventSourceResponse, PlainTextResponse, Response, ServerSentEvent,
    StreamingResponse, asgi,
};
use futures_util::{Stream, stream};
use http::StatusCode;
use peer_common::Arguments;
use peer_common::compressed::{
    Contents, EVENT_INTERVAL, LARGE_INTERVAL, SLOW_CHUNK, SLOW_CHUNKS, SLOW_PAUSE, Wrap, event,
    large_event,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
struct Peer {
    contents: Arc<Contents>,
    events: EventChannel,
    large: EventChannel,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let address = arguments.address();
    let peer = Peer {
        contents: Arc::new(Contents::read(&arguments.data)?),
        events: published(EVENT_INTERVAL, event),
        large: published(LARGE_INTERVAL, large_event),
    };
    let app = move |scope, receive, send| answer(peer.clone(), scope, receive, send);
    match Wrap::asked()? {
        Wrap::None => antiphon::serve(address, app).await,
        Wrap::Preset | Wrap::Fastest => {
            antiphon::serve(address, Compressed::new(app, Compression::new())).await
        }
    }
}

async fn answer(
    peer: Peer,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let channel = match scope.path() {
        "/events" => &peer.events,
        "/large" => &peer.large,
        "/slow" => {
            let response = StreamingResponse::new(slow()).media_type("text/plain")?;
            return response.call(scope, receive, send).await;
        }
        path => {
            let Some(content) = peer.contents.at(path) else {
                let response = PlainTextResponse::new("").status_code(StatusCode::NOT_FOUND);
                return response.call(scope, receive, send).await;
            };
            let response = Response::new(content.bytes.clone()).media_type(content.media_type)?;
            return response.call(scope, receive, send).await;
        }
    };
    let response = EventSourceResponse::from_subscriber(channel.subscribe(None));
    response.call(scope, receive, send).await
}

fn slow() -> impl Stream<Item = &'static str> + Send {
    stream::unfold(0, async |turn| {
        if turn == SLOW_CHUNKS {
            return None;
        }
        tokio::time::sleep(SLOW_PAUSE).await;
        Some((SLOW_CHUNK, turn + 1))
    })
}

/// A channel in which an event is published at each turn of a clock.
fn published(interval: Duration, made: fn(u64) -> String) -> EventChannel {
    let channel = EventChannel::new();
    let publisher = channel.clone();
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(interval);
        for number in 0.. {
            clock.tick().await;
            if let Err(error) = publisher.publish(&ServerSentEvent::new(made(number))) {
                eprintln!("an event was not published: {error}");
            }
        }
    });
    channel
}
