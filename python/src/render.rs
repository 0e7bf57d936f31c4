//! Text as bytes: what `Response.render` does.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

/// The bytes of `content`: none for `None`, bytes as they are, text in `charset`.
///
/// # Starlette
///
/// `Response.render`. What has no `encode` is an `AttributeError`, as there.
pub(crate) fn text<'py>(
    content: Option<&Bound<'py, PyAny>>,
    charset: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(content) = content else {
        return Ok(PyBytes::new(py, b"").into_any());
    };
    if content.is_instance_of::<PyBytes>() {
        return Ok(content.clone());
    }
    if content.is_instance_of::<PyMemoryView>() {
        let whole = content.getattr(intern!(py, "c_contiguous"))?.is_truthy()?;
        return if whole {
            content.call_method1(intern!(py, "cast"), (intern!(py, "B"),))
        } else {
            content.call_method0(intern!(py, "tobytes"))
        };
    }
    let charset = charset()?;
    if let Ok(text) = content.cast_exact::<PyString>()
        && charset
            .cast_exact::<PyString>()
            .is_ok_and(|charset| charset == "utf-8")
        && let Ok(utf8) = text.to_str()
    {
        return Ok(PyBytes::new(py, utf8.as_bytes()).into_any());
    }
    content.call_method1(intern!(py, "encode"), (charset,))
}
