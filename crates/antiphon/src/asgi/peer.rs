//! A server that can do more than take messages, and tells more than the request's content.

use super::send_error::SendError;
use super::{Chunks, Message, Patience};
use crate::asgi;
use antiphon_core::fields::Headers;
use bytes::Bytes;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// The embedded server's end of one answer. It needs no messages for an answer that is whole, and
/// polls a stream without the application in between.
pub(crate) trait Peer: Send + Sync {
    /// Takes a head; content follows.
    fn start(&self, status: u16, headers: Headers) -> Result<(), SendError>;

    /// Takes a piece of content once there is room for it.
    fn poll_content(
        &self,
        body: &mut Bytes,
        more_body: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SendError>>;

    /// Takes a head and all the content there is.
    fn answer(&self, status: u16, headers: Headers, body: Bytes) -> Result<(), SendError>;

    /// Takes a head and a stream.
    fn stream(&self, status: u16, headers: Headers, chunks: Chunks) -> Result<(), SendError>;

    /// Completes when the stream has ended.
    fn poll_stream_end(&self, context: &mut Context<'_>) -> Poll<asgi::Result>;

    /// Learns that the application waits for the stream no longer.
    fn leave_stream(&self);

    /// Learns how long the client may let the answer wait.
    fn limit(&self, patience: Patience);

    /// Returns the next piece of the request's content; `None` after the last.
    fn poll_request(&self, context: &mut Context<'_>) -> Poll<Option<asgi::Result<Bytes>>>;

    /// Returns how much of the request's content is left at least, by what the client has announced.
    fn least_left(&self) -> u64;

    /// Tells whether all of the request's content has been taken.
    fn has_request(&self) -> bool;

    /// Learns that nobody will ask for the request's content any more.
    fn leave_request(&self);

    /// Completes when the client is gone, or has the whole answer.
    fn poll_disconnect(&self, context: &mut Context<'_>) -> Poll<()>;

    /// Completes when there is room for a piece of content, or when the client is gone.
    fn poll_room(&self, context: &mut Context<'_>) -> Poll<()>;

    /// Completes when the connection has the whole response, or when the client is gone.
    fn poll_handed_over(&self, context: &mut Context<'_>) -> Poll<()>;
}

impl dyn Peer {
    /// Sends a message; waits while there is no room for it.
    pub(crate) async fn send(&self, message: Message) -> asgi::Result {
        match message {
            Message::Start {
                status, headers, ..
            } => self.start(status, headers)?,
            Message::EarlyHint { .. } | Message::Pathsend { .. } => {
                return Err(SendError::NotOffered.into());
            }
            Message::Body {
                mut body,
                more_body,
                ..
            } => {
                poll_fn(|context| self.poll_content(&mut body, more_body, context)).await?;
            }
        }
        Ok(())
    }

    /// Sends a head and a stream, and waits for the stream's end.
    pub(crate) async fn send_stream(
        &self,
        status: u16,
        headers: Headers,
        chunks: Chunks,
    ) -> asgi::Result {
        self.stream(status, headers, chunks)?;
        let _waiting = WaitsForStream(self);
        poll_fn(|context| self.poll_stream_end(context)).await
    }
}

/// An application that waits for its stream's end, or gives that up.
struct WaitsForStream<'a>(&'a (dyn Peer + 'static));

impl Drop for WaitsForStream<'_> {
    fn drop(&mut self) {
        self.0.leave_stream();
    }
}
