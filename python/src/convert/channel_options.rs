//! What is said of a channel when it is made.

use super::{error, event};
use antiphon_channel::{Builder, EventChannel, Newcomers, Slow};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The options that all channels have.
pub(crate) struct Options<'a, 'py> {
    pub(crate) history_events: Option<i64>,
    pub(crate) history_bytes: Option<i64>,
    pub(crate) queue_events: Option<i64>,
    pub(crate) queue_bytes: Option<i64>,
    pub(crate) slow: &'a str,
    pub(crate) newcomers: &'a str,
    pub(crate) resync: Option<&'a Bound<'py, PyAny>>,
}

impl Options<'_, '_> {
    /// Checks the options; a [`Builder`] has them then.
    pub(crate) fn builder(self) -> PyResult<Builder> {
        let mut builder = EventChannel::builder()
            .slow(match self.slow {
                "disconnect" => Slow::Disconnect,
                "drop_oldest" => Slow::DropOldest,
                "resync" => Slow::Resync,
                slow => {
                    let expected = "'disconnect', 'drop_oldest' or 'resync'";
                    return Err(unknown("slow", expected, slow));
                }
            })
            .newcomers(match self.newcomers {
                "live" => Newcomers::Live,
                "history" => Newcomers::History,
                newcomers => return Err(unknown("newcomers", "'live' or 'history'", newcomers)),
            });
        if let Some(events) = bound("history_events", self.history_events)? {
            builder = builder.history_events(events);
        }
        if let Some(bytes) = bound("history_bytes", self.history_bytes)? {
            builder = builder.history_bytes(bytes);
        }
        if let Some(events) = bound("queue_events", self.queue_events)? {
            builder = builder.queue_events(events);
        }
        if let Some(bytes) = bound("queue_bytes", self.queue_bytes)? {
            builder = builder.queue_bytes(bytes);
        }
        if let Some(resync) = self.resync {
            builder = event::with(resync, |event| builder.resync(event))?
                .map_err(|error| error::event(&error))?;
        }
        Ok(builder)
    }
}

/// A number of things; an error if it is less than none.
fn bound(name: &str, number: Option<i64>) -> PyResult<Option<usize>> {
    let Some(number) = number else {
        return Ok(None);
    };
    usize::try_from(number).map(Some).map_err(|_| {
        PyValueError::new_err(format!("{name}: expected 0 or more, but found {number}"))
    })
}

fn unknown(name: &str, expected: &str, found: &str) -> PyErr {
    PyValueError::new_err(format!("{name}: expected {expected}, but found '{found}'"))
}
