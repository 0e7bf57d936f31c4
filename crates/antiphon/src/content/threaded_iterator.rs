//! A blocking iterator, run ahead of the client on a thread for blocking work.
//!
//! One worker at a time calls the iterator and fills a queue. When the queue is full it leaves the
//! iterator beside it and gives its thread back; when the queue has been taken, another worker goes on.
//! So a client that reads slowly holds no thread, and the iterator never runs on a thread of the
//! runtime: it is dropped by a worker too.
//!
//! Each chunk wakes the client, which takes what is in the queue and never waits for more. So a slow
//! iterator holds nothing back.
//!
//! The queue is short at first and grows while the client keeps up, to a bound in bytes.

use super::chunk::IntoChunk;
use super::gather::{Gathered, Gathering};
use crate::asgi::{Error, Result};
use bytes::Bytes;
use futures_core::Stream;
use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;

/// The client's end of the queue.
pub(crate) struct ThreadedIterator<I: Iterator<Item: IntoChunk> + Send + 'static> {
    queue: Arc<Queue<I>>,
    /// What was taken from the queue last.
    taken: VecDeque<Bytes>,
    gathered: Gathered,
    merges: bool,
}

struct Queue<I>(Mutex<State<I>>);

struct State<I> {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    /// How many chunks the queue may hold.
    max_chunks: usize,
    /// The iterator, while no worker has it.
    iterator: Option<I>,
    end: Option<End>,
    /// The client, waiting for a chunk.
    client: Option<Waker>,
    /// The client is gone.
    closed: bool,
}

/// How an iterator ended.
enum End {
    Exhausted,
    Failed(Error),
    Panicked(Box<dyn Any + Send>),
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> ThreadedIterator<I> {
    pub(crate) fn new(iterator: I) -> Self {
        let state = State {
            chunks: VecDeque::new(),
            bytes: 0,
            max_chunks: FIRST_CHUNKS,
            iterator: Some(iterator),
            end: None,
            client: None,
            closed: false,
        };
        Self {
            queue: Arc::new(Queue(Mutex::new(state))),
            taken: VecDeque::new(),
            gathered: Gathered::default(),
            merges: true,
        }
    }
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> Gathering for ThreadedIterator<I> {
    fn set_merge(mut self: Pin<&mut Self>, merge: bool) {
        self.merges = merge;
    }
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> Stream for ThreadedIterator<I> {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        if this.taken.is_empty() && this.gathered.is_empty() {
            let mut state = this.queue.lock();
            mem::swap(&mut state.chunks, &mut this.taken);
            state.bytes = 0;
            let idle = state.iterator.take();
            if idle.is_some() && !this.taken.is_empty() {
                // The client has come for all there was: it keeps up.
                state.max_chunks = state.max_chunks.saturating_mul(2);
            }
            if this.taken.is_empty() {
                match state.end.replace(End::Exhausted) {
                    Some(End::Exhausted) => return Poll::Ready(None),
                    Some(End::Failed(error)) => return Poll::Ready(Some(Err(error))),
                    Some(End::Panicked(panic)) => {
                        drop(state);
                        resume_unwind(panic);
                    }
                    None => {
                        state.end = None;
                        state.client = Some(context.waker().clone());
                    }
                }
            }
            drop(state);
            if let Some(iterator) = idle {
                this.queue.run(iterator)?;
            }
        }
        let chunk = if this.merges {
            this.gathered.take_of(&mut this.taken)
        } else {
            this.taken.pop_front()
        };
        chunk.map_or(Poll::Pending, |chunk| Poll::Ready(Some(Ok(chunk))))
    }
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> Drop for ThreadedIterator<I> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.closed = true;
        let idle = state.iterator.take();
        drop(state);
        if let (Some(iterator), Ok(runtime)) = (idle, Handle::try_current()) {
            runtime.spawn_blocking(move || drop(iterator));
        }
    }
}

impl<I> State<I> {
    fn wake(&mut self) {
        if let Some(client) = self.client.take() {
            client.wake();
        }
    }
}

impl<I> Queue<I> {
    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<I>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> Queue<I> {
    /// Starts a worker.
    fn run(self: &Arc<Self>, iterator: I) -> Result<()> {
        let runtime = Handle::try_current()?;
        let queue = Arc::clone(self);
        runtime.spawn_blocking(move || queue.fill(iterator));
        Ok(())
    }

    /// The worker: fills the queue until it is full, the iterator ends, or the client is gone.
    fn fill(&self, mut iterator: I) {
        loop {
            let next = catch_unwind(AssertUnwindSafe(|| {
                iterator.next().map(I::Item::into_chunk)
            }));
            let end = match next {
                Ok(Some(Ok(chunk))) => match self.push(chunk, iterator) {
                    Some(same) => {
                        iterator = same;
                        continue;
                    }
                    None => return,
                },
                Ok(Some(Err(error))) => End::Failed(error),
                Ok(None) => End::Exhausted,
                Err(panic) => End::Panicked(panic),
            };
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(iterator)));
            let mut state = self.lock();
            state.end = Some(dropped.map_or_else(End::Panicked, |()| end));
            state.wake();
            return;
        }
    }

    /// Adds a chunk, and returns the iterator if it is to go on.
    fn push(&self, chunk: Bytes, iterator: I) -> Option<I> {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            drop(iterator);
            return None;
        }
        if chunk.is_empty() {
            return Some(iterator);
        }
        state.bytes += chunk.len();
        state.chunks.push_back(chunk);
        let is_full = state.chunks.len() >= state.max_chunks || state.bytes >= MAX_BYTES;
        let goes_on = if is_full {
            state.iterator = Some(iterator);
            None
        } else {
            Some(iterator)
        };
        state.wake();
        goes_on
    }
}

/// How far an iterator runs ahead, in chunks, at first. It doubles each time that the client has taken
/// a full queue, since to hand over costs more than most chunks.
const FIRST_CHUNKS: usize = 16;

/// How far an iterator runs ahead, in bytes.
const MAX_BYTES: usize = 64 << 10;
