//! How long the client of an HTTP/2 request may leave an answer lying.
//!
//! hyper does not ask a body for more while the client takes nothing, so a body cannot find out by
//! itself. What runs it can: the task of the request. [`bounded`] wraps that task's future, and the body
//! says in a [`Stall`] by when it must be asked again.

use super::limits::FAREWELL;
use crate::asgi::Patience;
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::futures::TaskLocalFuture;
use tokio::time::{Instant, Sleep, sleep_until};

/// One answer on an HTTP/2 connection, and since when it lies.
#[derive(Debug)]
pub(super) struct Stall(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the body handed over what it has not been asked to follow up.
    since: Option<Instant>,
    timeout: Duration,
    patience: Patience,
    has_yielded: bool,
    /// When the answer is over that the shutdown ends.
    over: Option<Instant>,
    task: Option<Waker>,
}

impl Stall {
    /// An answer that may lie for so long, by its server.
    pub(super) fn new(timeout: Duration) -> Self {
        let state = State {
            timeout,
            ..State::default()
        };
        Self(Mutex::new(state))
    }

    /// Sets how long the answer may lie by what it says itself.
    pub(super) fn set_patience(&self, patience: Patience) {
        let mut state = self.lock();
        let own = patience.send_timeout.unwrap_or(state.timeout);
        state.timeout = own.min(state.timeout);
        state.patience = patience;
    }

    /// The body has handed something over.
    pub(super) fn begin(&self) {
        self.lock().since = Some(Instant::now());
    }

    /// The body was asked for more.
    pub(super) fn end(&self) {
        self.lock().since = None;
    }

    /// Returns since when the answer lies, if it is long enough for others to take its place.
    pub(super) fn may_yield(&self, after: Duration) -> Option<Instant> {
        let state = self.lock();
        state
            .since
            .filter(|since| !state.has_yielded && since.elapsed() >= after)
    }

    /// Gives way to others.
    pub(super) fn yields(&self) {
        let mut state = self.lock();
        state.has_yielded = true;
        state.wake();
    }

    /// The shutdown has begun.
    pub(super) fn begin_shutdown(&self) {
        let mut state = self.lock();
        if let Some(grace) = state.patience.grace {
            state.over = Instant::now().checked_add(grace.saturating_add(FAREWELL));
            state.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// By when the body must be asked again; a time beyond what the clock can count is none.
    fn deadline(&self) -> Option<Instant> {
        let due = self.since?.checked_add(self.timeout);
        [due, self.over].into_iter().flatten().min()
    }
}

tokio::task_local! {
    static STALL: RefCell<Option<Arc<Stall>>>;
}

/// Tells the future that [`bounded`] made, and that runs now, which answer it runs.
pub(super) fn enter(stall: &Arc<Stall>) {
    let _ = STALL.try_with(|own| {
        own.borrow_mut().get_or_insert_with(|| Arc::clone(stall));
    });
}

/// Runs a request until its answer has been left lying for too long.
pub(super) fn bounded<F: Future>(
    future: F,
) -> TaskLocalFuture<RefCell<Option<Arc<Stall>>>, Bounded<F>> {
    let alarm = None;
    STALL.scope(RefCell::new(None), Bounded { future, alarm })
}

pin_project! {
    /// The future that [`bounded`] makes.
    pub(super) struct Bounded<F> {
        #[pin]
        future: F,
        alarm: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future> Future for Bounded<F> {
    type Output = Result<F::Output, GivenUp>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        let Some(stall) = STALL.with(|own| own.borrow().clone()) else {
            return Poll::Pending;
        };
        let mut state = stall.lock();
        if state.has_yielded {
            return Poll::Ready(Err(GivenUp::Yields));
        }
        let deadline = state.deadline();
        if state.since.is_some() {
            state.task = Some(context.waker().clone());
        }
        drop(state);
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(context).map(|()| Err(GivenUp::TooSlow))
    }
}

/// The error of a client that has left an answer lying.
#[derive(Clone, Copy, Debug)]
pub(super) enum GivenUp {
    TooSlow,
    Yields,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooSlow => "the client has read nothing for too long",
            Self::Yields => "the client reads too slowly for a server that has no room for others",
        })
    }
}

impl std::error::Error for GivenUp {}
