//! Those who read what is published, of `antiphon-channel`.

use antiphon_channel::{InvalidTopics, Topics, TopicsHandle};
use bytes::Bytes;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// One who reads what is published, in one channel or in several.
#[pyclass(frozen, module = "antiphon._antiphon")]
pub(crate) struct Subscriber {
    /// `None` once it is closed.
    held: Mutex<Option<Held>>,
    waker: Waker,
}

enum Held {
    One(antiphon_channel::Subscriber),
    Several(Topics),
}

impl Subscriber {
    /// Makes one of whom `woken` is called when there is something.
    pub(crate) fn new(subscriber: antiphon_channel::Subscriber, woken: Py<PyAny>) -> Self {
        Self::of(Held::One(subscriber), woken)
    }

    fn of(held: Held, woken: Py<PyAny>) -> Self {
        Self {
            held: Mutex::new(Some(held)),
            waker: waker(woken),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives up what it reads by, for a stream of several channels.
    fn take_topic(&self) -> PyResult<antiphon_channel::Subscriber> {
        match self.lock().take() {
            Some(Held::One(subscriber)) => Ok(subscriber),
            _ => Err(PyRuntimeError::new_err(
                "expected an open subscription, but it is closed",
            )),
        }
    }
}

#[pymethods]
impl Subscriber {
    /// What a newcomer is told of its place, once; no bytes for anybody else, and `None` as long as that is
    /// not known.
    fn take_position<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let mut context = Context::from_waker(&self.waker);
        let position = match self.lock().as_mut() {
            None => Poll::Ready(None),
            Some(Held::One(subscriber)) => subscriber.poll_position(&mut context),
            Some(Held::Several(topics)) => topics.poll_position(&mut context),
        };
        match position {
            Poll::Pending => None,
            Poll::Ready(position) => Some(PyBytes::new(py, &position.unwrap_or_default())),
        }
    }

    /// The events that there are, encoded; `None` if there are none yet, and no bytes at the end.
    fn take<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let mut batch: Vec<Bytes> = Vec::new();
        let mut context = Context::from_waker(&self.waker);
        let taken = match self.lock().as_mut() {
            None => Poll::Ready(0),
            Some(Held::One(subscriber)) => {
                subscriber.poll_batch(&mut context, MAX_BYTES, &mut batch)
            }
            Some(Held::Several(topics)) => topics.poll_batch(&mut context, MAX_BYTES, &mut batch),
        };
        if taken.is_pending() {
            return None;
        }
        Some(match batch.as_slice() {
            [only] => PyBytes::new(py, only),
            several => PyBytes::new(py, &several.concat()),
        })
    }

    /// Unsubscribe.
    fn close(&self) {
        let held = self.lock().take();
        drop(held);
    }
}

/// What adds topics to a stream of several channels, and removes them.
#[pyclass(frozen, module = "antiphon._antiphon")]
pub(crate) struct Joined(TopicsHandle);

#[pymethods]
impl Joined {
    /// Add a topic by its name and a newcomer of its channel.
    fn add(&self, name: &str, subscriber: &Subscriber) -> PyResult<()> {
        let added = self.0.add_subscriber(name, subscriber.take_topic()?);
        added.map_err(|error| invalid(&error))
    }

    /// Remove a topic, and tell whether it was there.
    fn remove(&self, name: &str) -> bool {
        self.0.remove(name)
    }
}

/// Join channels into one stream: each a name, and what subscribes to it behind an id.
#[pyfunction]
pub(crate) fn join(
    topics: Vec<(String, Bound<'_, PyAny>)>,
    last_event_id: Option<&[u8]>,
    woken: Py<PyAny>,
) -> PyResult<(Subscriber, Joined)> {
    let named = topics
        .iter()
        .map(|(name, subscribe)| (name.as_str(), subscribe));
    let topics = Topics::with(named, last_event_id, |subscribe, last| {
        let last = last.map(|last| PyBytes::new(subscribe.py(), last));
        let subscriber = subscribe.call1((last,)).map_err(Failure)?;
        let subscriber = subscriber
            .cast::<Subscriber>()
            .map_err(|error| Failure(error.into()))?;
        subscriber.get().take_topic().map_err(Failure)
    });
    let topics = topics.map_err(|Failure(error)| error)?;
    let handle = topics.handle();
    Ok((Subscriber::of(Held::Several(topics), woken), Joined(handle)))
}

struct Failure(PyErr);

impl From<InvalidTopics> for Failure {
    fn from(error: InvalidTopics) -> Self {
        Self(invalid(&error))
    }
}

fn invalid(error: &InvalidTopics) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A callable of Python's as a waker. It is called in whatever thread wakes.
pub(crate) fn waker(woken: Py<PyAny>) -> Waker {
    Arc::new(Woken(woken)).into()
}

struct Woken(Py<PyAny>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        Python::attach(|py| {
            if let Err(error) = self.0.call0(py) {
                error.write_unraisable(py, Some(self.0.bind(py)));
            }
        });
    }
}

/// A batch is as long as a message.
const MAX_BYTES: usize = 64 << 10;
