//! Content as JSON, byte for byte as Python's `json.dumps` writes it.
//!
//! What it writes is `json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None,
//! separators=(",", ":")).encode("utf-8")`. Whatever is unusual is left to `json` itself: an object
//! that JSON has no form for, a class that says in its own words what it holds, a lone surrogate, NaN,
//! depth, a circle. So the errors are its own, too.

use super::json_fault;
use crate::ffi::json_values::{self, Unusual};
use crate::json::Buffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict};

/// The bytes of `content`.
pub(crate) fn render<'py>(
    content: Option<&Bound<'py, PyAny>>,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let Some(content) = content else {
        return if is_replaced(py)? {
            by_python(py.None().bind(py))
        } else {
            Ok(PyBytes::new(py, b"null"))
        };
    };
    if is_replaced(py)? {
        return by_python(content);
    }
    let mut out = Buffer::take();
    let bytes = json_values::write(content, &mut out).map(|()| PyBytes::new(py, out.written()));
    out.keep();
    match bytes {
        Ok(bytes) => Ok(bytes),
        Err(Unusual) => by_python(content)
            .map_err(|error| json_fault::note(error, content, |part| by_python(part).map(drop))),
    }
}

/// Whether a program has put something else in the place of `json.dumps`.
fn is_replaced(py: Python<'_>) -> PyResult<bool> {
    /// The names of the module, and what was there from the start.
    static DUMPS: PyOnceLock<(Py<PyDict>, Py<PyAny>)> = PyOnceLock::new();
    let (names, own) = DUMPS.get_or_try_init(py, || {
        let json = py.import(intern!(py, "json"))?;
        // A program may have been here before us; the encoder of the module's own keeps its function.
        let own = json.getattr(intern!(py, "dumps"))?;
        let code = own.getattr_opt(intern!(py, "__code__"))?;
        let is_own = match code {
            Some(code) => code
                .getattr(intern!(py, "co_filename"))?
                .eq(json.getattr(intern!(py, "__file__"))?)?,
            None => false,
        };
        let own = if is_own {
            own
        } else {
            py.None().into_bound(py)
        };
        Ok::<_, PyErr>((json.dict().unbind(), own.unbind()))
    })?;
    let now = names.bind(py).get_item(intern!(py, "dumps"))?;
    Ok(!now.is_some_and(|now| now.is(own)))
}

/// The bytes of `content`, written by `json`.
fn by_python<'py>(content: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    static OPTIONS: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = content.py();
    let options = OPTIONS.get_or_try_init(py, || {
        let options = PyDict::new(py);
        options.set_item("ensure_ascii", false)?;
        options.set_item("allow_nan", false)?;
        options.set_item("indent", py.None())?;
        options.set_item("separators", (",", ":"))?;
        Ok::<_, PyErr>(options.unbind())
    })?;
    let text = py.import(intern!(py, "json"))?.call_method(
        intern!(py, "dumps"),
        (content,),
        Some(options.bind(py)),
    )?;
    let bytes = text.call_method1(intern!(py, "encode"), ("utf-8",))?;
    Ok(bytes.cast_into()?)
}
