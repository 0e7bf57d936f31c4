//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
pub(crate) mod error_pages;
pub(crate) mod http;
mod messages;
pub(crate) mod planned;
