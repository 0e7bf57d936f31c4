//! One header field, between Python's objects and the core.

use crate::convert::error;
use antiphon_core::fields::{self, FieldName, FieldValue};
use pyo3::exceptions::{PyUnicodeEncodeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

/// The field that the caller gives, checked.
pub(crate) fn of_caller(
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<(FieldName, FieldValue)> {
    let checked = match (as_text(name), as_text(value)) {
        (Some(name), Some(value)) => fields::field(name, value),
        _ => {
            let raw = key(name).and_then(|key| Ok((key, latin1(value)?.cast_into::<PyBytes>()?)));
            let (raw_name, raw_value) = raw.map_err(|error| of_field(error, name, value))?;
            let name: String = raw_name
                .as_bytes()
                .iter()
                .copied()
                .map(char::from)
                .collect();
            fields::field(name, raw_value.as_bytes())
        }
    };
    checked.map_err(|error| of_field(error::header([name, value], &error), name, value))
}

/// An error, with a note that names the field if Python's own words do not.
fn of_field(error: PyErr, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyErr {
    let py = name.py();
    let is_named = error.is_instance_of::<PyValueError>(py)
        && !error.is_instance_of::<PyUnicodeEncodeError>(py);
    match (name.repr(), value.repr()) {
        (Ok(name), Ok(value)) if !is_named => {
            let note =
                format!("in the header field {name}: expected text of Latin-1, but found {value}");
            error::noted(py, error, note)
        }
        _ => error,
    }
}

/// The name and the value of a field that stands in a list.
///
/// A tuple of two byte strings as a rule; but the list is the program's, and a server may send lists
/// of two.
pub(crate) fn parts<'py>(
    field: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if let Ok(pair) = field.cast_exact::<PyTuple>()
        && let [name, value] = pair.as_slice()
    {
        return Ok((name.clone(), value.clone()));
    }
    let mut parts = field.try_iter()?;
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(value), None) => Ok((name?, value?)),
        _ => Err(PyValueError::new_err(
            "a header field: expected a name and a value",
        )),
    }
}

/// Tells whether `field` has this name.
pub(crate) fn is_named(field: &Bound<'_, PyAny>, name: &[u8]) -> PyResult<bool> {
    let is = |own: &Bound<'_, PyAny>| match own.cast::<PyBytes>() {
        Ok(own) => Ok(own.as_bytes() == name),
        Err(_) => own.eq(PyBytes::new(own.py(), name)),
    };
    if let Ok(pair) = field.cast_exact::<PyTuple>()
        && let [own, _] = pair.as_slice()
    {
        return is(own);
    }
    is(&parts(field)?.0)
}

/// The bytes by which a name is looked up: lower case, Latin-1.
pub(crate) fn key<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = name.py();
    if let Ok(text) = name.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
        && text.is_ascii()
    {
        return PyBytes::new_with(py, text.len(), |key| {
            key.copy_from_slice(text.as_bytes());
            key.make_ascii_lowercase();
            Ok(())
        });
    }
    let lower = name.call_method0(intern!(py, "lower"))?;
    Ok(latin1(&lower)?.cast_into::<PyBytes>()?)
}

/// Bytes as Latin-1 text.
pub(crate) fn text<'py>(bytes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = bytes.py();
    if let Ok(bytes) = bytes.cast_exact::<PyBytes>()
        && let Some(ascii) = as_ascii(bytes.as_bytes())
    {
        return Ok(PyString::new(py, ascii).into_any());
    }
    bytes.call_method1(intern!(py, "decode"), (intern!(py, "latin-1"),))
}

fn as_ascii(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}

/// The text of a string that UTF-8 can say.
fn as_text<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    object.cast::<PyString>().ok()?.to_str().ok()
}

/// What Starlette does with any object: a byte string has no `encode`, so it is refused as there.
fn latin1<'py>(text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    text.call_method1(intern!(py, "encode"), (intern!(py, "latin-1"),))
}
