//! The media type that a file's name suggests.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString};

/// What `mimetypes.guess_type` says of `name`, or `application/octet-stream`.
pub(crate) fn guess<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = name.py();
    let name = match name.cast_exact::<PyString>() {
        Ok(name) => name.clone().into_any(),
        Err(_) => fspath(name)?,
    };
    static MIMETYPES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let mimetypes = MIMETYPES
        .get_or_try_init(py, || py.import("mimetypes").map(Bound::unbind))?
        .bind(py);
    if let Ok(text) = name.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
        && let Some(extension) = plain_extension(text)
        && let Some(known) = known(&mimetypes.dict(), extension)?
    {
        return Ok(known);
    }
    let (guessed, _): (Bound<'py, PyAny>, Bound<'py, PyAny>) = mimetypes
        .call_method1(intern!(py, "guess_type"), (name,))?
        .extract()?;
    if guessed.is_truthy()? {
        return Ok(guessed);
    }
    Ok(intern!(py, "application/octet-stream").clone().into_any())
}

/// Where a name ends in a plain extension, all that `guess_type` does besides looking it up (URLs,
/// compressions, aliases) comes to nothing.
fn plain_extension(name: &str) -> Option<&str> {
    let dot = name.rfind('.')?;
    let (stem, extension) = name.split_at(dot);
    let is_plain = !stem.is_empty()
        && !stem.ends_with(['/', '.'])
        && !extension.contains('/')
        && !name.contains(':');
    is_plain.then_some(extension)
}

/// The type of an extension, unless it stands for others or for a compression.
fn known<'py>(
    mimetypes: &Bound<'py, PyDict>,
    extension: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = mimetypes.py();
    // Programs add to the tables, and may put others in their place.
    let table = |name| mimetypes.get_item(name);
    if !matches!(table(intern!(py, "inited"))?, Some(inited) if inited.is_truthy()?) {
        return Ok(None);
    }
    let Some(types) = table(intern!(py, "types_map"))? else {
        return Ok(None);
    };
    let extension = PyString::new(py, extension);
    for others in [intern!(py, "suffix_map"), intern!(py, "encodings_map")] {
        if !matches!(table(others)?, Some(others) if !others.contains(&extension)?) {
            return Ok(None);
        }
    }
    match types.cast_exact::<PyDict>() {
        Ok(types) => types.get_item(&extension),
        Err(_) => Ok(None),
    }
}

fn fspath<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static FSPATH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FSPATH.import(name.py(), "os", "fspath")?.call1((name,))
}
