//! How long a client may leave an answer lying.
//!
//! hyper does not ask a body for more while the client takes nothing, so a body cannot find out by
//! itself. What runs it can: the future of an HTTP/1 connection, or of one HTTP/2 request. [`bounded`]
//! wraps that future; the body says with [`expect_within`] by when it must be asked again.

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
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
pub(crate) async fn bounded<F: Future>(future: F) -> Result<F::Output, GivenUp> {
    let within = async {
        let mut future = pin!(future);
        let mut alarm: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            let Some(deadline) = DEADLINE.with(Cell::get) else {
                return Poll::Pending;
            };
            let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if alarm.deadline() != deadline {
                alarm.as_mut().reset(deadline);
            }
            alarm.as_mut().poll(context).map(|()| Err(GivenUp))
        })
        .await
    };
    DEADLINE.scope(Cell::new(None), within).await
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
