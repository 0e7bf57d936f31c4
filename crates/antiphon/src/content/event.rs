//! What a stream of events brings.

use crate::asgi::Error;
use antiphon_core::values::event::{Separator, ServerSentEvent};
use bytes::Bytes;
use std::borrow::Cow;

/// Something that a stream of events brings: an event, text that is the data of one, bytes that are
/// encoded events, or a [`Result`] of them.
///
/// An `Err` ends the response, as of a [`StreamingResponse`](crate::StreamingResponse).
///
/// # Examples
///
/// ```
/// use antiphon::{IntoEvent, ServerSentEvent, event::Separator};
///
/// let mut bytes = Vec::new();
/// ServerSentEvent::new("1").id("7").write_event(Separator::CrLf, &mut bytes)?;
/// "2".write_event(Separator::Lf, &mut bytes)?;
/// assert_eq!(bytes, b"id: 7\r\ndata: 1\r\n\r\ndata: 2\n\n");
/// # Ok::<(), antiphon::asgi::Error>(())
/// ```
pub trait IntoEvent {
    /// Appends the encoded event. `separator` is that of the response, for an event that has none of
    /// its own.
    ///
    /// # Errors
    ///
    /// That of a `Result`, and [`InvalidEvent`](antiphon_core::values::event::InvalidEvent) for an event that a
    /// client would misread.
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> Result<(), Error>;
}

impl IntoEvent for ServerSentEvent<'_> {
    fn write_event(self, _: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        Ok(self.encode_to(bytes)?)
    }
}

impl IntoEvent for &str {
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let event = ServerSentEvent::new(self).separator(separator);
        Ok(event.encode_to(bytes)?)
    }
}

impl IntoEvent for String {
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        self.as_str().write_event(separator, bytes)
    }
}

impl IntoEvent for Cow<'_, str> {
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        (*self).write_event(separator, bytes)
    }
}

impl IntoEvent for Bytes {
    fn write_event(self, _: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend_from_slice(&self);
        Ok(())
    }
}

impl IntoEvent for Vec<u8> {
    fn write_event(self, _: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend_from_slice(&self);
        Ok(())
    }
}

impl<T: IntoEvent, E: Into<Error>> IntoEvent for Result<T, E> {
    fn write_event(self, separator: Separator, bytes: &mut Vec<u8>) -> Result<(), Error> {
        self.map_err(Into::into)?.write_event(separator, bytes)
    }
}
