//! Who woke the connection: the stream that it polls, or the application behind it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// What wakes an application that has handed its stream over, and with it the connection.
///
/// The application's own wakers would not tell the connection whether it is the stream that can go on
/// or something else that the application waits for besides.
pub(super) struct Bell {
    has_rung: AtomicBool,
    connection: Mutex<Waker>,
}

impl Bell {
    /// A bell that has rung, so that the application gets to know it.
    pub(super) fn new(connection: &Waker) -> Arc<Self> {
        Arc::new(Self {
            has_rung: AtomicBool::new(true),
            connection: Mutex::new(connection.clone()),
        })
    }

    /// Whether it has rung since it was asked last, and whom it wakes next.
    pub(super) fn has_rung(&self, connection: &Waker) -> bool {
        let mut own = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        own.clone_from(connection);
        self.has_rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection.wake_by_ref();
    }
}
