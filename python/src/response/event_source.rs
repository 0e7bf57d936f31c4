//! Streams of server-sent events.

use super::base::Response;
use super::stream_messages::{Encode, StreamMessages};
use crate::convert::{event, scope};
use crate::headers::{self, MutableHeaders};
use antiphon_core::body::gather::Gathered;
use antiphon_core::response::event_source;
use antiphon_core::values::event::Separator;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyTuple};

/// The base of `antiphon.sse.EventSourceResponse`.
#[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
pub(crate) struct EventSourceResponse;

#[pymethods]
impl EventSourceResponse {
    #[new]
    #[pyo3(signature = (*arguments, **keywords))]
    fn new(
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Response::new(arguments, keywords)).add_subclass(Self)
    }

    /// Adds what the header says of a stream of events to the caller's fields.
    #[staticmethod]
    fn _describe(fields: &Bound<'_, MutableHeaders>) -> PyResult<()> {
        // The version of HTTP is not known yet.
        event_source::head(None).try_for_each(|patch| headers::apply(fields, patch))
    }

    /// What is sent to whoever `scope` describes.
    fn _stream(slf: &Bound<'_, Self>, scope: &Bound<'_, PyAny>) -> PyResult<StreamMessages> {
        let separator = event::separator(&slf.getattr(intern!(slf.py(), "sep"))?)?;
        let request = scope::request_in_any_case(scope)?;
        StreamMessages::new(slf.as_super(), request, Events { separator })
    }
}

/// Events, whose lines end in a separator unless they say so themselves.
struct Events {
    separator: Separator,
}

impl Encode for Events {
    fn encode(
        &mut self,
        item: &Bound<'_, PyAny>,
        pieces: &mut Gathered<PyBackedBytes>,
    ) -> PyResult<()> {
        event::write(item, self.separator, pieces.writer())
    }
}
