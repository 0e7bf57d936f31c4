//! The messages of a stream: items in, as they come; messages out, as few as they need be.

use super::base::{self, Response};
use crate::convert::{error, field_list, message};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::body::gather::{Gathered, Pace};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::plan::Body;
use antiphon_core::response::streaming;
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
    clock: &'static Clock,
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
            clock: &CLOCK,
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
    fn now(&self) -> u64 {
        self.clock.delta_as_nanos(0, self.clock.raw())
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
    fn begin(&mut self) {
        let now = self.now();
        self.pace.begin(now);
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
        let now = self.now();
        let is_due = self.pace.is_due(now);
        Ok(is_due || self.count >= self.limit || self.pieces.is_full())
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
