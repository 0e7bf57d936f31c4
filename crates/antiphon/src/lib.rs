//! Starlette's response classes for Rust.
//!
//! A response is made once and goes out through one of these doors:
//!
//! | door                                  | for                                 | which classes                     |
//! |---------------------------------------|-------------------------------------|-----------------------------------|
//! | `response.call(scope, receive, send)` | ASGI-shaped applications            | all                               |
//! | `response.into_http(&request)`        | hyper, and whatever speaks [`http`] | all                               |
//! | [`asgi::App`]                         | [`serve`], which calls it           | all                               |
//! | `IntoResponse`, feature `axum`        | axum's handlers                     | all except [`FileResponse`], which a `FileRequest` answers with |
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
//!
//! # Doors
//!
//! **hyper**, by `into_http`:
//!
#![cfg_attr(feature = "server", doc = "```no_run")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use antiphon::{Body, PlainTextResponse};
//! use hyper::{body::Incoming, server::conn::http1, service::service_fn};
//! use hyper_util::rt::TokioIo;
//!
//! async fn answer(
//!     request: http::Request<Incoming>,
//! ) -> Result<http::Response<Body>, antiphon::InvalidResponse> {
//!     PlainTextResponse::new("Hello, world!").into_http(&request)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
//! }
//! # }
//! ```
//!
//! **axum**: a handler returns a response, or an error; a response is a service, too; and a router is an
//! application, with whatever layers of tower are around it:
//!
#![cfg_attr(
    all(feature = "axum", feature = "server", feature = "tower"),
    doc = "```no_run"
)]
#![cfg_attr(
    not(all(feature = "axum", feature = "server", feature = "tower")),
    doc = "```ignore"
)]
//! use antiphon::channel::EventChannel;
//! use antiphon::{
//!     EventSourceResponse, FileResponse, JsonError, JsonResponse, LastEventId, RedirectResponse, ServiceApp,
//! };
//! use axum::{Router, extract::State, routing::get};
//! use tower::{Layer, util::MapResponseLayer};
//!
//! async fn numbers() -> Result<JsonResponse, JsonError> {
//!     JsonResponse::new(&[1, 2, 3])
//! }
//!
//! async fn news(State(news): State<EventChannel>, last: LastEventId) -> EventSourceResponse {
//!     EventSourceResponse::from_subscriber(news.subscribe(last.as_bytes()))
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let router: Router = Router::new()
//!     .route("/numbers", get(numbers))
//!     .route("/news", get(news))
//!     .route_service("/favicon.ico", FileResponse::new("favicon.ico"))
//!     .route_service("/", RedirectResponse::new("/numbers"))
//!     .with_state(EventChannel::new());
//! let layer = MapResponseLayer::new(|mut response: http::Response<_>| {
//!     let headers: &mut http::HeaderMap = response.headers_mut();
//!     headers.insert("x-served-by", http::HeaderValue::from_static("antiphon"));
//!     response
//! });
//! antiphon::serve("127.0.0.1:8000", ServiceApp::new(layer.layer(router))).await
//! # }
//! ```
//!
//! `examples/axum_site.rs` has a login, files and a feed; `examples/actix` of the repository has actix-web, by
//! `into_http`.
//!
//! # State
//!
//! What an application shares, it captures; each call has a handle of its own:
//!
#![cfg_attr(feature = "server", doc = "```no_run")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use antiphon::{PlainTextResponse, asgi};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! #[derive(Default)]
//! struct State {
//!     visits: AtomicU64,
//! }
//!
//! async fn app(
//!     state: Arc<State>, scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send,
//! ) -> asgi::Result {
//!     let visit = state.visits.fetch_add(1, Ordering::Relaxed) + 1;
//!     PlainTextResponse::new(format!("visit {visit}")).call(scope, receive, send).await
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let state = Arc::new(State::default());
//! let app = move |scope, receive, send| app(state.clone(), scope, receive, send);
//! antiphon::serve("127.0.0.1:8000", app).await
//! # }
//! ```
//!
//! # Files
//!
//! [`FileResponse`] answers preconditions and ranges, for which it needs the request. In a handler of axum
//! (feature `axum`) an extractor brings what it needs; anything else that speaks [`http`] has
//! `file.into_http(&request).await`:
//!
#![cfg_attr(all(feature = "axum", feature = "server"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "axum", feature = "server")), doc = "```ignore")]
//! use antiphon::{FileRequest, FileResponse};
//! use axum::{Router, response::IntoResponse, routing::get};
//!
//! async fn report(request: FileRequest) -> impl IntoResponse {
//!     request.respond(FileResponse::new("report.pdf").filename("Prüfung.pdf")).await
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! let app: Router = Router::new().route("/report", get(report));
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! # axum::serve(listener, app).await
//! # }
//! ```
//!
//! A [`Directory`] sends the files of a folder, with the copies of them that are compressed already; it is an
//! application, and a service for `nest_service` and `fallback_service`:
//!
#![cfg_attr(feature = "server", doc = "```no_run")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use antiphon::{ContentCoding::{Br, Gzip}, Directory};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let site = Directory::new("dist")
//!     .index("index.html")
//!     .precompressed([Br, Gzip])
//!     .cache_control("assets/**", Directory::IMMUTABLE)?;
//! antiphon::serve("127.0.0.1:8000", site).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Compression
//!
//! [`Compressed`] compresses what an application answers, and `.compress(…)` one response: in `br` or `gzip`, as
//! the client likes, where it is worth it. Each chunk of a stream is flushed when it would have gone out; an
//! `ETag` becomes one of its own in each coding, and 304 and 412 understand it:
//!
#![cfg_attr(feature = "server", doc = "```no_run")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use antiphon::{Compressed, Compression, JsonResponse, asgi};
//!
//! async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
//!     JsonResponse::new(&vec!["hello"; 1000])?.call(scope, receive, send).await
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! antiphon::serve("127.0.0.1:8000", Compressed::new(app, Compression::new())).await
//! # }
//! ```
//!
//! # Events
//!
//! A [channel](channel::EventChannel) keeps what was published, so that a client which connects again gets
//! what it has missed. It is one process:
//!
//! ```
//! use antiphon::channel::EventChannel;
//! use antiphon::{EventSourceResponse, LastEventId, ServerSentEvent, asgi};
//!
//! async fn listen(
//!     channel: EventChannel, scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send,
//! ) -> asgi::Result {
//!     let last = LastEventId::of(&scope);
//!     let subscriber = channel.subscribe(last.as_bytes());
//!     EventSourceResponse::from_subscriber(subscriber).call(scope, receive, send).await
//! }
//!
//! fn tell(channel: &EventChannel) -> Result<(), antiphon::channel::PublishError> {
//!     channel.publish(&ServerSentEvent::new("it is on").event("headline"))?;
//!     Ok(())
//! }
//! # tell(&EventChannel::new()).unwrap();
//! # let _ = listen;
//! ```
//!
//! # Log
//!
//! What goes wrong is an event of `tracing`: a program sees it if it has a
//! subscriber, such as `tracing_subscriber::fmt::init()`. The client learns none of it. A line for each
//! request is [`Server::access_log`]'s, and numbers for a metrics exporter are [`ServerCounters`]'.
//!
//! # Features
//!
//! | feature  | by default | what it adds                                                       |
//! |----------|------------|--------------------------------------------------------------------|
//! | `json`   | yes        | `JsonResponse` and `JsonLinesResponse`, over serde_json            |
//! | `server` | yes        | [`serve`] and [`Server`], over hyper                               |
//! | `tls`    | no         | [`Server::tls`], over rustls                                       |
//! | `axum`   | no         | axum's `IntoResponse` and extractors                               |
//! | `tower`  | no         | `tower::Service` of the classes, and a service as an [`App`](asgi::App) |
//! | `object-store` | no   | `ObjectSource`: objects of whatever store the crate `object_store` speaks to |
//! | `redis`  | no         | `channel::redis`: event channels that several processes share      |
//! | `redis-tls` | no      | the same over TLS, with rustls and ring                            |
//! | `zstd`   | no         | the content coding `zstd`, by its library in C                     |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod asgi;
mod background;
mod body;
pub mod channel;
mod coder;
mod completion;
mod compressed;
mod content;
mod deliver;
mod negotiation;
mod outcome;
mod request;
mod response;
#[cfg(feature = "server")]
mod server;
mod shutdown;

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod tower;

