//! What a stream brings.

use crate::asgi::Error;
use bytes::Bytes;
use std::borrow::Cow;

/// A piece of content that a stream or an iterator brings: bytes, text, or a [`Result`] of them.
///
/// An `Err` ends the response: see [`StreamingResponse`](crate::StreamingResponse).
///
/// # Examples
///
/// ```
/// use antiphon::IntoChunk;
///
/// assert_eq!("text".into_chunk()?, "text");
/// assert_eq!(Ok::<_, std::io::Error>(vec![1, 2]).into_chunk()?, vec![1, 2]);
/// assert!(Err::<String, _>("the database is gone").into_chunk().is_err());
/// # Ok::<(), antiphon::asgi::Error>(())
/// ```
pub trait IntoChunk {
    /// The bytes; text is UTF-8.
    ///
    /// # Errors
    ///
    /// That of a `Result`.
    fn into_chunk(self) -> Result<Bytes, Error>;
}

macro_rules! bytes_from {
    ($($piece:ty),*) => {$(
        impl IntoChunk for $piece {
            fn into_chunk(self) -> Result<Bytes, Error> {
                Ok(self.into())
            }
        }
    )*};
}

bytes_from!(
    Bytes,
    bytes::BytesMut,
    Vec<u8>,
    Box<[u8]>,
    String,
    &'static str,
    &'static [u8]
);

impl IntoChunk for Cow<'static, str> {
    fn into_chunk(self) -> Result<Bytes, Error> {
        match self {
            Cow::Borrowed(text) => text.into_chunk(),
            Cow::Owned(text) => text.into_chunk(),
        }
    }
}

impl<const N: usize> IntoChunk for [u8; N] {
    fn into_chunk(self) -> Result<Bytes, Error> {
        Ok(Bytes::copy_from_slice(&self))
    }
}

impl<T: IntoChunk, E: Into<Error>> IntoChunk for Result<T, E> {
    fn into_chunk(self) -> Result<Bytes, Error> {
        self.map_err(Into::into)?.into_chunk()
    }
}
