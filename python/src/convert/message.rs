//! The messages that a response is sent as.

use antiphon_core::asgi::message::Message;
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::fields::Headers;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

/// The two messages of a response, and its background task.
pub(crate) fn whole<'py>(
    scope_type: ScopeType,
    status_code: &Bound<'py, PyAny>,
    raw_headers: &Bound<'py, PyAny>,
    body: &Bound<'py, PyAny>,
    background: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = status_code.py();
    let start = start(py, scope_type, status_code, raw_headers)?;
    let content = forms(py, scope_type)?.content.bind(py).copy()?;
    content.set_item(intern!(py, "body"), body)?;
    PyTuple::new(py, [start.as_any(), content.as_any(), background])
}

/// The message that is a head.
pub(crate) fn start<'py>(
    py: Python<'py>,
    scope_type: ScopeType,
    status_code: &Bound<'py, PyAny>,
    raw_headers: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let Forms { start, ok, .. } = forms(py, scope_type)?;
    let start = start.bind(py).copy()?;
    if !status_code.is(ok) {
        start.set_item(intern!(py, "status"), status_code)?;
    }
    start.set_item(intern!(py, "headers"), raw_headers)?;
    Ok(start)
}

/// A message of content, of which there may be several.
pub(crate) fn body<'py>(
    py: Python<'py>,
    scope_type: ScopeType,
    bytes: &Bound<'py, PyAny>,
    more_body: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let content = forms(py, scope_type)?.content.bind(py).copy()?;
    content.set_item(intern!(py, "body"), bytes)?;
    content.set_item(intern!(py, "more_body"), more_body)?;
    Ok(content)
}

/// The two messages, to be copied and filled in, which is faster than making them.
struct Forms {
    start: Py<PyDict>,
    /// The status that `start` has.
    ok: Py<PyInt>,
    content: Py<PyDict>,
}

fn forms(py: Python<'_>, scope_type: ScopeType) -> PyResult<&'static Forms> {
    static HTTP: PyOnceLock<Forms> = PyOnceLock::new();
    static WEBSOCKET: PyOnceLock<Forms> = PyOnceLock::new();
    let forms = match scope_type {
        ScopeType::Http => &HTTP,
        ScopeType::Websocket => &WEBSOCKET,
    };
    forms.get_or_try_init(py, || {
        let form = |message: Message<()>| -> PyResult<Bound<'_, PyDict>> {
            let form = PyDict::new(py);
            let name = PyString::intern(py, message.type_name());
            form.set_item(intern!(py, "type"), name)?;
            Ok(form)
        };
        let start = form(Message::Start {
            scope_type,
            status: 200,
            headers: Headers::new(),
        })?;
        let ok = PyInt::new(py, 200);
        start.set_item(intern!(py, "status"), &ok)?;
        start.set_item(intern!(py, "headers"), py.None())?;
        let content = form(Message::Body {
            scope_type,
            body: (),
            more_body: false,
        })?;
        content.set_item(intern!(py, "body"), py.None())?;
        Ok(Forms {
            start: start.unbind(),
            ok: ok.unbind(),
            content: content.unbind(),
        })
    })
}
