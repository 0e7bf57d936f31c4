//! The classes.

#[cfg(any(feature = "axum", feature = "server", feature = "tower"))]
pub(crate) mod error_pages;
pub(crate) mod event_source;
pub(crate) mod file;
pub(crate) mod fixed;
#[cfg(feature = "json")]
pub(crate) mod json;
pub(crate) mod parameters;
pub(crate) mod plannable;
pub(crate) mod redirect;
pub(crate) mod streaming;
