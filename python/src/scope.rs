//! What a scope says of the request.

use antiphon_core::asgi::scope::ScopeType;
use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// What `scope` says of the request: what is answered, and whether with a head alone.
pub(crate) fn request(scope: &Bound<'_, PyAny>) -> PyResult<(ScopeType, bool)> {
    let py = scope.py();
    let (kind, method) = if let Ok(scope) = scope.cast_exact::<PyDict>() {
        let kind = intern!(py, "type");
        let method = scope.get_item(intern!(py, "method"))?;
        match scope.get_item(kind)? {
            Some(found) => (found, method),
            None => return Err(PyKeyError::new_err("type")),
        }
    } else {
        let method = scope.call_method1(intern!(py, "get"), (intern!(py, "method"),))?;
        (scope.get_item(intern!(py, "type"))?, Some(method))
    };
    let scope_type = scope_type(&kind)?;
    let method = method.as_ref().and_then(|method| text(method).ok());
    Ok((scope_type, scope_type.is_head(method.unwrap_or_default())))
}

/// What is answered.
pub(crate) fn scope_type(kind: &Bound<'_, PyAny>) -> PyResult<ScopeType> {
    Ok(ScopeType::parse(text(kind)?).unwrap_or(ScopeType::Http))
}

/// Whether somebody has to listen for the client's leave: `send` may return as if it were there.
///
/// Since ASGI 2.4 it raises an error instead.
#[pyfunction]
pub(crate) fn needs_listener(scope: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = scope.py();
    if scope_type(&scope.get_item(intern!(py, "type"))?)? != ScopeType::Http {
        return Ok(false);
    }
    let Some(asgi) = entry(scope, intern!(py, "asgi"))? else {
        return Ok(true);
    };
    let Some(version) = entry(&asgi, intern!(py, "spec_version"))? else {
        return Ok(true);
    };
    let mut numbers = text(&version)?.split('.').map(str::parse::<u32>);
    let version = [numbers.next(), numbers.next()].map(|number| number.and_then(Result::ok));
    Ok(version < [Some(2), Some(4)])
}

/// An entry of a scope, if it has it and it is not `None`.
pub(crate) fn entry<'py>(
    scope: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let entry = match scope.cast_exact::<PyDict>() {
        Ok(scope) => scope.get_item(name)?,
        Err(_) => Some(scope.call_method1(intern!(scope.py(), "get"), (name,))?),
    };
    Ok(entry.filter(|entry| !entry.is_none()))
}

pub(crate) fn text<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    object.cast::<PyString>()?.to_str()
}
