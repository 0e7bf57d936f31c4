//! Content codings: content goes in chunk by chunk, and comes out compressed, flushed after each.
//!
//! | coding | by             | a stream holds, at the levels that are preset |
//! |--------|----------------|-----------------------------------------------|
//! | `gzip` | flate2, zlib-rs | 0.4 MiB                                      |
//! | `br`   | brotli         | 0.4 MiB; with chunks of tens of KiB 0.7       |
//! | `zstd` | zstd, in C     | 0.2 MiB                                       |
//!
//! `tests/memory.rs` holds those in Rust to these numbers. When content is compressed is for the core to say
//! ([`antiphon_core::response::compression`]); this crate knows no heads, and waits for nothing.

mod brotli;
mod compression;
mod encoder;
mod extent;
mod gzip;
#[cfg(feature = "zstd")]
mod zstd;

pub use compression::{Compression, InvalidCompression};
pub use encoder::Encoder;
pub use extent::Extent;

/// The front page's code, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
