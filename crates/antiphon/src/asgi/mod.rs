//! The ASGI shape: an application is called with a scope, a way to receive and a way to send.
//!
//! | ASGI (Python)                        | here                                          |
//! |--------------------------------------|-----------------------------------------------|
//! | `scope["type"]`, `scope["path"]`     | [`Scope::scope_type`], [`Scope::path`]        |
//! | `await receive()`                    | [`Receive::receive`], an [`Event`]            |
//! | `await send({...})`                  | [`Send::send`], with a [`Message`]            |
//! | an exception                         | [`Error`]                                     |
//!
//! `lifespan` is not part of it: in Rust, `main` is where a program starts and ends.

mod app;
mod compressing;
mod patience;
#[cfg(feature = "server")]
pub(crate) mod peer;
mod receive;
mod receive_error;
mod scope;
mod send;
mod send_error;

use bytes::Bytes;
use futures_core::Stream;
use std::pin::Pin;

pub use antiphon_core::asgi::scope::ScopeType;
pub use app::App;
pub(crate) use patience::Patience;
pub use receive::{Event, Receive};
pub use receive_error::ReceiveError;
#[cfg(feature = "server")]
pub(crate) use scope::Ends;
pub(crate) use scope::Offers;
pub use scope::Scope;
pub use send::Send;
pub use send_error::SendError;

/// A message from an application to its server.
pub type Message = antiphon_core::asgi::message::Message<Bytes>;

/// Whatever kept an application from answering.
pub type Error = Box<dyn std::error::Error + std::marker::Send + Sync>;

/// What an application returns: nothing, or why it could not answer.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// Content that comes over time, in the chunks in which it is sent. None is empty, and after its end the
/// stream may be polled again.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes>> + std::marker::Send>>;
