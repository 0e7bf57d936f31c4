//! Responses that are JSON Lines: one JSON value on each line.

use super::base::Response;
use super::stream_messages::{Encode, StreamMessages};
use super::streaming::StreamingResponse;
use crate::convert::{json, scope};
use antiphon_core::body::gather::Gathered;
use antiphon_core::response::json_lines::{InvalidLine, JsonLines};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyTuple};

/// The base of `antiphon.responses.JsonLinesResponse`.
#[pyclass(extends = StreamingResponse, subclass, module = "antiphon._antiphon")]
pub(crate) struct JsonLinesResponse;

#[pymethods]
impl JsonLinesResponse {
    #[new]
    #[pyo3(signature = (*arguments, **keywords))]
    fn new(
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Response::new(arguments, keywords))
            .add_subclass(StreamingResponse)
            .add_subclass(Self)
    }

    /// What is sent to whoever `scope` describes.
    fn _stream(slf: &Bound<'_, Self>, scope: &Bound<'_, PyAny>) -> PyResult<StreamMessages> {
        let response = slf.as_super().as_super();
        StreamMessages::new(
            response,
            scope::request(scope)?,
            Lines(JsonLines::default()),
        )
    }
}

/// Each item as a line.
struct Lines(JsonLines);

impl Encode for Lines {
    fn encode(
        &mut self,
        item: &Bound<'_, PyAny>,
        pieces: &mut Gathered<PyBackedBytes>,
    ) -> PyResult<()> {
        let py = item.py();
        let written = self.0.write(pieces.writer(), |line| {
            let value = Some(item).filter(|item| !item.is_none());
            line.extend_from_slice(json::render(value, py)?.as_bytes());
            Ok(())
        });
        written.map_err(|error| refused(py, error))
    }
}

/// `json`'s own error, with a note that names the line where the interpreter has notes (3.11 and newer).
fn refused(py: Python<'_>, error: InvalidLine<PyErr>) -> PyErr {
    let (line, text) = (error.line(), error.to_string());
    let Some(error) = error.into_rendering() else {
        return PyValueError::new_err(text);
    };
    let note = format!("when rendering line {line} of the JSON lines");
    // Without notes the error goes out as it is.
    drop(
        error
            .value(py)
            .call_method1(intern!(py, "add_note"), (note,)),
    );
    error
}
