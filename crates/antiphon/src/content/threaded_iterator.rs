//! A blocking iterator, run ahead of the client on a thread of its own kind.
//!
//! One worker at a time calls the iterator and fills a queue. When the queue is full it leaves the
//! iterator beside it and gives its thread back; when the queue has been taken, another worker goes on.
//! So a client that reads slowly holds no thread, and the iterator never runs on a thread of the
//! runtime: it is dropped by a worker too. Where others want a thread, an iterator that is slow itself
//! gives its own back after a while, and waits for its next turn.
//!
//! Each chunk wakes the client, which takes what is in the queue and never waits for more. So a slow
//! iterator holds nothing back.
//!
//! The queue is short at first and grows while the client keeps up, to a bound in bytes: of the content,
//! and of the memory that holds it.

use super::chunk::IntoChunk;
use super::gather::{Gathered, Gathering};
use super::threads::ITERATORS;
use crate::asgi::{Error, Result};
use bytes::Bytes;
use futures_core::Stream;
use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::{EnterGuard, Handle};

/// The client's end of the queue.
pub(crate) struct ThreadedIterator<I: Iterator<Item: IntoChunk> + Send + 'static> {
    queue: Arc<Queue<I>>,
    /// What was taken from the queue last.
    taken: VecDeque<Bytes>,
    gathered: Gathered,
    merges: bool,
}

struct Queue<I> {
    state: Mutex<State<I>>,
    /// The runtime that the iterator finds itself in, as it would on one of its threads.
    runtime: OnceLock<Option<Handle>>,
}

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
            queue: Arc::new(Queue {
                state: Mutex::new(state),
                runtime: OnceLock::new(),
            }),
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
                state.keep_up();
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
        if let Some(iterator) = idle {
            let queue = Arc::clone(&self.queue);
            // If there is no thread, this one has to do.
            let _ = ITERATORS.run(move || {
                let _entered = queue.enter();
                drop(iterator);
            });
        }
    }
}

impl<I> State<I> {
    fn is_full(&self) -> bool {
        self.chunks.len() >= self.max_chunks
            || self.bytes >= MAX_BYTES
            || self.bytes + self.chunks.len() * OVERHEAD >= MAX_HELD
    }

    /// The client keeps up with a full queue, which may be longer then.
    const fn keep_up(&mut self) {
        self.max_chunks = self.max_chunks.saturating_mul(2);
    }

    fn wake(&mut self) {
        if let Some(client) = self.client.take() {
            client.wake();
        }
    }
}

impl<I> Queue<I> {
    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has this thread be one of the runtime's, for programs that look for it.
    fn enter(&self) -> Option<EnterGuard<'_>> {
        let runtime = self.runtime.get().and_then(Option::as_ref);
        runtime.map(Handle::enter)
    }
}

impl<I: Iterator<Item: IntoChunk> + Send + 'static> Queue<I> {
    /// Starts a worker.
    fn run(self: &Arc<Self>, iterator: I) -> Result<()> {
        self.runtime.get_or_init(|| Handle::try_current().ok());
        let queue = Arc::clone(self);
        ITERATORS.run(move || queue.fill(iterator))?;
        Ok(())
    }

    /// The worker: fills the queue until it is full, the iterator ends, or the client is gone.
    fn fill(self: Arc<Self>, mut iterator: I) {
        let _entered = self.enter();
        let begun = Instant::now();
        let end = loop {
            match catch_unwind(AssertUnwindSafe(|| self.take_of(&mut iterator, begun))) {
                Ok(Pause::Full) => match self.leave(iterator) {
                    Some(same) => iterator = same,
                    None => return,
                },
                Ok(Pause::Turn) => {
                    // There is a thread, this one, so there is no error.
                    let queue = Arc::clone(&self);
                    let _ = ITERATORS.run(move || queue.fill(iterator));
                    return;
                }
                Ok(Pause::Closed) => return,
                Ok(Pause::End(end)) => break end,
                Err(panic) => break End::Panicked(panic),
            }
        };
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(iterator)));
        let mut state = self.lock();
        state.end = Some(dropped.map_or_else(End::Panicked, |()| end));
        state.wake();
    }

    /// Calls the iterator until there is a reason not to.
    fn take_of(&self, iterator: &mut I, begun: Instant) -> Pause {
        loop {
            let chunk = match iterator.next().map(I::Item::into_chunk) {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Pause::End(End::Failed(error)),
                None => return Pause::End(End::Exhausted),
            };
            let mut state = self.lock();
            if state.closed {
                return Pause::Closed;
            }
            if !chunk.is_empty() {
                state.bytes += chunk.len();
                state.chunks.push_back(chunk);
                state.wake();
                if state.is_full() {
                    return Pause::Full;
                }
            }
            drop(state);
            if ITERATORS.are_wanted() && begun.elapsed() > TURN {
                return Pause::Turn;
            }
        }
    }

    /// Leaves the iterator beside the queue for the next worker. Returns it if the client has come for all
    /// there was meanwhile.
    fn leave(&self, iterator: I) -> Option<I> {
        let mut state = self.lock();
        if !state.is_full() && !state.closed {
            state.keep_up();
            return Some(iterator);
        }
        if !state.closed {
            state.iterator = Some(iterator);
        }
        None
    }
}

/// Why a worker calls the iterator no more.
enum Pause {
    Full,
    /// Others want the thread.
    Turn,
    Closed,
    End(End),
}

/// How far an iterator runs ahead, in chunks, at first. It doubles each time that the client has taken
/// a full queue, since to hand over costs more than most chunks.
const FIRST_CHUNKS: usize = 16;

/// How far an iterator runs ahead, in bytes of content, and in bytes of memory.
const MAX_BYTES: usize = 64 << 10;
const MAX_HELD: usize = 256 << 10;

/// What a chunk holds beside its content: its place in the queue, and the allocator's share.
const OVERHEAD: usize = 96;

/// How long an iterator keeps its thread while others want one.
const TURN: Duration = Duration::from_millis(10);
