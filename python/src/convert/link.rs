//! Links of early hints.

use antiphon_core::values::link::{InvalidLink, Link as Value};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyString, PyTuple, PyType};

/// One link: what a page will need, and how it is related to the page.
///
/// Args:
///     target: The URL, absolute or not; what cannot stand in it is percent-encoded.
///     rel: How it is related: ``preload``, ``preconnect``, ``modulepreload``, ``dns-prefetch`` …
///     parameters: Whatever else there is to say, such as ``fetchpriority="high"``. ``True`` is one
///         without a value, as in ``crossorigin=True``; ``None`` and ``False`` are left out. A name may
///         end in ``_``, so that ``as_`` can be written.
///
/// Raises:
///     ValueError: If the target or ``rel`` is empty, a name is no token, or something holds a control
///         character or one beyond ASCII; if ``as_`` is none that browsers know, who would ignore the
///         link; or if a ``preconnect`` names no site, but a path of this one.
///     TypeError: If a parameter is neither text nor ``True``, ``False`` or ``None``.
///
/// Example:
///     >>> from antiphon.early_hints import Link
///     >>> str(Link("/app.css", "preload", as_="style"))
///     '</app.css>; rel=preload; as=style'
///     >>> str(Link("/f.woff2", "preload", as_="font", crossorigin=True))
///     '</f.woff2>; rel=preload; as=font; crossorigin'
///
/// A font needs ``crossorigin``, wherever it lies: without it browsers load it twice.
///
/// Source: RFC 8288, section 3; Starlette has no such class.
#[pyclass(frozen, eq, hash, name = "Link", module = "antiphon.early_hints")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Link(String);

#[pymethods]
impl Link {
    #[new]
    #[pyo3(signature = (target, rel, **parameters))]
    fn new(target: &str, rel: &str, parameters: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut link = Value::new(target, rel).map_err(invalid)?;
        for (name, value) in parameters.into_iter().flatten() {
            let name: String = name.extract()?;
            let name = name.strip_suffix('_').unwrap_or(&name);
            if let Ok(flag) = value.cast::<PyBool>() {
                if flag.is_true() {
                    link = link.flag(name).map_err(invalid)?;
                }
            } else if let Ok(text) = value.cast::<PyString>() {
                let text = text.to_string_lossy();
                link = link.parameter(name, &text).map_err(invalid)?;
            } else if !value.is_none() {
                return Err(PyTypeError::new_err(format!(
                    "{name}: expected str, True, False or None, but found {}",
                    value.get_type().name()?
                )));
            }
        }
        Ok(Self(link.as_str().into()))
    }

    /// Read text that holds one link and nothing else.
    ///
    /// Args:
    ///     text: The value of a ``Link`` field.
    ///
    /// Raises:
    ///     ValueError: If it is no link, has no ``rel``, names a parameter twice, or holds a second link, a
    ///         control character or one beyond ASCII.
    ///
    /// Example:
    ///     >>> from antiphon.early_hints import Link
    ///     >>> str(Link.parse("</app.css>; rel=preload"))
    ///     '</app.css>; rel=preload'
    ///
    /// Source: RFC 8288, section 3.
    #[classmethod]
    fn parse(_: &Bound<'_, PyType>, text: &Bound<'_, PyString>) -> PyResult<Self> {
        // A lone surrogate is no ASCII in any form.
        let link: Value = text.to_string_lossy().parse().map_err(invalid)?;
        Ok(Self(link.as_str().into()))
    }

    fn __str__(&self) -> &str {
        &self.0
    }

    fn __repr__(&self) -> String {
        format!("Link.parse({:?})", self.0)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let parse = slf.get_type().getattr("parse")?;
        let text = PyTuple::new(slf.py(), [&slf.get().0])?;
        PyTuple::new(slf.py(), [parse, text.into_any()])
    }
}

fn invalid(error: InvalidLink) -> PyErr {
    PyValueError::new_err(error.to_string())
}
