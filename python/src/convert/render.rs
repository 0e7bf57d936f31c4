//! Text as bytes: what `Response.render` does.

use super::error;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};
use std::borrow::Cow;

/// The bytes of `content`: none for `None`, bytes as they are, text in `charset`.
///
/// # Starlette
///
/// `Response.render`. What has no `encode` is an `AttributeError`, as there.
pub(crate) fn text<'py, 'a>(
    content: Option<&Bound<'py, PyAny>>,
    charset: impl FnOnce() -> PyResult<Cow<'a, str>>,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(content) = content else {
        return Ok(PyBytes::new(py, b"").into_any());
    };
    if let Ok(text) = content.cast_exact::<PyString>() {
        let charset = charset()?;
        return match (&*charset, text.to_str()) {
            ("utf-8", Ok(utf8)) => Ok(PyBytes::new(py, utf8.as_bytes()).into_any()),
            _ => encode(content, &charset),
        };
    }
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
    encode(content, &charset()?)
}

fn encode<'py>(content: &Bound<'py, PyAny>, charset: &str) -> PyResult<Bound<'py, PyAny>> {
    let (py, encode) = (content.py(), intern!(content.py(), "encode"));
    content.call_method1(encode, (charset,)).map_err(|error| {
        // A method of the program's own has words of its own.
        let is_missing = content.getattr_opt(encode).is_ok_and(|own| own.is_none());
        match is_missing {
            true => error::noted(py, error, wrong_type(content)),
            false => error,
        }
    })
}

fn wrong_type(content: &Bound<'_, PyAny>) -> String {
    let class = content.get_type();
    let class = class.fully_qualified_name();
    let class = class
        .as_ref()
        .map_or("an object", |name| name.to_str().unwrap_or("an object"));
    format!(
        "in the content: expected text, bytes or a memory view, but found an instance of {class}"
    )
}
