//! The programs that the page shows: they are the ones that answer here.
//!
//! Each is a whole program with a `main` of its own, so that it can be copied to a file and run. It answers at
//! the paths at which the gallery answers: `/NAME` and what is below.
#![expect(
    dead_code,
    unreachable_pub,
    reason = "a program's `main` is for whoever copies it, and it is no part of a crate there"
)]

mod audio;
mod chart;
mod chat;
mod compressed;
mod conditional;
mod cookies;
mod custom_json;
mod directory;
mod download;
mod events;
mod html;
mod json;
mod json_lines;
mod object;
mod plain;
mod redirect;
mod response;
mod status;
mod stream;

use antiphon::asgi;
use std::future::Future;
use std::pin::Pin;

pub(crate) struct Program {
    pub(crate) source: &'static str,
    pub(crate) app: fn(asgi::Scope, asgi::Receive, asgi::Send) -> Answering,
}

type Answering = Pin<Box<dyn Future<Output = asgi::Result> + Send>>;

/// The program of this name.
pub(crate) fn find(name: &str) -> Option<Program> {
    macro_rules! programs {
        ($($name:ident)*) => {
            match name {
                $(stringify!($name) => Some(Program {
                    source: include_str!(concat!(stringify!($name), ".rs")),
                    app: |scope, receive, send| Box::pin($name::app(scope, receive, send)),
                }),)*
                _ => None,
            }
        };
    }
    programs!(audio chart chat compressed conditional cookies custom_json directory download events html json json_lines
        object plain redirect response status stream)
}
