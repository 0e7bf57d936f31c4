//! Starlette's response classes for Rust.
//!
//! A response is made once and goes out through one of these doors:
//!
//! | door                                  | for                                 | which classes                     |
//! |---------------------------------------|-------------------------------------|-----------------------------------|
//! | `response.call(scope, receive, send)` | ASGI-shaped applications            | all                               |
//! | `response.into_http(&request)`        | hyper, and whatever speaks [`http`] | all                               |
//! | [`asgi::App`]                         | [`serve`], which calls it           | all                               |
//! | `IntoResponse`, feature `axum`        | axum's handlers                     | all except [`FileResponse`], which needs the request |
//! | `tower::Service`, feature `tower`     | tower, and axum's `route_service`   | all except the streams, which can be sent once |
//!
//! All of them carry out the same plan, which `antiphon-core` makes without I/O.
//!
//! A stream, such as a [`StreamingResponse`], can be sent once; the second time it fails with
//! [`AlreadySent`].
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
mod content;
mod deliver;
mod request;
mod response;
#[cfg(feature = "server")]
mod server;
mod shutdown;

#[cfg(feature = "axum")]
mod axum;

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
pub use content::chunk::IntoChunk;
pub use content::event::IntoEvent;
pub use content::file_error::{FileError, FileErrorKind};
pub use content::metered::StreamError;
pub use content::once::AlreadySent;
pub use request::head::RequestHead;
pub use request::last_event_id::LastEventId;
pub use response::*;
#[cfg(feature = "server")]
pub use server::{Server, serve};
pub use shutdown::{Shutdown, shutdown};

/// The code of the front page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
