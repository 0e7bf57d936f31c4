//! A response that is planned.

use crate::asgi::{self, Patience};
use crate::background::BackgroundTask;
use crate::completion::Completion;
use crate::content::metered::MeteredStream;
use crate::content::opened::Opened;
use antiphon_core::fields::Headers;
use antiphon_core::response::file::FileContent;
use bytes::Bytes;
use http::StatusCode;
use std::fmt;
use std::task::Context;

/// What is sent to one request.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) content: Content,
    pub(crate) background: Option<BackgroundTask>,
    /// Who is told how it ends.
    pub(crate) completion: Option<Box<Completion>>,
    pub(crate) patience: Patience,
}

/// Where the content of a response comes from.
#[derive(Debug)]
pub(crate) enum Content {
    Empty,
    Bytes(Bytes),
    File(Opened, FileContent),
    Stream(Box<MeteredStream>),
}

impl Planned {
    /// An answer that is a status and nothing else.
    pub(crate) const fn bare(status: StatusCode) -> Self {
        Self {
            status,
            headers: Headers::new(),
            content: Content::Empty,
            background: None,
            patience: Patience::new(),
            completion: None,
        }
    }

    /// Has somebody told how the response ends, or why there is none.
    pub(crate) fn completing<E: fmt::Display>(
        planned: Result<Self, E>,
        completion: Option<Box<Completion>>,
    ) -> Result<Self, E> {
        let Some(mut completion) = completion else {
            return planned;
        };
        match planned {
            Ok(mut planned) => {
                if let Content::Stream(stream) = &mut planned.content {
                    stream.count_in(completion.counter());
                }
                planned.completion = Some(completion);
                Ok(planned)
            }
            Err(error) => {
                completion.fail_with(&error);
                Err(error)
            }
        }
    }

    /// Asks a stream for its first chunk, so that an error can still become an answer. Does not wait for
    /// the chunk.
    pub(crate) fn poll_first(&mut self, context: &mut Context<'_>) -> asgi::Result {
        let Content::Stream(stream) = &mut self.content else {
            return Ok(());
        };
        let asked = stream.poll_first(context);
        if let Err(error) = &asked
            && let Some(completion) = &mut self.completion
        {
            completion.fail(error);
        }
        asked
    }
}
