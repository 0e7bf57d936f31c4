//! Responses of JSON.

use super::base::Response;
use super::class_profile::ClassProfile;
use super::initialise;
use super::native::{Given, Native, NativeClass};
use super::renderer::Renderer;
use crate::convert::json;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

/// The base of `antiphon.responses.JSONResponse`.
#[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
pub(crate) struct JSONResponse;

#[pymethods]
impl JSONResponse {
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

    #[classattr]
    fn _renderer() -> Renderer {
        Renderer(|content, _, py| json::render(content, py).map(Bound::into_any))
    }
}

/// The bytes of `content` as JSON: what `JSONResponse.render` returns.
#[pyfunction]
pub(crate) fn render_json<'py>(
    py: Python<'py>,
    content: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    json::render(content, py)
}

impl NativeClass for JSONResponse {
    const PARAMETERS: &'static [&'static str] = Response::PARAMETERS;
    const REQUIRED: usize = 1;

    fn build<'py>(
        response: &Bound<'py, PyAny>,
        profile: &ClassProfile,
        given: Given<'_, 'py>,
    ) -> PyResult<()> {
        let arguments = initialise::arguments(response.py(), given);
        initialise::fresh(response.cast()?, profile, arguments)
    }
}
