//! A response that is planned.

use crate::asgi::{self, Patience};
use crate::background::BackgroundTask;
use crate::content::metered::MeteredStream;
use crate::content::opened::Opened;
use antiphon_core::fields::Headers;
use antiphon_core::response::file::FileContent;
use bytes::Bytes;
use http::StatusCode;
use std::task::Context;

/// What is sent to one request.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) source: Source,
    pub(crate) background: Option<BackgroundTask>,
    pub(crate) patience: Patience,
}

/// Where the content of a response comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Empty,
    Bytes(Bytes),
    File(Opened, FileContent),
    Stream(Box<MeteredStream>),
}

impl Planned {
    /// Asks a stream for its first chunk, so that an error can still become an answer. Does not wait for
    /// the chunk.
    pub(crate) fn poll_first(&mut self, context: &mut Context<'_>) -> asgi::Result {
        match &mut self.source {
            Source::Stream(stream) => stream.poll_first(context),
            _ => Ok(()),
        }
    }
}
