//! Streams of chunks and of events; the events are written by hand.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use peer_common::{CHUNK, CHUNKS, FAN_CAPACITY, FAN_EVENTS, QUEUED_CHUNKS, SSE_EVENTS, stamp};
use std::fmt::Display;
use std::iter::repeat_n;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};

/// A content that is made bit by bit.
pub(crate) type Stream = UnsyncBoxBody<Bytes, BroadcastStreamRecvError>;

/// Only a subscriber that missed events fails.
type Piece = Result<Bytes, BroadcastStreamRecvError>;

/// An event is written once, for all subscribers.
pub(crate) type Fan = broadcast::Sender<Bytes>;

pub(crate) fn fan() -> Fan {
    Fan::new(FAN_CAPACITY)
}

pub(crate) fn chunks() -> Stream {
    body(stream::iter(repeat_n(chunk(), CHUNKS)))
}

pub(crate) fn blocking_chunks() -> Stream {
    let (sender, receiver) = mpsc::channel(QUEUED_CHUNKS);
    tokio::task::spawn_blocking(move || {
        // It fails when the client has gone.
        repeat_n(chunk(), CHUNKS).try_for_each(|chunk| sender.blocking_send(chunk))
    });
    body(ReceiverStream::new(receiver))
}

pub(crate) fn events() -> Stream {
    body(stream::iter((0..SSE_EVENTS).map(event).map(Ok)))
}

pub(crate) fn subscribe(fan: &Fan) -> Stream {
    body(BroadcastStream::new(fan.subscribe()))
}

pub(crate) async fn publish(fan: Fan) {
    for _ in 0..FAN_EVENTS {
        // It fails when no one listens.
        let _ = fan.send(event(stamp()));
        // Each event goes out by itself, as if it came from elsewhere.
        tokio::task::yield_now().await;
    }
}

fn chunk() -> Piece {
    Ok(Bytes::from_static(CHUNK))
}

fn event(data: impl Display) -> Bytes {
    format!("data: {data}\n\n").into()
}

fn body(stream: impl futures_util::Stream<Item = Piece> + Send + 'static) -> Stream {
    StreamBody::new(stream.map(|piece| piece.map(Frame::data))).boxed_unsync()
}
