//! The hub for server-sent events, of `antiphon-channel`.

use crate::convert::channel_options::Options;
use crate::convert::event::ServerSentEvent;
use crate::convert::{error, event};
use crate::subscriber::Subscriber;
use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use std::ffi::CStr;

/// The base of `antiphon.channel.EventChannel`.
#[pyclass(subclass, frozen, module = "antiphon._antiphon")]
pub(crate) struct EventChannel(antiphon_channel::EventChannel);

#[pymethods]
impl EventChannel {
    #[new]
    #[pyo3(signature = (
        *,
        history_events=None,
        history_bytes=None,
        queue_events=None,
        queue_bytes=None,
        slow="disconnect",
        newcomers="live",
        resync=None,
        epoch=None,
        repeatable_ids=false,
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "each has a name where it is called"
    )]
    fn new(
        history_events: Option<i64>,
        history_bytes: Option<i64>,
        queue_events: Option<i64>,
        queue_bytes: Option<i64>,
        slow: &str,
        newcomers: &str,
        resync: Option<&Bound<'_, PyAny>>,
        epoch: Option<&str>,
        repeatable_ids: bool,
    ) -> PyResult<Self> {
        let options = Options {
            history_events,
            history_bytes,
            queue_events,
            queue_bytes,
            slow,
            newcomers,
            resync,
        };
        let mut builder = options.builder()?;
        if let Some(epoch) = epoch {
            builder = builder
                .epoch(epoch)
                .map_err(|error| PyValueError::new_err(error.to_string()))?;
        }
        if repeatable_ids {
            if epoch.is_some() {
                return Err(PyValueError::new_err(
                    "repeatable_ids: ids that have an epoch are not repeated; give one of the two",
                ));
            }
            builder = builder.repeatable_ids();
        }
        Ok(Self(builder.build()))
    }

    /// Send an event to all subscribers. It is done when this returns; nothing is to be awaited.
    ///
    /// It may be called from any thread.
    ///
    /// Args:
    ///     event: A ``ServerSentEvent``, a mapping of its arguments, or data. One without an id is
    ///         given the channel's next.
    ///
    /// Returns:
    ///     Its id.
    ///
    /// Raises:
    ///     TypeError: If it is ``None``, bytes or a mapping with another key.
    ///     ValueError: If a client would misread it.
    ///     RuntimeError: If the channel is closed.
    ///
    /// Example:
    ///     >>> from antiphon.channel import EventChannel
    ///     >>> channel = EventChannel()
    ///     >>> channel.publish({"data": "hello"}).endswith("-1")
    ///     True
    fn publish<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyString>> {
        expect_event(event, 1)?;
        let id = event::with(event, |event| self.0.publish(event))?;
        let id = id.map_err(|error| error::publish(&error))?;
        Ok(PyString::new(py, &id))
    }

    /// Subscribe; `woken` is called, in whatever thread publishes, when there is something.
    fn _subscribe(&self, last_event_id: Option<&[u8]>, woken: Py<PyAny>) -> Subscriber {
        Subscriber::new(self.0.subscribe(last_event_id), woken)
    }

    /// End all subscriptions, once they have what was published, and those that begin later at once.
    ///
    /// To close it twice does nothing.
    fn close(&self) {
        self.0.close();
    }

    /// The counters by name, for `antiphon.channel.Counters`.
    fn _counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.0.counters();
        let dict = PyDict::new(py);
        dict.set_item("subscribers", counters.subscribers)?;
        dict.set_item("published", counters.published)?;
        dict.set_item("delivered", counters.delivered)?;
        dict.set_item("lagged", counters.lagged)?;
        dict.set_item("dropped", counters.dropped)?;
        dict.set_item("held_events", counters.held_events)?;
        dict.set_item("held_bytes", counters.held_bytes)?;
        Ok(dict)
    }
}

/// Refuses what is no event, and warns of data that no client reads. The warning is of the line that
/// many calls further out.
pub(crate) fn expect_event(event: &Bound<'_, PyAny>, calls: i32) -> PyResult<()> {
    if event.is_none() || event.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err(format!(
            "event: expected data, a mapping or a ServerSentEvent, but found {}",
            event.repr()?
        )));
    }
    warn_of_repr(event, calls)
}

/// Warns of data that is sent as Python prints it, which no client reads.
fn warn_of_repr(event: &Bound<'_, PyAny>, calls: i32) -> PyResult<()> {
    let py = event.py();
    let data = match event.cast::<PyDict>() {
        Ok(fields) => fields.get_item(intern!(py, "data"))?,
        Err(_) if event.is_instance_of::<ServerSentEvent>() => {
            Some(event.getattr(intern!(py, "data"))?)
        }
        Err(_) => Some(event.clone()),
    };
    let Some(data) = data else {
        return Ok(());
    };
    if !(data.is_instance_of::<PyDict>() || data.is_instance_of::<PyList>()) {
        return Ok(());
    }
    let kind = data.get_type().name()?;
    let text = format!(
        "data: a {kind} is sent as Python prints it; as JSON, it is `{{\"json\": ...}}` or \
         `ServerSentEvent(json=...)`\0"
    );
    let text = CStr::from_bytes_with_nul(text.as_bytes()).unwrap_or(c"data: no text");
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, calls)
}
