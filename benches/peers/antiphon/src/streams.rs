//! Streams of chunks and of events.

use antiphon::channel::EventChannel;
use antiphon::{EventSourceResponse, PlainTextResponse, ServerSentEvent, StreamingResponse};
use futures_util::stream;
use peer_common::{CHUNK, CHUNKS, FAN_CAPACITY, FAN_EVENTS, SSE_EVENTS, stamp};
use std::iter::repeat_n;

pub(crate) fn fan() -> EventChannel {
    EventChannel::builder().queue_events(FAN_CAPACITY).build()
}

pub(crate) fn chunks() -> StreamingResponse {
    StreamingResponse::new(stream::iter(repeat_n(CHUNK, CHUNKS)))
}

pub(crate) fn blocking_chunks() -> StreamingResponse {
    StreamingResponse::from_iterator(repeat_n(CHUNK, CHUNKS))
}

pub(crate) fn events() -> EventSourceResponse {
    let events = (0..SSE_EVENTS).map(|number| ServerSentEvent::new(number.to_string()));
    EventSourceResponse::new(stream::iter(events))
}

pub(crate) fn subscribe(fan: &EventChannel) -> EventSourceResponse {
    EventSourceResponse::from_subscriber(fan.subscribe(None))
}

pub(crate) fn publish(fan: EventChannel) -> PlainTextResponse {
    tokio::spawn(async move {
        for _ in 0..FAN_EVENTS {
            if let Err(error) = fan.publish(&ServerSentEvent::new(stamp())) {
                eprintln!("an event was not published: {error}");
            }
            // Each event goes out by itself, as if it came from elsewhere.
            tokio::task::yield_now().await;
        }
    });
    PlainTextResponse::new("published")
}
