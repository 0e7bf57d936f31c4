//! Responses that send the client elsewhere.

use super::base::{Arguments, Response};
use super::class_profile::ClassProfile;
use super::initialise::{self, status_code_or, unless_none};
use super::native::{Given, Native, NativeClass};
use antiphon_core::response::redirect;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

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

    #[classattr]
    fn _native(py: Python<'_>) -> Native {
        Native::of::<Self>(py)
    }

    /// Set where the client is sent, in the place of the caller's own `Location`.
    fn _locate(slf: &Bound<'_, Self>, url: &Bound<'_, PyAny>) -> PyResult<()> {
        locate(slf.as_super(), url)
    }
}

impl NativeClass for RedirectResponse {
    const PARAMETERS: &'static [&'static str] = &["url", "status_code", "headers", "background"];
    const REQUIRED: usize = 1;

    fn build<'py>(
        response: &Bound<'py, PyAny>,
        profile: &ClassProfile,
        given: Given<'_, 'py>,
    ) -> PyResult<()> {
        let (py, response) = (response.py(), response.cast::<Response>()?);
        let [url, status_code, headers, background, ..] = given;
        let arguments = Arguments {
            content: Some(PyBytes::new(py, b"").into_any()),
            status_code: status_code_or(py, status_code, 307),
            headers: unless_none(headers),
            media_type: None,
            background: unless_none(background),
        };
        initialise::fresh(response, profile, arguments)?;
        url.map_or(Ok(()), |url| locate(response, url))
    }
}

fn locate(response: &Bound<'_, Response>, url: &Bound<'_, PyAny>) -> PyResult<()> {
    Response::patch(response, redirect::head(url.str()?.to_str()?))
}
