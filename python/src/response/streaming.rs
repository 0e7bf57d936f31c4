//! The messages of a stream: chunks in, as they come; messages out, as few as they need be.

use super::base::{self, Response};
use crate::convert::{error, event, field_list, message, render, scope};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::body::gather::Gathered;
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::plan::Body;
use antiphon_core::response::streaming;
use antiphon_core::values::event::Separator;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMemoryView, PyTuple};
use std::borrow::Cow;

/// The base of `antiphon.responses.StreamingResponse`.
#[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
pub(crate) struct StreamingResponse;

#[pymethods]
impl StreamingResponse {
    #[new]
    #[pyo3(signature = (*arguments, **keywords))]
    fn new(
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Response::new(arguments, keywords)).add_subclass(Self)
    }

    /// What is sent to whoever `scope` describes.
    fn _stream(slf: &Bound<'_, Self>, scope: &Bound<'_, PyAny>) -> PyResult<StreamMessages> {
        let (scope_type, method) = scope::request(scope)?;
        StreamMessages::of(slf.as_super(), scope_type, method)
    }
}

/// What a stream brings, on its way into messages.
///
/// Pieces that are ready together are sent together. A lone piece is not copied, nor is a large one.
#[pyclass(module = "antiphon._antiphon")]
pub(crate) struct StreamMessages {
    scope_type: ScopeType,
    start: Option<Py<PyDict>>,
    has_content: bool,
    charset: String,
    /// How lines end, if it is a stream of events.
    events: Option<Separator>,
    /// After so many pieces it is time to send.
    limit: usize,
    count: usize,
    pieces: Gathered<PyBackedBytes>,
}

impl StreamMessages {
    pub(crate) fn of(
        slf: &Bound<'_, Response>,
        scope_type: ScopeType,
        method: Method,
    ) -> PyResult<Self> {
        let py = slf.py();
        let status_code = slf.getattr(intern!(py, "status_code"))?;
        let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
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
            charset: slf.getattr(intern!(py, "charset"))?.extract()?,
            events: None,
            limit: 1,
            count: 0,
            pieces: Gathered::default(),
        })
    }

    pub(crate) fn of_events(self, separator: Separator) -> Self {
        Self {
            events: Some(separator),
            ..self
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

    /// Add a chunk, and tell whether it is time to send.
    fn push(&mut self, chunk: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = chunk.py();
        if let Some(separator) = self.events {
            event::write(chunk, separator, self.pieces.writer())?;
            self.count += 1;
            return Ok(self.count >= self.limit || self.pieces.is_full());
        }
        let bytes = if let Ok(bytes) = chunk.cast_exact::<PyBytes>() {
            bytes.clone()
        } else if chunk.is_instance_of::<PyMemoryView>() {
            // The program may write to its memory once it is asked for the next chunk.
            let bytes = chunk.call_method0(intern!(py, "tobytes"))?;
            bytes.cast_into::<PyBytes>()?
        } else {
            let charset = || Ok(Cow::Borrowed(&*self.charset));
            render::text(Some(chunk), charset, py)?.cast_into::<PyBytes>()?
        };
        self.pieces.push(bytes.into());
        self.count += 1;
        Ok(self.count >= self.limit || self.pieces.is_full())
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
