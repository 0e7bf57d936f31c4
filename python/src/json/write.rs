//! The values whose form nobody can change, written at once.

use super::buffer::Buffer;
use super::{number, text};
use crate::ffi::borrowed_items;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// What is left to `json`.
pub(super) struct Unusual;

/// Writes a value, or as much of it as comes before something unusual.
///
/// The value may be borrowed from what contains it, and thus is used only while no Python code runs:
/// to whatever could run some, a reference is taken first.
#[inline(always)]
pub(super) fn value(
    value: &Bound<'_, PyAny>,
    out: &mut Buffer,
    depth: usize,
) -> Result<(), Unusual> {
    if let Ok(string) = value.cast_exact::<PyString>() {
        return text::write(string, out);
    }
    if let Ok(int) = value.cast_exact::<PyInt>() {
        return number::write_int(int, out);
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return object(dict.clone(), out, depth);
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return number::write_float(float, out);
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return of_list(list.clone(), out, depth);
    }
    if value.is_none() {
        out.constant(*b"null");
        return Ok(());
    }
    if let Ok(boolean) = value.cast_exact::<PyBool>() {
        of_bool(boolean, out);
        return Ok(());
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return array(tuple.clone().iter_borrowed(), out, depth);
    }
    of_subclass(value.clone(), out, depth)
}

/// An object of a class that inherits from one of Python's own. `json` looks past what such a class
/// says of itself, but for how its containers are gone through.
#[cold]
fn of_subclass(value: Bound<'_, PyAny>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    let py = value.py();
    if let Ok(string) = value.cast::<PyString>() {
        text::write(string, out)
    } else if let Ok(int) = value.cast::<PyInt>() {
        number::write_int(int, out)
    } else if let Ok(float) = value.cast::<PyFloat>() {
        number::write_float(float, out)
    } else if let Ok(dict) = value.cast::<PyDict>()
        && inherits::<PyDict>(&value, intern!(py, "items"))
    {
        object(dict.clone(), out, depth)
    } else if let Ok(list) = value.cast::<PyList>()
        && inherits::<PyList>(&value, intern!(py, "__iter__"))
    {
        of_list(list.clone(), out, depth)
    } else if let Ok(tuple) = value.cast::<PyTuple>()
        && inherits::<PyTuple>(&value, intern!(py, "__iter__"))
    {
        array(tuple.iter_borrowed(), out, depth)
    } else {
        Err(Unusual)
    }
}

fn inherits<T: pyo3::type_object::PyTypeInfo>(
    value: &Bound<'_, PyAny>,
    method: &Bound<'_, PyString>,
) -> bool {
    let py = value.py();
    matches!(
        (value.get_type().getattr(method), py.get_type::<T>().getattr(method)),
        (Ok(own), Ok(builtin)) if own.is(&builtin)
    )
}

#[expect(unsafe_code, reason = "the items are borrowed")]
fn of_list(list: Bound<'_, PyList>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    // SAFETY: `value` uses each of them only while no Python code runs.
    array(unsafe { borrowed_items::items_of_list(&list) }, out, depth)
}

fn array<'a, 'py: 'a>(
    items: impl Iterator<Item = Borrowed<'a, 'py, PyAny>>,
    out: &mut Buffer,
    depth: usize,
) -> Result<(), Unusual> {
    if depth == MAX_DEPTH {
        return Err(Unusual);
    }
    out.push(b'[');
    let mut first = true;
    for item in items {
        if !first {
            out.push(b',');
        }
        first = false;
        value(&item, out, depth + 1)?;
    }
    out.push(b']');
    Ok(())
}

#[expect(unsafe_code, reason = "the items are borrowed")]
fn object(dict: Bound<'_, PyDict>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    if depth == MAX_DEPTH {
        return Err(Unusual);
    }
    out.push(b'{');
    let mut first = true;
    // SAFETY: to write a key runs no Python code, and `value` uses the item only while none runs.
    for (key, item) in unsafe { borrowed_items::items_of_dict(&dict) } {
        if !first {
            out.push(b',');
        }
        first = false;
        match key.cast_exact::<PyString>() {
            Ok(key) => out.key(&key)?,
            Err(_) => coerced(&key, out)?,
        }
        value(&item, out, depth + 1)?;
    }
    out.push(b'}');
    Ok(())
}

/// Writes a key that is no plain string, and its colon: numbers, booleans and `None` become strings.
fn coerced(key: &Bound<'_, PyAny>, out: &mut Buffer) -> Result<(), Unusual> {
    if let Ok(string) = key.cast::<PyString>() {
        text::write(string, out)?;
        out.push(b':');
        return Ok(());
    }
    out.push(b'"');
    if let Ok(float) = key.cast::<PyFloat>() {
        number::write_float(float, out)?;
    } else if key.is_none() {
        out.constant(*b"null");
    } else if let Ok(boolean) = key.cast_exact::<PyBool>() {
        of_bool(boolean, out);
    } else if let Ok(int) = key.cast::<PyInt>() {
        number::write_int(int, out)?;
    } else {
        return Err(Unusual);
    }
    out.constant(*b"\":");
    Ok(())
}

fn of_bool(boolean: &Bound<'_, PyBool>, out: &mut Buffer) {
    if boolean.is_true() {
        out.constant(*b"true");
    } else {
        out.constant(*b"false");
    }
}

/// Deeper content is left to `json`, which knows how much stack there is and finds circles.
const MAX_DEPTH: usize = 100;
