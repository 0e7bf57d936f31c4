//! Who woke the connection: the stream that it polls, or the application behind it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// The waker of an application that has handed its stream over. It wakes the connection too.
///
/// The application's own wakers would not tell the connection whether the stream can go on, or
/// something else that the application waits for.
pub(super) struct WakeSource {
    has_woken: AtomicBool,
    connection: Mutex<Waker>,
}

impl WakeSource {
    /// Makes a source that has woken the connection, so that the application is polled with it once.
    pub(super) fn new(connection: &Waker) -> Arc<Self> {
        Arc::new(Self {
            has_woken: AtomicBool::new(true),
            connection: Mutex::new(connection.clone()),
        })
    }

    /// Tells whether the application was woken since the last call. From now on, `connection` is woken
    /// with it.
    pub(super) fn has_woken(&self, connection: &Waker) -> bool {
        let mut own = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        own.clone_from(connection);
        self.has_woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for WakeSource {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_woken.store(true, Ordering::Release);
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection.wake_by_ref();
    }
}