pub use antiphon_coding::{Compression, InvalidCompression};
pub use antiphon_core::fields::{self as headers, Headers};
pub use antiphon_core::request::last_event_id;
pub use antiphon_core::request::range::{Likely, RangePolicy};
pub use antiphon_core::response::content::InvalidResponse;
pub use antiphon_core::response::offload::{InvalidOffload, Offload};
pub use antiphon_core::text::http_date::HttpDate;
pub use antiphon_core::values::cache_rules::CacheRules;
pub use antiphon_core::values::content_coding::ContentCoding;
pub use antiphon_core::values::content_disposition;
pub use antiphon_core::values::cookie::{self, SameSite, SetCookie};
pub use antiphon_core::values::etag::InvalidTag;
pub use antiphon_core::values::event::{self, ServerSentEvent};
pub use antiphon_core::values::link::{InvalidLink, Link};
pub use antiphon_core::values::location::NotLocal;
pub use antiphon_core::values::media_type;
pub use antiphon_core::values::media_types::{self, MediaTypes};
pub use antiphon_fs::FileFacts;
#[cfg(feature = "axum")]
pub use axum::{Conditional, FileRequest};
pub use background::BackgroundTask;
pub use body::{Body, BodyError};
pub use compressed::Compressed;
pub use content::chunk::IntoChunk;
pub use content::event::IntoEvent;
pub use content::file_error::{FileError, FileErrorKind};
pub use content::metered::StreamError;
pub use content::once::AlreadySent;
pub use content::ready::IntoContent;
#[cfg(feature = "object-store")]
pub use content::source::ObjectSource;
pub use content::source::{FileSource, Opening, Source, SourceError, SourceErrorKind, SourceFacts};
/// The crate of requests, responses and status codes, whose types are in signatures here.
pub use http;
pub use outcome::{EndReason, Outcome};
pub use request::head::RequestHead;
pub use request::last_event_id::LastEventId;
pub use response::*;
#[cfg(all(feature = "server", feature = "tower"))]
pub use server::AppService;
#[cfg(feature = "server")]
pub use server::{Server, ServerCounters, ServerCounts, serve};
#[cfg(feature = "tls")]
pub use server::{Tls, TlsError};
pub use shutdown::{Shutdown, shutdown};
#[cfg(feature = "tower")]
pub use tower::{RequestBody, ServiceApp};

/// The code of the front page, run as tests.
#[cfg(all(doctest, feature = "axum", feature = "tower"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
