//! What the package's own classes had when they were made.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use std::sync::{Mutex, PoisonError};

struct Original {
    class: Py<PyType>,
    own: Py<PyAny>,
}

static ORIGINALS: Mutex<Vec<Original>> = Mutex::new(Vec::new());

/// Remembers what a class itself has.
pub(super) fn remember(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let own = class.getattr(intern!(py, "__dict__"))?;
    let own = own.call_method0(intern!(py, "copy"))?.unbind();
    let class = class.clone().unbind();
    ORIGINALS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Original { class, own });
    Ok(())
}

/// Whether a class was made with this attribute.
pub(super) fn is_original(
    class: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = class.py();
    let own = ORIGINALS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .find(|original| original.class.bind(py).is(class))
        .map(|original| original.own.clone_ref(py));
    match own {
        Some(own) => {
            let own = own.bind(py);
            Ok(own.contains(name)? && own.get_item(name)?.is(value))
        }
        None => Ok(false),
    }
}
