//! Media types: what a program says of its content, and what a file's name suggests.

use crate::convert::{error, mimetypes};
use antiphon_core::fields::FieldValue;
use antiphon_core::values::media_type::{Charset, MediaType};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use std::borrow::Cow;

/// Imports `mimetypes`, early enough to see its own function.
pub(crate) fn load(py: Python<'_>) -> PyResult<()> {
    mimetypes::module(py).map(drop)
}

/// The media type that `name` suggests of the file at `path`, or of content that lies in no folder: what the program has told `mimetypes` itself,
/// else what our table says, else what `mimetypes` knows from this machine, or `application/octet-stream`.
pub(crate) fn guess<'py>(
    name: &Bound<'py, PyAny>,
    path: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = name.py();
    let name = match name.cast_exact::<PyString>() {
        Ok(name) => name.clone().into_any(),
        Err(_) => fspath(name)?,
    };
    let mimetypes = mimetypes::module(py)?;
    let (module, own) = (mimetypes.module.bind(py), &mimetypes.guess_type);
    let guess_type = module.getattr(intern!(py, "guess_type"))?;
    if guess_type.is(own)
        && let Ok(text) = name.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
        && let Some(extension) = plain_extension(text)
        && let Some(known) = known(&module.dict(), extension, path)?
    {
        return Ok(known);
    }
    let (mut guessed, encoding): (Bound<'py, PyAny>, Bound<'py, PyAny>) =
        guess_type.call1((&name,))?.extract()?;
    if guess_type.is(own)
        && encoding.is_none()
        && let Ok(text) = name.cast_exact::<PyString>()
        && let Ok(text) = text.to_str()
        && let Some((_, extension)) = text.rsplit_once('.')
    {
        let extension = format!(".{}", extension.to_lowercase());
        let found = (!guessed.is_none()).then_some(guessed.clone());
        if let Some(corrected) = mimetypes::corrected(py, &extension, found, path)? {
            guessed = corrected;
        }
    }
    if guessed.is_truthy()? {
        return Ok(guessed);
    }
    Ok(intern!(py, "application/octet-stream").clone().into_any())
}

/// The value of `Content-Type` for a media type; `charset` is asked for if it takes one.
pub(crate) fn content_type<'a>(
    py: Python<'_>,
    media_type: &str,
    charset: impl FnOnce() -> PyResult<Cow<'a, str>>,
) -> PyResult<FieldValue> {
    let refused = |name, text: &str, error| {
        error::content_type(name, PyString::new(py, text).as_any(), &error)
    };
    let parsed = MediaType::try_from(media_type);
    let parsed = parsed.map_err(|error| refused("media type", media_type, error))?;
    if !parsed.takes_charset() {
        return Ok(parsed.into());
    }
    let charset = charset()?;
    let name = Charset::try_from(&*charset);
    let name = name.map_err(|error| refused("charset", &charset, error))?;
    Ok(parsed.with_charset(&name))
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
    path: Option<&Bound<'py, PyAny>>,
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
    let key = PyString::new(py, extension);
    for others in [intern!(py, "suffix_map"), intern!(py, "encodings_map")] {
        if !matches!(table(others)?, Some(others) if !others.contains(&key)?) {
            return Ok(None);
        }
    }
    match types.cast_exact::<PyDict>() {
        Ok(types) => mimetypes::corrected(py, extension, types.get_item(&key)?, path),
        Err(_) => Ok(None),
    }
}

fn fspath<'py>(name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static FSPATH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FSPATH.import(name.py(), "os", "fspath")?.call1((name,))
}
