//! Responses that send the client elsewhere.

use crate::response::base::Response;
use antiphon_core::response::redirect;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The base of `antiphon.responses.RedirectResponse`.
#[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
pub(crate) struct RedirectResponse;

#[pymethods]
impl RedirectResponse {
    #[new]
    #[pyo3(signature = (*arguments, **keywords))]
    fn new(
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Response::new(arguments, keywords)).add_subclass(Self)
    }

    /// Set where the client is sent.
    fn _locate(slf: &Bound<'_, Self>, url: &Bound<'_, PyAny>) -> PyResult<()> {
        locate(slf.as_super(), url)
    }
}

/// Sets `Location` to `url`, in the place of the caller's own.
pub(crate) fn locate(response: &Bound<'_, Response>, url: &Bound<'_, PyAny>) -> PyResult<()> {
    Response::patch(response, redirect::head(url.str()?.to_str()?))
}
