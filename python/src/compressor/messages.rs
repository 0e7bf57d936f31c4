//! Messages and their parts, as a compressor reads and makes them. A program's own are not changed.

use crate::convert::{error, field, field_list, scope};
use antiphon_core::fields::HeaderPatch;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyMemoryView, PyString, PyTuple};

/// The head with these changes; the list is a copy that is ours.
pub(super) fn changed<'py>(
    start: &Bound<'py, PyAny>,
    fields: &Bound<'py, PyList>,
    patches: impl Iterator<Item = HeaderPatch>,
) -> PyResult<Bound<'py, PyDict>> {
    for patch in patches {
        field_list::apply(fields, patch)?;
    }
    let own = copied(start)?;
    own.set_item(intern!(start.py(), "headers"), fields)?;
    Ok(own)
}

/// The message with this content.
pub(super) fn filled<'py>(own: &Bound<'py, PyDict>, body: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let py = own.py();
    own.set_item(intern!(py, "body"), PyBytes::new(py, body))?;
    Ok(own.clone())
}

/// A copy of the fields of a head, with names in lower case, and whether they are others than the head's.
pub(super) fn fields_of<'py>(
    py: Python<'py>,
    headers: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyList>, bool)> {
    let fields = PyList::empty(py);
    let Some(headers) = headers else {
        return Ok((fields, false));
    };
    // What brings its fields once only would have none left.
    let mut is_new = !(headers.is_instance_of::<PyList>() || headers.is_instance_of::<PyTuple>());
    for item in headers.try_iter()? {
        let item = item?;
        let (name, value) = field::parts(&item)?;
        let name = field_list::bytes_of(&name);
        if name.iter().any(u8::is_ascii_uppercase) {
            let name = name.to_ascii_lowercase();
            fields.append((PyBytes::new(py, &name), value))?;
            is_new = true;
        } else {
            fields.append(item)?;
        }
    }
    Ok((fields, is_new))
}

pub(super) fn pairs(fields: &Bound<'_, PyList>) -> PyResult<Vec<(PyBackedBytes, PyBackedBytes)>> {
    let pair = |item: Bound<'_, PyAny>| {
        let (name, value) = field::parts(&item)?;
        Ok((field_list::bytes_of(&name), field_list::bytes_of(&value)))
    };
    fields.iter().map(pair).collect()
}

/// Whether a message says so.
pub(super) fn is_set<'py>(
    message: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<bool> {
    scope::entry(message, name)?.map_or(Ok(false), |said| said.is_truthy())
}

/// The content that a message has.
pub(super) fn body_of(message: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    let py = message.py();
    let Some(body) = scope::entry(message, intern!(py, "body"))? else {
        return Ok(PyBytes::new(py, b"").into());
    };
    if let Ok(bytes) = body.cast::<PyBytes>() {
        return Ok(bytes.clone().into());
    }
    let view = PyMemoryView::from(&body).map_err(|_| error::body(&body))?;
    let bytes = view.call_method0(intern!(py, "tobytes"))?;
    Ok(bytes.cast_into::<PyBytes>()?.into())
}

/// A dictionary of its own.
pub(super) fn copied<'py>(mapping: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    if let Ok(dict) = mapping.cast_exact::<PyDict>() {
        return dict.copy();
    }
    let own = PyDict::new(mapping.py());
    own.update(mapping.cast::<PyMapping>()?)?;
    Ok(own)
}
