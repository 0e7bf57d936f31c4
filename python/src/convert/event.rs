//! Server-sent events: Python's objects as the lines of a `text/event-stream`.

use super::error;
use super::json;
use antiphon_core::values::event::{self, Separator};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyMemoryView, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use std::borrow::Cow;

/// The base of `antiphon.sse.ServerSentEvent`.
#[pyclass(subclass, module = "antiphon._antiphon")]
#[derive(Default)]
pub(crate) struct ServerSentEvent {
    #[pyo3(get, set)]
    data: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    event: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    id: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    retry: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    comment: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    _sep: Option<Py<PyAny>>,
}

#[pymethods]
impl ServerSentEvent {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    /// Turn the event into the bytes that are sent.
    fn encode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Vec::new();
        self.write(py, &mut bytes)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [
            &self.data,
            &self.event,
            &self.id,
            &self.retry,
            &self.comment,
            &self._sep,
        ] {
            visit.call(held)?;
        }
        Ok(())
    }

    fn __clear__(&mut self) {
        *self = Self::default();
    }
}

impl ServerSentEvent {
    fn write(&self, py: Python<'_>, bytes: &mut Vec<u8>) -> PyResult<()> {
        let (fields, separator) = self.fields(py)?;
        fields.write(separator, bytes)
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<(Fields<'py>, Separator)> {
        let separator = match &self._sep {
            Some(own) => separator(own.bind(py))?,
            None => Separator::default(),
        };
        let bound = |held: &Option<Py<PyAny>>| held.as_ref().map(|held| held.bind(py).clone());
        let fields = Fields {
            data: bound(&self.data),
            event: bound(&self.event),
            id: bound(&self.id),
            retry: bound(&self.retry),
            comment: bound(&self.comment),
        };
        Ok((fields, separator))
    }
}

/// What an event is made of.
#[derive(Default)]
struct Fields<'py> {
    data: Option<Bound<'py, PyAny>>,
    event: Option<Bound<'py, PyAny>>,
    id: Option<Bound<'py, PyAny>>,
    retry: Option<Bound<'py, PyAny>>,
    comment: Option<Bound<'py, PyAny>>,
}

impl<'py> Fields<'py> {
    fn of(dict: &Bound<'py, PyDict>) -> PyResult<Self> {
        let (mut fields, mut json) = (Self::default(), None);
        for (name, value) in dict.iter() {
            let Ok(name) = name.cast::<PyString>() else {
                return Err(PyTypeError::new_err("keywords must be strings"));
            };
            let value = Some(value).filter(|value| !value.is_none());
            match name.to_str()? {
                "data" => fields.data = value,
                "json" => json = value,
                "event" => fields.event = value,
                "id" => fields.id = value,
                "retry" => fields.retry = value,
                "comment" => fields.comment = value,
                // The response's own counts.
                "sep" => {}
                unknown => {
                    return Err(PyTypeError::new_err(format!(
                        "ServerSentEvent.__init__() got an unexpected keyword argument '{unknown}'"
                    )));
                }
            }
        }
        // Rendering can run the program's code, which could change the dictionary.
        if let Some(json) = rendered(json)? {
            if fields.data.is_some() {
                return Err(PyTypeError::new_err("an event has data or json, not both"));
            }
            fields.data = Some(json);
        }
        Ok(fields)
    }

    fn of_theirs(event: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = event.py();
        let field =
            |name| Ok::<_, PyErr>(Some(event.getattr(name)?).filter(|value| !value.is_none()));
        Ok(Self {
            data: field(intern!(py, "data"))?,
            event: field(intern!(py, "event"))?,
            id: field(intern!(py, "id"))?,
            retry: field(intern!(py, "retry"))?,
            comment: field(intern!(py, "comment"))?,
        })
    }

    fn write(&self, separator: Separator, bytes: &mut Vec<u8>) -> PyResult<()> {
        self.with(separator, |event| event.encode_to(bytes))?
            .map_err(|error| error::event(&error))
    }

    fn with<T>(
        &self,
        separator: Separator,
        then: impl FnOnce(&event::ServerSentEvent<'_>) -> T,
    ) -> PyResult<T> {
        let any = |value: &Option<Bound<'py, PyAny>>| value.as_ref().map(as_text).transpose();
        let [data, comment] = [any(&self.data)?, any(&self.comment)?];
        let id = self.id.as_ref().map(as_id).transpose()?;
        let event = self.event.as_ref().map(as_name).transpose()?;
        let retry = self.retry.as_ref().map(as_milliseconds).transpose()?;
        Ok(then(&event::ServerSentEvent {
            data: borrowed(&data)?,
            event: borrowed(&event)?,
            id: borrowed(&id)?,
            retry,
            comment: borrowed(&comment)?,
            separator,
        }))
    }
}

fn rendered<'py>(content: Option<Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let text = content.map(|content| json_text(&content)).transpose()?;
    Ok(text.map(Bound::into_any))
}

fn borrowed<'a>(text: &'a Option<Bound<'_, PyString>>) -> PyResult<Option<Cow<'a, str>>> {
    let text = text.as_ref().map(|text| text.to_str()).transpose()?;
    Ok(text.map(Cow::Borrowed))
}

