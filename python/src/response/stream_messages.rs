//! The messages of a stream: items in, as they come; messages out, as few as they need be.

use super::base::{self, Response};
use crate::convert::{error, field_list, message};
use crate::ffi::async_generator::{AsyncGenerator, Step};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::body::gather::{Gathered, Pace};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::plan::Body;
use antiphon_core::response::streaming;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use quanta::Clock;
use std::sync::LazyLock;

/// What a stream brings, on its way into messages.
///
/// Pieces that are ready together are sent together. A lone piece is not copied, nor is a large one.
#[pyclass(module = "antiphon._antiphon")]
pub(crate) struct StreamMessages {
    scope_type: ScopeType,
    start: Option<Py<PyDict>>,
    has_content: bool,
    encode: Box<dyn Encode>,
    /// After so many pieces it is time to send.
    limit: usize,
    count: usize,
    /// So many pieces came since the iterator last waited.
    burst: usize,
    /// So many came between the two waits before.
    expected: usize,
    /// A script that tells the time in the place of the clock.
    script: Option<Py<PyAny>>,
    pace: Pace,
    pieces: Gathered<PyBackedBytes>,
}

/// Turns what a class's iterator brings into bytes.
pub(super) trait Encode: Send + Sync {
    /// Adds an item to the pieces that are sent next.
    fn encode(
        &mut self,
        item: &Bound<'_, PyAny>,
        pieces: &mut Gathered<PyBackedBytes>,
    ) -> PyResult<()>;
}

impl StreamMessages {
    /// What `response` sends as the answer to a request of this method.
    pub(super) fn new(
        response: &Bound<'_, Response>,
        (scope_type, method): (ScopeType, Method),
        encode: impl Encode + 'static,
    ) -> PyResult<Self> {
        let py = response.py();
        let status_code = response.getattr(intern!(py, "status_code"))?;
        let raw_headers = response.getattr(intern!(py, "raw_headers"))?;
        let list = field_list::as_list(&raw_headers)?;
        let declared = field_list::declared(&list)?;
        let facts = ContentFacts {
            status: base::status(&status_code)?,
            length: None,
            declared: declared.borrowed(),
        };
        let plan = streaming::plan(facts, method).map_err(|error| error::response(&error))?;
        let (raw_headers, body) = if plan.keeps_headers() {
            (raw_headers, plan.body)
        } else {
            let (list, body) = field_list::planned(&list, plan)?;
            (list.into_any(), body)
        };
        let start = message::start(py, scope_type, &status_code, &raw_headers)?;
        Ok(Self {
            scope_type,
            start: Some(start.unbind()),
            has_content: matches!(body, Body::Content(_)),
            encode: Box::new(encode),
            limit: 1,
            count: 0,
            burst: 0,
            expected: 0,
            script: None,
            pace: Pace::default(),
            pieces: Gathered::default(),
        })
    }
}

/// Of all streams: to make one costs as much as a short stream does.
static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

/// Sets the clock of the streams by another, which takes a moment, before there is a stream.
pub(crate) fn load() {
    LazyLock::force(&CLOCK);
}

impl StreamMessages {
    /// Nanoseconds: of a clock that costs less than a piece does.
    fn now(&self, py: Python<'_>) -> PyResult<u64> {
        match &self.script {
            None => Ok(CLOCK.delta_as_nanos(0, CLOCK.raw())),
            Some(script) => script.call0(py)?.extract(py),
        }
    }
}

#[pymethods]
impl StreamMessages {
    /// Whether the stream is sent at all, and not its head alone.
    #[getter]
    const fn has_content(&self) -> bool {
        self.has_content
    }

    /// Whether there are pieces that have not been taken.
    #[getter]
    const fn has_pieces(&self) -> bool {
        self.count > 0
    }

    /// After how many pieces it is time to send.
    #[getter]
    const fn limit(&self) -> usize {
        self.limit
    }

    #[setter]
    const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Begin to gather pieces: the iterator is about to be asked for one.
    fn begin(&mut self, py: Python<'_>) -> PyResult<()> {
        let now = self.now(py)?;
        self.pace.begin(now);
        Ok(())
    }

    /// Have a script tell the nanoseconds, in the place of a clock.
    fn tell_time_by(&mut self, script: Py<PyAny>) {
        self.script = Some(script);
    }

    /// Tell that the iterator waits: it is time to send when as many pieces have come as since it
    /// last did.
    ///
    /// So an iterator that brings as much each time waits again with nothing still to be sent.
    fn expect_as_many(&mut self) {
        if self.burst > 0 {
            self.expected = self.burst;
        }
        self.burst = 0;
    }

    /// Take what an asynchronous generator brings, until it is time to send, or it waits.
    ///
    /// Returns `None` when it is time to send, and otherwise the step of the generator that waits,
    /// with what it asks of the event loop. Raises `StopAsyncIteration` at the generator's end.
    fn pull<'py>(
        slf: &Bound<'py, Self>,
        generator: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
        let generator = AsyncGenerator::new(generator)?;
        loop {
            // Nothing is borrowed meanwhile: the generator may do whatever it likes.
            match generator.step()? {
                Step::Item(item) => {
                    if slf.borrow_mut().push(&item)? {
                        return Ok(None);
                    }
                }
                Step::Waits { step, asked } => return Ok(Some((step, asked))),
                Step::End => return Err(PyStopAsyncIteration::new_err(())),
            }
        }
    }

    /// Add what the iterator has brought, and tell whether it is time to send.
    ///
    /// Nothing is added after `limit` was set to 0: it always is time then.
    fn push(&mut self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        if self.limit == 0 {
            return Ok(true);
        }
        self.encode.encode(item, &mut self.pieces)?;
        self.count += 1;
        self.burst += 1;
        let now = self.now(item.py())?;
        let is_due = self.pace.is_due(now);
        let is_complete = self.burst == self.expected;
        Ok(is_due || is_complete || self.count >= self.limit || self.pieces.is_full())
    }

    /// The next message that can be sent, the head before all; `None` if there is none.
    fn take<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Some(start) = self.start.take() {
            return Ok(Some(start.into_bound(py).into_any()));
        }
        let join = |many: &mut Vec<u8>| PyBackedBytes::from(PyBytes::new(py, many));
        let Some(bytes) = self.pieces.take(join) else {
            self.count = 0;
            return Ok(None);
        };
        let bytes = bytes.into_pyobject(py)?;
        let message = message::body(py, self.scope_type, bytes.as_any(), true)?;
        Ok(Some(message.into_any()))
    }

    /// A message of these bytes, beside those of the stream.
    fn message<'py>(&self, bytes: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyDict>> {
        message::body(bytes.py(), self.scope_type, bytes.as_any(), true)
    }

    /// The message that ends the stream.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        message::body(py, self.scope_type, PyBytes::new(py, b"").as_any(), false)
    }
}
