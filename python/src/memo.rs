//! Fields that come again and again, made once.
//!
//! A field that the core adds to a response mostly has one of a few values (`application/json`, a
//! length of some digits). As Python's tuples cannot be changed, responses can share them.

use antiphon_core::headers::{FieldName, FieldValue};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use std::cell::RefCell;

thread_local! {
    static FIELDS: RefCell<[Option<Remembered>; PLACES]> = const { RefCell::new([const { None }; PLACES]) };
}

struct Remembered {
    name: &'static str,
    value: Vec<u8>,
    field: Py<PyTuple>,
}

/// The field as ASGI has it: a tuple of two byte strings.
pub(crate) fn field<'py>(
    py: Python<'py>,
    name: &FieldName,
    value: &FieldValue,
) -> PyResult<Bound<'py, PyTuple>> {
    let (name, value) = (name.as_str(), value.as_bytes());
    let make = || {
        PyTuple::new(
            py,
            [PyBytes::new(py, name.as_bytes()), PyBytes::new(py, value)],
        )
    };
    let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
        return make();
    };
    FIELDS.with_borrow_mut(|fields| {
        let place = &mut fields[place(name, value)];
        if let Some(remembered) = place
            && remembered.name == name
            && remembered.value == value
        {
            return Ok(remembered.field.bind(py).clone());
        }
        let field = make()?;
        *place = Some(Remembered {
            name,
            value: value.into(),
            field: field.clone().unbind(),
        });
        Ok(field)
    })
}

fn place(name: &str, value: &[u8]) -> usize {
    let tail = match value.last_chunk::<4>() {
        Some(tail) => u32::from_le_bytes(*tail),
        None => value
            .iter()
            .fold(0, |tail, byte| tail << 8 | u32::from(*byte)),
    };
    let mixed =
        (tail ^ (name.len() as u32) << 7 ^ (value.len() as u32) << 25).wrapping_mul(0x9E37_79B1);
    mixed as usize >> 22
}

/// The fields that are worth it.
const NAMES: [&str; 2] = ["content-length", "content-type"];

/// As many as `place` can tell apart.
const PLACES: usize = 1 << 10;
