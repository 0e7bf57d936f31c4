//! axum, with tower-http's compression around it, or without.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use peer_common::Arguments;
use peer_common::compressed::{
    Contents, EVENT_INTERVAL, LARGE_INTERVAL, SLOW_CHUNK, SLOW_CHUNKS, SLOW_PAUSE, Wrap, event,
    large_event,
};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let address = arguments.address();
    let contents = Arc::new(Contents::read(&arguments.data)?);
    let router = Router::new()
        .route("/slow", get(slow))
        .merge(events("/events", EVENT_INTERVAL, event))
        .merge(events("/large", LARGE_INTERVAL, large_event))
        .fallback(content)
        .with_state(contents);
    // Its own choice, but for events, which it leaves alone.
    let predicate = SizeAbove::default()
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES);
    let layer = |quality| {
        let layer = CompressionLayer::new().quality(quality);
        layer.compress_when(predicate)
    };
    let router = match Wrap::asked()? {
        Wrap::None => router,
        Wrap::Preset => router.layer(layer(CompressionLevel::Default)),
        Wrap::Fastest => router.layer(layer(CompressionLevel::Fastest)),
    };
    let listener = TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("TCP_NODELAY cannot be set: {error}");
        }
    });
    axum::serve(listener, router).await
}

async fn content(State(contents): State<Arc<Contents>>, uri: Uri) -> Response {
    match contents.at(uri.path()) {
        Some(content) => {
            ([(CONTENT_TYPE, content.media_type)], content.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn slow() -> Response {
    let chunks = stream::unfold(0, async |turn| {
        if turn == SLOW_CHUNKS {
            return None;
        }
        tokio::time::sleep(SLOW_PAUSE).await;
        Some((Ok::<_, Infallible>(Bytes::from(SLOW_CHUNK)), turn + 1))
    });
    ([(CONTENT_TYPE, "text/plain")], Body::from_stream(chunks)).into_response()
}

/// A stream of events, for which one is published at each turn of a clock.
fn events<S>(path: &str, interval: Duration, made: fn(u64) -> String) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let (sender, _) = broadcast::channel::<Arc<str>>(256);
    let published = sender.clone();
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(interval);
        for number in 0.. {
            clock.tick().await;
            // It fails while nobody listens.
            drop(published.send(made(number).into()));
        }
    });
    Router::new().route(path, get(async move || subscribed(&sender)))
}

fn subscribed(
    sender: &broadcast::Sender<Arc<str>>,
) -> Sse<impl Stream<Item = Result<Event, BroadcastStreamRecvError>> + use<>> {
    let data = BroadcastStream::new(sender.subscribe());
    Sse::new(data.map(|data| Ok(Event::default().data(data?))))
}
