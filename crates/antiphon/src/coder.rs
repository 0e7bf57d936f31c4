//! Encoding a chunk without holding others up: at once, or on a thread that may take its time.

use antiphon_coding::Encoder;
use bytes::Bytes;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// An encoder, and the chunk that is in it. One chunk is [begun](Self::begin) after the other has been
/// [taken](Self::poll_encoded).
#[derive(Debug)]
pub(crate) struct Coder {
    /// `None` while it is on another thread, and after the last chunk.
    encoder: Option<Encoder>,
    work: Option<Work>,
}

#[derive(Debug)]
enum Work {
    Done(io::Result<Vec<u8>>),
    Elsewhere(JoinHandle<(Option<Encoder>, io::Result<Vec<u8>>)>),
}

impl Coder {
    pub(crate) const fn new(encoder: Encoder) -> Self {
        Self {
            encoder: Some(encoder),
            work: None,
        }
    }

    /// Tells whether a chunk is in it.
    pub(crate) const fn is_working(&self) -> bool {
        self.work.is_some()
    }

    /// Begins to encode a chunk; with the last, the content ends.
    pub(crate) fn begin(&mut self, chunk: Bytes, is_last: bool) {
        let Some(encoder) = self.encoder.take() else {
            return;
        };
        if chunk.len() > AT_ONCE
            && let Ok(runtime) = Handle::try_current()
        {
            let work = move || encode(encoder, &chunk, is_last);
            self.work = Some(Work::Elsewhere(runtime.spawn_blocking(work)));
            return;
        }
        let (encoder, encoded) = encode(encoder, &chunk, is_last);
        self.encoder = encoder;
        self.work = Some(Work::Done(encoded));
    }

    /// Takes what has become of the chunk: all of it, flushed. Empty if there is none.
    pub(crate) fn poll_encoded(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let encoded = match &mut self.work {
            None => Ok(Vec::new()),
            Some(Work::Done(encoded)) => std::mem::replace(encoded, Ok(Vec::new())),
            Some(Work::Elsewhere(thread)) => {
                let (encoder, encoded) = ready!(Pin::new(thread).poll(context))?;
                self.encoder = encoder;
                encoded
            }
        };
        self.work = None;
        Poll::Ready(encoded.map(Bytes::from))
    }
}

fn encode(
    mut encoder: Encoder,
    chunk: &[u8],
    is_last: bool,
) -> (Option<Encoder>, io::Result<Vec<u8>>) {
    if is_last {
        return (None, encoder.last_chunk(chunk));
    }
    let encoded = encoder.chunk(chunk);
    (Some(encoder), encoded)
}

/// So many bytes are encoded within a millisecond, where they are.
pub(crate) const AT_ONCE: usize = 64 << 10;
