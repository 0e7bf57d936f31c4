//! Streams of chunks and of events.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use peer_common::{CHUNK, CHUNKS, FAN_CAPACITY, FAN_EVENTS, QUEUED_CHUNKS, SSE_EVENTS, stamp};
use std::convert::Infallible;
use std::iter::repeat_n;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};

/// Every subscriber makes its event of the stamp: [`Event`] has no form to share.
type Fan = broadcast::Sender<Arc<str>>;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/stream/async", get(chunks))
        .route("/stream/sync", get(blocking_chunks))
        .route("/sse", get(events))
        .route("/fan", get(subscribe))
        .route("/publish", get(publish))
        .with_state(Fan::new(FAN_CAPACITY))
}

async fn chunks() -> Body {
    let chunk = Ok::<_, Infallible>(Bytes::from_static(CHUNK));
    Body::from_stream(stream::iter(repeat_n(chunk, CHUNKS)))
}

async fn blocking_chunks() -> Body {
    let (sender, receiver) = mpsc::channel(QUEUED_CHUNKS);
    tokio::task::spawn_blocking(move || {
        let chunk = Ok::<_, Infallible>(Bytes::from_static(CHUNK));
        // It fails when the client has gone.
        repeat_n(chunk, CHUNKS).try_for_each(|chunk| sender.blocking_send(chunk))
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = (0..SSE_EVENTS).map(|number| Ok(Event::default().data(number.to_string())));
    Sse::new(stream::iter(events))
}

async fn subscribe(
    State(fan): State<Fan>,
) -> Sse<impl Stream<Item = Result<Event, BroadcastStreamRecvError>>> {
    let stamps = BroadcastStream::new(fan.subscribe());
    Sse::new(stamps.map(|stamp| Ok(Event::default().data(stamp?))))
}

async fn publish(State(fan): State<Fan>) -> &'static str {
    tokio::spawn(async move {
        for _ in 0..FAN_EVENTS {
            // It fails when no one listens.
            let _ = fan.send(stamp().into());
            // Each event goes out by itself, as if it came from elsewhere.
            tokio::task::yield_now().await;
        }
    });
    "published"
}
