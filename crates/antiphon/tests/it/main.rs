//! The Rust face, from outside: over real sockets, and over scripted peers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apps;
mod clients;
mod compression;
mod conditional;
mod content;
mod delete_after;
mod delivery;
mod directory;
mod doors;
mod early_hints;
mod ending;
mod event_source;
mod exchange;
mod file_versions;
mod files;
mod files_within;
#[expect(dead_code, reason = "floods send what is not sent here")]
mod frames;
mod hostile;
mod json;
mod json_lines;
mod leaving;
mod offered;
mod offload;
mod on_complete;
mod patience;
mod request_head;
mod server;
mod streams;
mod support;
#[cfg(feature = "tls")]
mod tls;
mod types;
#[cfg(unix)]
mod unix_socket;
mod vectors;
mod watching;
mod without_runtime;
