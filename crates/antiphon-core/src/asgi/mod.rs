//! ASGI's vocabulary, and the messages that a file is sent as ([ASGI HTTP & WebSocket 2.5]).
//!
//! [ASGI HTTP & WebSocket 2.5]: https://asgi.readthedocs.io/en/stable/specs/www.html

pub mod file_steps;
pub mod message;
pub mod scope;
