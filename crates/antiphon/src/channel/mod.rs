//! The hub for server-sent events, within one process or over an engine that many share.

pub use antiphon_channel::*;

#[cfg(feature = "redis")]
pub mod redis;
