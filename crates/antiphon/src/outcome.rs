//! How a response ended.

use http::StatusCode;

/// How a response ended: what `on_complete` is called with.
///
/// # Examples
///
/// ```
/// use antiphon::{EndReason, StreamingResponse};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (sender, outcomes) = std::sync::mpsc::channel();
/// let response = StreamingResponse::from_iterator(["a", "b"])
///     .on_complete(move |outcome| drop(sender.send(outcome)));
/// let answer = response.into_http(&http::Request::new(())).await?;
/// drop(answer);
/// assert_eq!(outcomes.recv()?.reason, EndReason::Disconnected);
/// # Ok::<(), antiphon::asgi::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it is over.
    pub reason: EndReason,
    /// The status code; `None` if no head was handed to the server.
    pub status: Option<StatusCode>,
    /// How many bytes of content were handed to the server; `None` if it was told the path, and reads the
    /// file itself.
    pub bytes_sent: Option<u64>,
}

/// Why a response is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// All of it was handed to the server, or the path of the file.
    Complete,
    /// The client left before: `send` failed with
    /// [`SendError::Disconnected`](crate::asgi::SendError::Disconnected), or the body or the call was dropped.
    Disconnected,
    /// Something else did not go on, such as a file that is missing, or a stream that failed: what the error
    /// says.
    Failed(String),
    /// The server ended before: it ended a stream of events, or dropped the answer.
    ShutDown,
}
