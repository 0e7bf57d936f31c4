//! ASGI's vocabulary, and the order in which a response is sent ([ASGI HTTP & WebSocket 2.5]).
//!
//! [ASGI HTTP & WebSocket 2.5]: https://asgi.readthedocs.io/en/stable/specs/www.html

pub mod message;
pub mod scope;
pub mod transmission;
