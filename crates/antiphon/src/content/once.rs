//! Content that can be sent once.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Content, until it is sent.
pub(crate) struct Once<T>(Mutex<Option<T>>);

impl<T> Once<T> {
    pub(crate) const fn new(content: T) -> Self {
        Self(Mutex::new(Some(content)))
    }

    /// Moves the content out of a response that others may hold. It is gone from there then.
    pub(crate) fn move_out(&self) -> Self {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Mutex::new(content.take()))
    }

    /// Returns the content, unless it was sent.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        let content = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        content.as_mut()
    }

    pub(crate) fn take(self) -> Result<T, AlreadySent> {
        let content = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        content.ok_or(AlreadySent(()))
    }
}

/// The error of a response that was sent before and can be sent once, such as a
/// [`StreamingResponse`](crate::StreamingResponse): its stream is gone. Nothing of the second answer is
/// sent.
///
/// Other classes can be sent many times. For a stream, make a response for each request.
///
/// # Examples
///
/// ```
/// use antiphon::asgi::{App, Receive, Scope, Send};
/// use antiphon::{AlreadySent, StreamingResponse};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let response = StreamingResponse::new(futures_util::stream::iter(["once"]));
/// let request = || Scope::from(http::Request::new(()).into_parts().0);
/// let send = || Send::from_fn(|_| async { Ok(()) });
///
/// App::call(&response, request(), Receive::default(), send()).await?;
/// let error = App::call(&response, request(), Receive::default(), send()).await.unwrap_err();
/// assert!(error.is::<AlreadySent>());
/// # Ok::<(), antiphon::asgi::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadySent(());

impl fmt::Display for AlreadySent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "expected a stream that was not sent before, but found one that was: \
             a stream can be sent once, so make a response for each request",
        )
    }
}

impl std::error::Error for AlreadySent {}
