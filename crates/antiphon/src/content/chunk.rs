//! What a stream brings.

use super::ready::IntoContent;
use crate::asgi::Error;
use bytes::Bytes;

/// A piece of content that a stream or an iterator brings: bytes, text, or a [`Result`] of them
/// ([`IntoContent`] says of which types).
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

impl<T: IntoContent> IntoChunk for T {
    fn into_chunk(self) -> Result<Bytes, Error> {
        Ok(self.into_content())
    }
}

impl<T: IntoChunk, E: Into<Error>> IntoChunk for Result<T, E> {
    fn into_chunk(self) -> Result<Bytes, Error> {
        self.map_err(Into::into)?.into_chunk()
    }
}
