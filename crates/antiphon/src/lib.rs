//! Starlette's response classes for Rust.
//!
//! A response is made once and goes out through any of three doors:
//!
//! | door                                        | for                                          |
//! |---------------------------------------------|----------------------------------------------|
//! | `response.call(scope, receive, send)`       | ASGI-shaped applications, [`serve`]          |
//! | `response.into_http(&request)`              | hyper, and whatever speaks [`http`]          |
//! | `IntoResponse`, `tower::Service` (features) | axum, tower                                  |
//!
//! All of them carry out the same plan, which `antiphon-core` makes without I/O.
//!
//! ```no_run
//! use antiphon::{PlainTextResponse, RedirectResponse, asgi};
//!
//! async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
//!     if scope.path() != "/" {
//!         return RedirectResponse::new("/").call(scope, receive, send).await;
//!     }
//!     PlainTextResponse::new("Hello, world!").call(scope, receive, send).await
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     antiphon::serve("127.0.0.1:8000", app).await
//! }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod asgi;
mod background;
mod body;
mod deliver;
mod event_source;
mod file;
mod fixed;
#[cfg(feature = "json")]
mod json;
mod parameters;
mod redirect;
mod request;
mod shutdown;
mod streaming;

#[cfg(feature = "server")]
mod patience;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod socket;

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod tower;

pub use antiphon_channel as channel;
pub use antiphon_core::fields::{self as headers, Headers};
pub use antiphon_core::request::last_event_id;
pub use antiphon_core::request::range::RangePolicy;
pub use antiphon_core::response::content::InvalidResponse;
pub use antiphon_core::text::http_date::HttpDate;
pub use antiphon_core::values::content_disposition;
pub use antiphon_core::values::cookie::{self, SameSite, SetCookie};
pub use antiphon_core::values::event::{self, ServerSentEvent};
pub use antiphon_core::values::location::NotLocal;
pub use antiphon_core::values::media_type;
pub use antiphon_fs::FileFacts;
pub use background::BackgroundTask;
pub use body::{Body, BodyError};
#[cfg(feature = "json")]
pub use event_source::json_event;
pub use event_source::{EventSourceResponse, IntoEvent, LastEventId};
pub use file::{FileError, FileErrorKind, FileResponse};
pub use fixed::{
    FixedResponse, Html, HtmlResponse, PlainText, PlainTextResponse, Raw, Render, Response,
    ResponseClass,
};
#[cfg(feature = "json")]
pub use json::{Json, JsonError, JsonResponse};
pub use redirect::RedirectResponse;
pub use request::RequestHead;
#[cfg(feature = "server")]
pub use server::{Server, serve};
pub use shutdown::{Shutdown, shutdown};
pub use streaming::{IntoChunk, StreamError, StreamingResponse};

/// The code of the front page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
