//! HTTP responses, decided without I/O.
//!
//! This crate holds every rule of Antiphon and touches nothing of the world: no clock, no file, no
//! socket, no future. What a rule needs to know comes in as *facts*; what is to be done goes out as
//! a [`Plan`](plan::Plan), which a face carries out. It is `no_std` with `alloc`, so the compiler
//! guards that.
//!
//! Programs use the `antiphon` crate, which re-exports what they need of this one.
//!
//! | layer   | modules                                                        |
//! |---------|----------------------------------------------------------------|
//! | text    | [`percent`], [`http_date`], [`token`]                          |
//! | fields  | [`headers`]                                                    |
//! | values  | [`media_type`], [`cookie`], [`content_disposition`], [`location`], [`etag`], [`event`], [`range`]                       |
//! | storage | [`segment`]                                                    |
//! | rules   | [`populate`], [`conditional`], [`multipart`]                   |
//! | plans   | [`plan`], [`response`]                                         |
//! | asgi    | [`asgi`]                                                       |
//!
//! A module uses only modules of its own layer and of those above it in the table.
#![no_std]

extern crate alloc;

pub mod asgi;
pub mod conditional;
pub mod content_disposition;
pub mod cookie;
pub mod etag;
pub mod event;
pub mod headers;
pub mod http_date;
pub mod location;
pub mod media_type;
pub mod multipart;
pub mod percent;
pub mod plan;
pub mod populate;
pub mod range;
pub mod response;
pub mod segment;
pub mod token;
