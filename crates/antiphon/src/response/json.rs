//! JSON: responses, and the data of events.

use super::fixed::{FixedResponse, Render, ResponseClass};
use antiphon_core::values::event::ServerSentEvent;
use antiphon_core::values::media_type::MediaType;
use bytes::Bytes;
use std::cell::Cell;
use std::fmt;

/// A response of JSON: `application/json`, rendered by [`serde_json`].
///
/// Another JSON library is another class; see [`Render`](crate::Render).
///
/// # Examples
///
/// ```
/// use antiphon::JsonResponse;
///
/// #[derive(serde::Serialize)]
/// struct Greeting { hello: &'static str }
///
/// let response = JsonResponse::new(&Greeting { hello: "world" })?;
/// assert_eq!(response.body(), &br#"{"hello":"world"}"#[..]);
/// # Ok::<(), antiphon::JsonError>(())
/// ```
///
/// # Starlette
///
/// The same bytes as `JSONResponse`, except floats: numbers are written as Rust writes them, and
/// NaN and the infinities, which Starlette refuses, as `null` (divergence D-8).
pub type JsonResponse = FixedResponse<Json>;

/// The class of [`JsonResponse`].
#[derive(Debug)]
pub enum Json {}

impl ResponseClass for Json {
    const MEDIA_TYPE: Option<MediaType> = Some(MediaType::JSON);
}

impl<T: serde::Serialize> Render<T> for Json {
    type Error = JsonError;

    fn render(content: T) -> Result<Bytes, JsonError> {
        let mut written = SCRATCH.take();
        written.clear();
        let result = write(&content, &mut written);
        let bytes = result.map(|()| Bytes::copy_from_slice(&written));
        if written.capacity() <= SCRATCH_KEPT {
            SCRATCH.set(written);
        }
        bytes
    }
}

/// Appends `value` as JSON without white space.
pub(super) fn write<T>(value: &T, bytes: &mut Vec<u8>) -> Result<(), JsonError>
where
    T: serde::Serialize + ?Sized,
{
    serde_json::to_writer(bytes, value).map_err(JsonError)
}

thread_local! {
    /// What JSON is written into: memory that grew for one response serves the next. One copy of what
    /// was written costs less than to let new memory grow to it, and takes no more than is needed.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Beyond this, in bytes, memory that grew is given back.
const SCRATCH_KEPT: usize = 1 << 20;

impl JsonResponse {
    /// Makes a response with this content, status 200.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the content's `Serialize` fails, or a map has a key that JSON cannot hold.
    pub fn new<T: serde::Serialize + ?Sized>(content: &T) -> Result<Self, JsonError> {
        Self::render(content)
    }
}

/// Makes an event whose data is `value` as JSON, in one line.
///
/// # Errors
///
/// [`JsonError`](crate::JsonError) if `value` cannot be JSON.
///
/// # Examples
///
/// ```
/// use antiphon::json_event;
///
/// let event = json_event(&[1, 2])?.event("pair");
/// assert_eq!(event.encode()?, b"event: pair\r\ndata: [1,2]\r\n\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn json_event<T>(value: &T) -> Result<ServerSentEvent<'static>, JsonError>
where
    T: serde::Serialize + ?Sized,
{
    Ok(ServerSentEvent::new(
        serde_json::to_string(value).map_err(JsonError)?,
    ))
}

/// The error of content that cannot be written as JSON.
#[derive(Debug)]
pub struct JsonError(serde_json::Error);

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "what was given cannot be JSON: {}", self.0)
    }
}

impl std::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
