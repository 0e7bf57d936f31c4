//! Fields that come again and again, made once.
//!
//! A field that the core adds to a response mostly has one of a few values (`application/json`, a
//! length of some digits), and those that a program adds are mostly written out in it. As Python's
//! strings and tuples cannot be changed, what was made of them once can be shared.

use super::field;
use crate::direct_mapped::Shared;
use antiphon_core::fields::{FieldName, FieldValue};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyTuple};

thread_local! {
    static FIELDS: Shared<Remembered, PLACES> = const { Shared::new() };
}

struct Remembered {
    /// Its place in [`NAMES`].
    name: usize,
    value: Vec<u8>,
    field: Py<PyTuple>,
}

/// The field as ASGI has it: a tuple of two byte strings.
pub(crate) fn field<'py>(
    py: Python<'py>,
    name: &FieldName,
    value: &FieldValue,
) -> PyResult<Bound<'py, PyTuple>> {
    let value = value.as_bytes();
    let make = || PyTuple::new(py, [name_of(py, name), PyBytes::new(py, value)]);
    let Some(own) = NAMES.iter().position(|known| known == name) else {
        return make();
    };
    let place = place(own, value);
    let known = FIELDS.with(|fields| {
        fields.find(place, |known| {
            let same = known.name == own && known.value == value;
            same.then(|| known.field.bind(py).clone())
        })
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let field = make()?;
    let remembered = Remembered {
        name: own,
        value: value.into(),
        field: field.clone().unbind(),
    };
    FIELDS.with(|fields| fields.put(place, remembered));
    Ok(field)
}

/// A name as a byte string. That of cookies comes often, and always with another value.
fn name_of<'py>(py: Python<'py>, name: &FieldName) -> Bound<'py, PyBytes> {
    static SET_COOKIE: PyOnceLock<Py<PyBytes>> = PyOnceLock::new();
    if *name == FieldName::SET_COOKIE {
        let name = SET_COOKIE.get_or_init(py, || PyBytes::new(py, name.as_bytes()).unbind());
        return name.bind(py).clone();
    }
    PyBytes::new(py, name.as_bytes())
}

/// The field that the caller gives, checked, as ASGI has it.
pub(crate) fn callers<'py>(
    name: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = name.py();
    let (Ok(text), Ok(content)) = (
        name.cast_exact::<PyString>(),
        value.cast_exact::<PyString>(),
    ) else {
        let (name, value) = field::of_caller(name, value)?;
        return field(py, &name, &value);
    };
    if let Some(known) = known(name, value) {
        return Ok(known);
    }
    let (own_name, own_value) = field::of_caller(name, value)?;
    let made = field(py, &own_name, &own_value)?;
    if text.len()?.max(content.len()?) <= MAX_KEPT {
        let callers = Callers {
            name: text.clone().unbind(),
            value: content.clone().unbind(),
            field: made.clone().unbind(),
        };
        let place = callers_place(name, value);
        CALLERS.with(|known| known.put(place, callers));
    }
    Ok(made)
}

/// Tells whether [`callers`] has the field of these two strings at hand.
pub(crate) fn knows(name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> bool {
    known(name, value).is_some()
}

fn known<'py>(name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTuple>> {
    CALLERS.with(|known| {
        known.find(callers_place(name, value), |own| {
            let same = own.name.is(name) && own.value.is(value);
            same.then(|| own.field.bind(name.py()).clone())
        })
    })
}

fn callers_place(name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> usize {
    (name.as_ptr().addr() >> 4) ^ (value.as_ptr().addr() >> 4).rotate_left(5)
}

/// What was made of two strings, which are kept so that no others can come to lie where they lie.
struct Callers {
    name: Py<PyString>,
    value: Py<PyString>,
    field: Py<PyTuple>,
}

thread_local! {
    static CALLERS: Shared<Callers, CALLERS_PLACES> = const { Shared::new() };
}

const CALLERS_PLACES: usize = 128;

/// A name or a value of more characters than these is not kept.
const MAX_KEPT: usize = 128;

fn place(name: usize, value: &[u8]) -> usize {
    let tail = match value.last_chunk::<4>() {
        Some(tail) => u32::from_le_bytes(*tail),
        None => value
            .iter()
            .fold(0, |tail, byte| tail << 8 | u32::from(*byte)),
    };
    let mixed = (tail ^ (name as u32) << 7 ^ (value.len() as u32) << 25).wrapping_mul(0x9E37_79B1);
    mixed as usize >> 22
}

/// The fields that are worth it.
const NAMES: [FieldName; 2] = [FieldName::CONTENT_LENGTH, FieldName::CONTENT_TYPE];

/// As many as `place` can tell apart.
const PLACES: usize = 1 << 10;
