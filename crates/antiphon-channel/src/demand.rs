//! What subscribers want of a reader, across threads.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The names of the streams of which somebody wants something.
#[derive(Default)]
pub(crate) struct Demand {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    names: Vec<Arc<str>>,
    waker: Option<Waker>,
}

impl Demand {
    /// Adds names, and wakes the reader. No lock may be held that the reader takes when it is woken.
    pub(crate) fn put(&self, names: impl IntoIterator<Item = Arc<str>>) {
        let mut state = self.lock();
        state.names.extend(names);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Wakes the reader for another reason.
    pub(crate) fn wake(&self) {
        let waker = self.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take(&self) -> Vec<Arc<str>> {
        mem::take(&mut self.lock().names)
    }

    /// Ready when there are names; else the reader is woken.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if !state.names.is_empty() {
            return Poll::Ready(());
        }
        let replaced = state.waker.replace(context.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
