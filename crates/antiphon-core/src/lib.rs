//! HTTP responses, decided without I/O.
//!
//! This crate holds every rule of Antiphon and touches nothing of the world: no clock, no file, no
//! socket, no future. What a rule needs to know comes in as *facts*; what is to be done goes out as
//! a [`Plan`](response::plan::Plan), which a face carries out. It is `no_std` with `alloc`, so the compiler
//! guards that.
//!
//! Programs use the `antiphon` crate, which re-exports what they need of this one.
//!
//! | layer        | what it holds                                                       |
//! |--------------|---------------------------------------------------------------------|
//! | [`text`]     | percent-encoding, dates, tokens                                     |
//! | [`fields`]   | names and values of header fields, and lists of them                |
//! | [`values`]   | what single fields say: media types, cookies, entity tags, events    |
//! | [`request`]  | what a request asks for: preconditions, ranges                       |
//! | [`body`]     | the pieces of a body                                                |
//! | [`response`] | the response classes, and the plans that they make                  |
//! | [`asgi`]     | ASGI's vocabulary                                                   |
//!
//! A folder is a layer: its files use only their own folder and those above it in the table.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod asgi;
pub mod body;
pub mod fields;
pub mod request;
pub mod response;
pub mod text;
pub mod values;

/// The code of the front page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
