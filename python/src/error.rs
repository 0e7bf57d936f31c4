//! The core's errors as Python's exceptions, of the types and, where there are any, in the words
//! that Starlette's users know.

use antiphon_core::cookie::{InvalidCookie, InvalidCookieKind};
use antiphon_core::headers::InvalidHeader;
use antiphon_core::populate::InvalidResponse;
use pyo3::exceptions::{PyAssertionError, PyAttributeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A header field that cannot be sent; `texts` are its name and its value.
///
/// `UnicodeEncodeError` for what Latin-1 has not, as in Starlette, and `ValueError` for all else.
pub(crate) fn header(texts: [&Bound<'_, PyAny>; 2], error: &InvalidHeader) -> PyErr {
    texts
        .into_iter()
        .find_map(not_latin1)
        .unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// A head that would lie about its content, or a media type that cannot stand in it.
pub(crate) fn response(py: Python<'_>, media_type: Option<&str>, error: &InvalidResponse) -> PyErr {
    media_type
        .and_then(|media_type| not_latin1(PyString::new(py, media_type).as_any()))
        .unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// A cookie that cannot be set; `text` is the argument that was refused.
///
/// | fault                       | exception              |
/// |-----------------------------|------------------------|
/// | the name                    | `http.cookies`' own    |
/// | `samesite`                  | `AssertionError`       |
/// | what Latin-1 has not        | `UnicodeEncodeError`   |
/// | another attribute or header, a date that no calendar has | `ValueError` |
pub(crate) fn cookie(text: &Bound<'_, PyAny>, error: &InvalidCookie) -> PyErr {
    let own = match error.kind() {
        InvalidCookieKind::Name => refused_by_python(text),
        InvalidCookieKind::SameSite => Some(PyAssertionError::new_err(
            "samesite must be either 'strict', 'lax' or 'none'",
        )),
        InvalidCookieKind::NotLatin1 => not_latin1(text),
        _ => None,
    };
    own.unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// An attribute that the object does not have yet.
pub(crate) fn no_attribute(object: &Bound<'_, PyAny>, name: &str) -> PyErr {
    match object.get_type().name() {
        Ok(class) => {
            PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}'"))
        }
        Err(error) => error,
    }
}

/// What Python raises when it encodes `text` in Latin-1, if it does.
fn not_latin1(text: &Bound<'_, PyAny>) -> Option<PyErr> {
    text.call_method1(intern!(text.py(), "encode"), ("latin-1",))
        .err()
}

fn refused_by_python(name: &Bound<'_, PyAny>) -> Option<PyErr> {
    let cookies = name.py().import("http.cookies").ok()?;
    let morsel = cookies.call_method0("Morsel").ok()?;
    morsel.call_method1("set", (name, "", "")).err()
}
