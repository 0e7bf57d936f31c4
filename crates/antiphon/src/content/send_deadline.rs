//! How long a client may leave an answer lying.
//!
//! hyper does not ask a body for more while the client takes nothing, so a body cannot find out by
//! itself. What runs it can: the future of an HTTP/1 connection, or of one HTTP/2 request. [`bounded`]
//! wraps that future; the body says with [`expect_within`] by when it must be asked again.

use pin_project_lite::pin_project;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::futures::TaskLocalFuture;
use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    static DEADLINE: Cell<Option<Instant>>;
}

/// The body must be asked for more within `timeout`, or the client is given up.
pub(crate) fn expect_within(timeout: Duration) {
    // A timeout beyond what the clock can count is none.
    set(Instant::now().checked_add(timeout));
}

/// The body was asked for more.
pub(crate) fn relieve() {
    set(None);
}

fn set(deadline: Option<Instant>) {
    // Outside of `bounded` there is nothing that could give a client up.
    let _ = DEADLINE.try_with(|own| own.set(deadline));
}

/// Runs a connection or a request, until a deadline that was set inside passes.
pub(crate) fn bounded<F: Future>(future: F) -> TaskLocalFuture<Cell<Option<Instant>>, Bounded<F>> {
    let alarm = None;
    DEADLINE.scope(Cell::new(None), Bounded { future, alarm })
}

pin_project! {
    /// The future that [`bounded`] makes.
    pub(crate) struct Bounded<F> {
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
        let Some(deadline) = DEADLINE.with(Cell::get) else {
            return Poll::Pending;
        };
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(context).map(|()| Err(GivenUp))
    }
}

/// The error of a client that has read nothing for too long.
#[derive(Debug)]
pub(crate) struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the client has read nothing for longer than the `send_timeout`")
    }
}

impl std::error::Error for GivenUp {}
