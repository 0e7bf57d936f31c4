//! Why a response cannot be made.

use crate::asgi;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

/// Whatever kept a handler from answering: any error becomes one by `?`; a text or a boxed error by
/// `.map_err(ResponseError::new)?`. An answer of your own, such as a 401, is no error but a response.
///
/// It is also the error of a stream that cannot be made an [`http::Response`]: it was sent before, a header
/// cannot be sent with a stream, or the stream's own first error.
///
/// It stands for that error: [`downcast_ref`] finds it, and `?` makes it a `Box<dyn Error>` of the same
/// kind. With the feature `axum` a handler can return it. The client gets what a [`FileError`] says, 400,
/// 408 or 413 for content of a request that cannot be read, 400 for a redirect that
/// [leads elsewhere](crate::NotLocal), and 500 for all else, which is logged.
///
/// # Examples
///
/// A handler of axum:
///
/// ```
/// use antiphon::{JsonResponse, ResponseError, SetCookie};
///
/// async fn login() -> Result<JsonResponse, ResponseError> {
///     let mut response = JsonResponse::new(&["ada"])?;
///     response.set_cookie(&SetCookie::new("session", "abc").httponly(true))?;
///     Ok(response)
/// }
/// # let _ = login;
/// ```
///
/// ```
/// use antiphon::{AlreadySent, StreamingResponse, asgi::App};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let broken = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("broken"))]);
/// let response = StreamingResponse::new(broken);
/// let error = response.into_http(&http::Request::new(())).await.unwrap_err();
/// assert!(error.downcast_ref::<std::io::Error>().is_some());
/// assert!(!error.is::<AlreadySent>());
/// # });
/// ```
///
/// [`FileError`]: crate::FileError
/// [`downcast_ref`]: https://doc.rust-lang.org/std/error/trait.Error.html#method.downcast_ref-2
pub struct ResponseError(asgi::Error);

impl ResponseError {
    /// Makes one of an error that is boxed, of a text, or of any other error.
    pub fn new(error: impl Into<asgi::Error>) -> Self {
        Self(error.into())
    }

    /// Returns the error that it stands for, if that is of this type.
    ///
    /// # Errors
    ///
    /// This error, if it stands for another.
    pub fn downcast<E: Error + 'static>(self) -> Result<Box<E>, Self> {
        self.0.downcast().map_err(Self)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ResponseError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<ResponseError> for asgi::Error {
    fn from(error: ResponseError) -> Self {
        error.0
    }
}

impl Deref for ResponseError {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for ResponseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
