//! What a scope says of the request.

use super::{error, field};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyString};

/// What `scope` says of the request: what is answered, and by which method it was asked for.
pub(crate) fn request(scope: &Bound<'_, PyAny>) -> PyResult<(ScopeType, Method)> {
    request_with(scope, ScopeType::method)
}

/// The same, for the classes that take a method in any case: Starlette's for files, and sse-starlette's.
/// ASGI has it in upper case; a program that writes a scope itself may not.
pub(crate) fn request_in_any_case(scope: &Bound<'_, PyAny>) -> PyResult<(ScopeType, Method)> {
    request_with(scope, method_in_any_case)
}

/// The method that is answered, whatever the case of its name.
pub(crate) fn method_in_any_case(scope_type: ScopeType, name: &str) -> Method {
    match scope_type.method(name) {
        Method::Other => scope_type.method(&name.to_ascii_uppercase()),
        known => known,
    }
}

fn request_with(
    scope: &Bound<'_, PyAny>,
    method_of: impl FnOnce(ScopeType, &str) -> Method,
) -> PyResult<(ScopeType, Method)> {
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
    Ok((
        scope_type,
        method_of(scope_type, method.unwrap_or_default()),
    ))
}

/// What a scope's header says of the representation that is wanted.
pub(crate) fn request_fields(scope: &Bound<'_, PyAny>, method: Method) -> PyResult<RequestFields> {
    let mut fields = RequestFields::new(method);
    if let Some(headers) = entry(scope, intern!(scope.py(), "headers"))? {
        for line in headers.try_iter()? {
            let (name, value) = field::parts(&line?)?;
            let name = name.extract::<PyBackedBytes>()?;
            fields.note(&name, || value.extract::<PyBackedBytes>())?;
        }
    }
    Ok(fields)
}

/// What is answered. No response answers any other type (D-35).
pub(crate) fn scope_type(kind: &Bound<'_, PyAny>) -> PyResult<ScopeType> {
    let found = text(kind)?;
    ScopeType::parse(found).ok_or_else(|| error::scope_type(found))
}

/// Refuse a scope that no response can answer.
///
/// Raises:
///     ValueError: If its type is neither ``http`` nor ``websocket``.
#[pyfunction]
pub(crate) fn expect_request(scope: &Bound<'_, PyAny>) -> PyResult<()> {
    scope_type(&scope.get_item(intern!(scope.py(), "type"))?).map(drop)
}

/// Whether the request of a stream of events is one for a head alone.
#[pyfunction]
pub(crate) fn is_head(scope: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(request_in_any_case(scope)?.1 == Method::Head)
}

/// Whether somebody has to listen for the client's leave: `send` may return as if it were there.
#[pyfunction]
pub(crate) fn needs_listener(scope: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = scope.py();
    let scope_type = scope_type(&scope.get_item(intern!(py, "type"))?)?;
    let version = match entry(scope, intern!(py, "asgi"))? {
        Some(asgi) => entry(&asgi, intern!(py, "spec_version"))?,
        None => None,
    };
    let version = version.as_ref().map(text).transpose()?;
    Ok(scope_type.needs_listener(version))
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
