//! Channels over a real Redis.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod channels;
mod engine;
mod faults;
mod once;
