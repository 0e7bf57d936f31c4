//! Telling a program how a response ended.

use crate::asgi::{Error, SendError};
use crate::outcome::{EndReason, Outcome};
use crate::shutdown::Shutdown;
use http::StatusCode;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a program has called when a response is over.
#[derive(Clone)]
pub(crate) struct OnComplete(Arc<dyn Fn(Outcome) + Send + Sync>);

impl OnComplete {
    pub(crate) fn new(function: impl Fn(Outcome) + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }
}

impl fmt::Debug for OnComplete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OnComplete")
    }
}

/// The end of one response, which is told once: dropped, it is told that the client left, or that the
/// server ended.
#[derive(Debug)]
pub(crate) struct Completion {
    /// `None` once it is told.
    on_complete: Option<OnComplete>,
    status: Option<StatusCode>,
    /// Shared with a stream that somebody else polls.
    sent: Arc<AtomicU64>,
    is_counted: bool,
    shutdown: Shutdown,
    /// Whether the content comes to its end with the server's.
    ends_with_server: bool,
}

impl Completion {
    /// The end of a response to a request of a server with this shutdown, if it has one of its own.
    fn new(on_complete: OnComplete, shutdown: Option<&Shutdown>) -> Box<Self> {
        Box::new(Self {
            on_complete: Some(on_complete),
            status: None,
            sent: Arc::default(),
            is_counted: true,
            shutdown: shutdown.cloned().unwrap_or_else(Shutdown::current),
            ends_with_server: false,
        })
    }

    /// The same, if there is somebody to tell.
    pub(crate) fn of(
        on_complete: Option<OnComplete>,
        shutdown: Option<&Shutdown>,
    ) -> Option<Box<Self>> {
        on_complete.map(|on_complete| Self::new(on_complete, shutdown))
    }

    /// The same, for content that comes to its end with this shutdown.
    pub(crate) fn ending_with(mut self: Box<Self>, shutdown: &Shutdown) -> Box<Self> {
        self.shutdown = shutdown.clone();
        self.ends_with_server = true;
        self
    }

    /// The number of bytes that were sent, for whoever counts them elsewhere.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    /// Learns that the head was sent.
    pub(crate) const fn begin(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Learns that a piece of content was sent.
    pub(crate) fn count(&self, length: usize) {
        self.sent.fetch_add(length as u64, Ordering::Relaxed);
    }

    /// Learns that somebody else sends the content.
    pub(crate) const fn leave_uncounted(&mut self) {
        self.is_counted = false;
    }

    /// Tells that all was sent.
    pub(crate) fn complete(&mut self) {
        let is_cut = self.ends_with_server && self.shutdown.has_begun();
        self.tell(if is_cut {
            EndReason::ShutDown
        } else {
            EndReason::Complete
        });
    }

    /// Tells that sending failed.
    pub(crate) fn fail(&mut self, error: &Error) {
        match error.downcast_ref() {
            Some(SendError::Disconnected | SendError::Returned) => self.leave(),
            _ => self.fail_with(error),
        }
    }

    /// Tells that something failed before anything could be sent.
    pub(crate) fn fail_with(&mut self, error: impl fmt::Display) {
        self.tell(EndReason::Failed(error.to_string()));
    }

    /// Tells that the client left, or that the server ended.
    fn leave(&mut self) {
        self.tell(if self.shutdown.has_begun() {
            EndReason::ShutDown
        } else {
            EndReason::Disconnected
        });
    }

    /// Tells how the response ended, if nobody has.
    fn tell(&mut self, reason: EndReason) {
        let Some(OnComplete(function)) = self.on_complete.take() else {
            return;
        };
        let sent = self.sent.load(Ordering::Relaxed);
        let outcome = Outcome {
            reason,
            status: self.status,
            bytes_sent: self.is_counted.then_some(sent),
        };
        // It may be told amid a panic.
        if catch_unwind(AssertUnwindSafe(|| function(outcome))).is_err() {
            tracing::error!("an on_complete panicked");
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if self.on_complete.is_some() {
            self.leave();
        }
    }
}
