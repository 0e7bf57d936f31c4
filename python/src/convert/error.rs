//! The core's errors as Python's exceptions, of the types and, where there are any, in the words
//! that Starlette's users know.

use antiphon_channel::PublishError;
use antiphon_core::fields::InvalidHeader;
use antiphon_core::response::content::InvalidResponse;
use antiphon_core::response::offload::InvalidOffload;
use antiphon_core::values::content_disposition::InvalidDisposition;
use antiphon_core::values::cookie::{InvalidCookie, InvalidCookieKind};
use antiphon_core::values::etag::InvalidTag;
use antiphon_core::values::event::InvalidEvent;
use antiphon_fs::{OpenError, OpenErrorKind};
use pyo3::exceptions::{
    PyAssertionError, PyAttributeError, PyOSError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::intern;
use pyo3::prelude::*;
use std::io;

/// A header field that cannot be sent; `texts` are its name and its value.
///
/// `UnicodeEncodeError` for what Latin-1 has not, as in Starlette, and `ValueError` for all else.
pub(crate) fn header(texts: [&Bound<'_, PyAny>; 2], error: &InvalidHeader) -> PyErr {
    texts
        .into_iter()
        .find_map(not_latin1)
        .unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// The same error, with a note where the interpreter has notes (3.11 and newer).
pub(crate) fn noted(py: Python<'_>, error: PyErr, note: String) -> PyErr {
    drop(
        error
            .value(py)
            .call_method1(intern!(py, "add_note"), (note,)),
    );
    error
}

/// A media type, or a charset, that cannot stand in a header; `name` says which.
pub(crate) fn content_type(name: &str, text: &Bound<'_, PyAny>, error: &InvalidHeader) -> PyErr {
    not_latin1(text).unwrap_or_else(|| PyValueError::new_err(format!("{name}: {error}")))
}

/// A scope that no response can answer.
pub(crate) fn scope_type(found: &str) -> PyErr {
    let expected = r#"expected a scope of type "http" or "websocket""#;
    PyValueError::new_err(format!("{expected}, but found {found:?}"))
}

/// The length of content that was changed after the headers had been made.
pub(crate) fn changed_body(error: &InvalidResponse) -> PyErr {
    match error.length_mismatch() {
        Some((declared, actual)) => PyValueError::new_err(format!(
            "header `content-length`: expected {actual}, the length of the body, which was changed, but \
             found {declared:?}; set headers[\"content-length\"] too, or make another response"
        )),
        None => response(error),
    }
}

/// A head that would lie about its content.
pub(crate) fn response(error: &InvalidResponse) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Content that ends before the length that was announced.
pub(crate) fn too_short(missing: u64) -> PyErr {
    PyValueError::new_err(format!(
        "header `content-length`: expected {missing} bytes more of the content, but found its end"
    ))
}

/// Content that goes on after the length that was announced.
pub(crate) fn too_long(surplus: u64) -> PyErr {
    PyValueError::new_err(format!(
        "header `content-length`: expected the end of the content, but found {surplus} bytes more"
    ))
}

/// The content of a message that is none.
pub(crate) fn body(found: &Bound<'_, PyAny>) -> PyErr {
    match found.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!(
            "the body of a message: expected bytes, but found {class}"
        )),
        Err(error) => error,
    }
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
        InvalidCookieKind::Name => cookie_name(text),
        InvalidCookieKind::SameSite => Some(PyAssertionError::new_err(
            "samesite must be either 'strict', 'lax' or 'none'",
        )),
        InvalidCookieKind::NotLatin1 => {
            not_latin1(text).map(|own| noted(text.py(), own, error.to_string()))
        }
        _ => None,
    };
    own.unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// An entity tag that a class makes and that is none.
pub(crate) fn etag(error: &InvalidTag) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A file that a server in front cannot be told of.
pub(crate) fn offload(error: &InvalidOffload) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// An event that a client would misread.
pub(crate) fn event(error: &InvalidEvent) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// An event that a channel does not take: `ValueError` if it is to blame, else `RuntimeError`.
pub(crate) fn publish(error: &PublishError) -> PyErr {
    match error {
        PublishError::Invalid(invalid) => event(invalid),
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

/// A `Content-Disposition` that cannot be sent.
pub(crate) fn disposition(kind: &Bound<'_, PyAny>, error: &InvalidDisposition) -> PyErr {
    not_latin1(kind).unwrap_or_else(|| PyValueError::new_err(error.to_string()))
}

/// A file that cannot be opened: `RuntimeError` in Starlette's words if it is missing, if symbolic links
/// lead in a circle, or if it is no file, and Python's own `OSError` for all else.
pub(crate) fn open(path: &Bound<'_, PyAny>, error: &OpenError) -> PyErr {
    match error.kind() {
        OpenErrorKind::NotFound if matches!(os_code(error), Some(NO_ENTRY | libc::ELOOP)) => {
            about(path, "does not exist.")
        }
        OpenErrorKind::NotFound if matches!(os_code(error), None | Some(INVALID)) => {
            PyValueError::new_err("stat: embedded null character in path")
        }
        OpenErrorKind::NotAFile => about(path, "is not a file."),
        _ => {
            let code = os_code(error);
            let os = path.py().import("os");
            let text = os.and_then(|os| os.call_method1("strerror", (code,)));
            match text {
                Ok(text) => PyOSError::new_err((code, text.unbind(), path.clone().unbind())),
                Err(_) => PyOSError::new_err(error.to_string()),
            }
        }
    }
}

/// `ENOENT`, for which Starlette has words of its own.
const NO_ENTRY: i32 = 2;

/// `EINVAL`, which a path with a NUL gets.
const INVALID: i32 = 22;

fn os_code(error: &OpenError) -> Option<i32> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<io::Error>()?.raw_os_error()
}

/// A file that has become shorter than what was announced of it.
pub(crate) fn shrank(path: &Bound<'_, PyAny>) -> PyErr {
    about(path, "is shorter than expected.")
}

/// A file that is read after it was closed.
pub(crate) fn closed() -> PyErr {
    PyRuntimeError::new_err("The file is closed.")
}

fn about(path: &Bound<'_, PyAny>, text: &str) -> PyErr {
    match path.str() {
        Ok(path) => PyRuntimeError::new_err(format!("File at path {path} {text}")),
        Err(error) => error,
    }
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

/// What Python raises of a cookie of that name, if it does.
pub(crate) fn cookie_name(name: &Bound<'_, PyAny>) -> Option<PyErr> {
    let cookies = name.py().import("http.cookies").ok()?;
    let morsel = cookies.call_method0("Morsel").ok()?;
    morsel.call_method1("set", (name, "", "")).err()
}
