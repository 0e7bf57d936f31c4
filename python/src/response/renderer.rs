//! What turns content into bytes, where a program has not written it.

use pyo3::prelude::*;

/// Turns content into bytes; the charset is the class's.
pub(super) type Render = for<'py> fn(
    content: Option<&Bound<'py, PyAny>>,
    charset: &str,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>>;

/// How a class of ours renders: its attribute `_renderer`, beside its `render`.
#[pyclass(frozen, module = "antiphon._antiphon")]
pub(super) struct Renderer(pub(super) Render);