fn as_text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    match value.cast_exact::<PyString>() {
        Ok(text) => Ok(text.clone()),
        Err(_) => value.str(),
    }
}

fn as_name<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.clone()),
        Err(_) => {
            let kind = value.get_type().name()?;
            Err(PyTypeError::new_err(format!(
                "expected string or bytes-like object, got '{kind}'"
            )))
        }
    }
}

/// An id: text, or a number or UUID, as databases have them (D-42).
fn as_id<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = value.py();
    if value.is_instance_of::<PyString>() {
        return as_name(value);
    }
    let is_number = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
    if is_number || value.is_instance(UUID.import(py, "uuid", "UUID")?)? {
        return value.str();
    }
    as_name(value)
}

fn as_milliseconds(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err("retry argument must be int"));
    }
    value.extract().map_err(|_| {
        let text = format!("event retry: expected milliseconds below 2**63, but found {value}");
        PyValueError::new_err(text)
    })
}

/// A separator, as text.
pub(crate) fn separator(text: &Bound<'_, PyAny>) -> PyResult<Separator> {
    let text = text.cast::<PyString>()?.to_str()?;
    text.parse().map_err(|error| error::event(&error))
}

/// Appends what a stream of events brings: an event (`sse_starlette`'s, too), the fields of one,
/// bytes that are encoded events, or whatever else, which is the data of one.
pub(crate) fn write(
    item: &Bound<'_, PyAny>,
    separator: Separator,
    bytes: &mut Vec<u8>,
) -> PyResult<()> {
    let py = item.py();
    if let Ok(dict) = item.cast::<PyDict>() {
        return Fields::of(dict)?.write(separator, bytes);
    }
    if let Ok(encoded) = item.cast::<PyBytes>() {
        bytes.extend_from_slice(encoded.as_bytes());
        return Ok(());
    }
    if let Ok(event) = item.cast::<ServerSentEvent>() {
        let encode = intern!(py, "encode");
        let ours = py.get_type::<ServerSentEvent>().getattr(encode)?;
        if item.get_type().getattr(encode)?.is(&ours) {
            return event.borrow().write(py, bytes);
        }
        return write_encoded(item, bytes);
    }
    if item.is_instance_of::<PyMemoryView>() {
        let encoded = item.call_method0(intern!(py, "tobytes"))?;
        bytes.extend_from_slice(encoded.cast::<PyBytes>()?.as_bytes());
        return Ok(());
    }
    if is_theirs(item)? {
        return write_encoded(item, bytes);
    }
    let fields = Fields {
        data: Some(item.clone()),
        ..Fields::default()
    };
    fields.write(separator, bytes)
}

fn write_encoded(event: &Bound<'_, PyAny>, bytes: &mut Vec<u8>) -> PyResult<()> {
    let encoded = event.call_method0(intern!(event.py(), "encode"))?;
    bytes.extend_from_slice(encoded.cast::<PyBytes>()?.as_bytes());
    Ok(())
}

/// Whether it is an event of `sse_starlette`, which nobody has unless the module is loaded.
fn is_theirs(item: &Bound<'_, PyAny>) -> PyResult<bool> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = item.py();
    if item.is_instance_of::<PyString>() {
        return Ok(false);
    }
    let modules = MODULES.import(py, "sys", "modules")?;
    let Some(module) = modules.get_item(intern!(py, "sse_starlette.event"))? else {
        return Ok(false);
    };
    // It may be only half loaded.
    match module.getattr_opt(intern!(py, "ServerSentEvent"))? {
        Some(class) => item.is_instance(&class),
        None => Ok(false),
    }
}

/// Hands on an event, the fields of one, or whatever else as the data of one.
pub(crate) fn with<T>(
    item: &Bound<'_, PyAny>,
    then: impl FnOnce(&event::ServerSentEvent<'_>) -> T,
) -> PyResult<T> {
    let (fields, separator) = if let Ok(event) = item.cast::<ServerSentEvent>() {
        event.borrow().fields(item.py())?
    } else if let Ok(dict) = item.cast::<PyDict>() {
        (Fields::of(dict)?, Separator::default())
    } else if is_theirs(item)? {
        (Fields::of_theirs(item)?, Separator::default())
    } else {
        let data = Some(item.clone());
        (
            Fields {
                data,
                ..Fields::default()
            },
            Separator::default(),
        )
    };
    fields.with(separator, then)
}

/// Encode what a stream of events brings.
#[pyfunction]
pub(crate) fn ensure_bytes<'py>(
    data: &Bound<'py, PyAny>,
    sep: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let separator = if sep.is_none() {
        Separator::default()
    } else {
        separator(sep)?
    };
    let mut bytes = Vec::new();
    write(data, separator, &mut bytes)?;
    Ok(PyBytes::new(data.py(), &bytes))
}

/// JSON as text, for the data of an event.
#[pyfunction]
pub(crate) fn json_text<'py>(content: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let py = content.py();
    let bytes = json::render(Some(content), py)?;
    Ok(bytes
        .call_method0(intern!(py, "decode"))?
        .cast_into::<PyString>()?)
}
