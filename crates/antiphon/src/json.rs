//! JSON responses.

use crate::fixed::{FixedResponse, Render, ResponseClass};
use bytes::Bytes;
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
/// The same bytes as `JSONResponse`, but for floats: numbers are written as Rust writes them, and
/// NaN and the infinities, which Starlette refuses, as `null` (divergence D-8).
pub type JsonResponse = FixedResponse<Json>;

/// The class of [`JsonResponse`].
#[derive(Debug)]
pub enum Json {}

impl ResponseClass for Json {
    const MEDIA_TYPE: Option<&'static str> = Some("application/json");
}

impl<T: serde::Serialize> Render<T> for Json {
    type Error = JsonError;

    fn render(content: T) -> Result<Bytes, JsonError> {
        serde_json::to_vec(&content)
            .map(Bytes::from)
            .map_err(JsonError)
    }
}

impl JsonResponse {
    /// A response with this content, status 200.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the content's `Serialize` fails, or a map has a key that JSON cannot hold.
    pub fn new<T: serde::Serialize + ?Sized>(content: &T) -> Result<Self, JsonError> {
        Self::render(content)
    }
}

/// The error of content that cannot be written as JSON.
#[derive(Debug)]
pub struct JsonError(serde_json::Error);

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "content of a JSON response: {}", self.0)
    }
}

impl std::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
