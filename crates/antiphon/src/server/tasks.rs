//! What runs in a server's name: its connections, their requests, and what applications do afterwards.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::ready;
use tokio::task::{AbortHandle, JoinSet};

/// The tasks of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.lock();
        // Those that have ended would be kept otherwise.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    /// Completes when all have ended.
    pub(super) async fn ended(&self) {
        poll_fn(|context| {
            let mut tasks = self.lock();
            while ready!(tasks.poll_join_next(context)).is_some() {}
            std::task::Poll::Ready(())
        })
        .await;
    }

    /// Ends all where they wait next.
    pub(super) fn cut(&self) {
        self.lock().abort_all();
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends all tasks when it is dropped.
#[derive(Debug)]
pub(super) struct CutOnDrop(pub(super) Tasks);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cut();
    }
}
