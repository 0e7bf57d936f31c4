//! Responses whose content comes over time.

use super::base::Response;
use super::stream_messages::{Encode, StreamMessages};
use crate::convert::{render, scope};
use antiphon_core::body::gather::Gathered;
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
        let charset = slf.getattr(intern!(slf.py(), "charset"))?.extract()?;
        StreamMessages::new(slf.as_super(), scope::request(scope)?, Chunks { charset })
    }
}

/// Bytes as they are, and text in a charset.
struct Chunks {
    charset: String,
}

impl Encode for Chunks {
    fn encode(
        &mut self,
        item: &Bound<'_, PyAny>,
        pieces: &mut Gathered<PyBackedBytes>,
    ) -> PyResult<()> {
        let py = item.py();
        let bytes = if let Ok(bytes) = item.cast_exact::<PyBytes>() {
            bytes.clone()
        } else if item.is_instance_of::<PyMemoryView>() {
            // The program may write to its memory once it is asked for the next chunk.
            let bytes = item.call_method0(intern!(py, "tobytes"))?;
            bytes.cast_into::<PyBytes>()?
        } else {
            let charset = || Ok(Cow::Borrowed(&*self.charset));
            render::text(Some(item), charset, py)?.cast_into::<PyBytes>()?
        };
        pieces.push(bytes.into());
        Ok(())
    }
}
