//! The scope for whoever makes an answer that is compressed.

use super::messages::copied;
use crate::convert::{field, scope};
use antiphon_core::request::fields::RequestFields;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};

/// What is other in the scope for whoever makes the answer.
pub(super) struct OwnScope<'a, 'py> {
    pub(super) headers: Option<&'a RequestFields>,
    pub(super) extensions: Option<Bound<'py, PyDict>>,
    pub(super) makes_content: bool,
}

impl<'py> OwnScope<'_, 'py> {
    pub(super) fn of(self, scope: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = scope.py();
        if self.headers.is_none() && self.extensions.is_none() && !self.makes_content {
            return Ok(scope.clone());
        }
        let own = copied(scope)?;
        if let Some(request) = self.headers {
            own.set_item(intern!(py, "headers"), uncoded(scope, request)?)?;
        }
        if let Some(extensions) = self.extensions {
            own.set_item(intern!(py, "extensions"), extensions)?;
        }
        if self.makes_content {
            own.set_item(intern!(py, "method"), intern!(py, "GET"))?;
        }
        Ok(own.into_any())
    }
}

/// The fields of a request, as it is to be answered.
fn uncoded<'py>(
    scope: &Bound<'py, PyAny>,
    request: &RequestFields,
) -> PyResult<Bound<'py, PyList>> {
    let py = scope.py();
    let list = PyList::empty(py);
    if let Some(headers) = scope::entry(scope, intern!(py, "headers"))? {
        for line in headers.try_iter()? {
            let line = line?;
            let name = field::parts(&line)?.0.extract::<PyBackedBytes>()?;
            if ![&b"if-match"[..], b"if-none-match", b"range"].contains(&&*name) {
                list.append(line)?;
            }
        }
    }
    let asked = request.preconditions();
    let lines = [
        (&b"if-match"[..], asked.if_match),
        (b"if-none-match", asked.if_none_match),
        (b"range", request.range()),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            list.append((PyBytes::new(py, name), PyBytes::new(py, value)))?;
        }
    }
    Ok(list)
}

/// The server's extensions without the one by which it takes file descriptors, if it is there.
pub(super) fn without_descriptors<'py>(
    scope: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let py = scope.py();
    let name = intern!(py, "http.response.zerocopysend");
    let Some(extensions) = scope::entry(scope, intern!(py, "extensions"))? else {
        return Ok(None);
    };
    if !extensions.contains(name)? {
        return Ok(None);
    }
    let own = copied(&extensions)?;
    own.del_item(name)?;
    Ok(Some(own))
}
