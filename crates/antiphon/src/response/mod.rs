//! The classes.

mod content;
mod directory;
pub(crate) mod doors;
#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
pub(crate) mod error_pages;
mod event_source;
mod file;
mod fixed;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
mod json_lines;
mod offer;
mod offload;
mod parameters;
pub(crate) mod plannable;
mod redirect;
mod response_error;
mod streaming;

pub use content::ContentResponse;
pub use directory::Directory;
pub use event_source::EventSourceResponse;
pub use file::{EtagSource, FileResponse};
pub use fixed::{
    FixedResponse, Html, HtmlResponse, PlainText, PlainTextResponse, Raw, Render, Response,
    ResponseClass,
};
#[cfg(feature = "json")]
pub use json::{Json, JsonError, JsonResponse, json_event};
pub use redirect::RedirectResponse;
pub use response_error::ResponseError;
pub use streaming::StreamingResponse;
#[cfg(feature = "json")]
pub use {antiphon_core::response::json_lines::InvalidLine, json_lines::JsonLinesResponse};
