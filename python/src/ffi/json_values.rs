//! Python's own values, whose form nobody can change, written as JSON.
//!
//! An item is borrowed from the container that it lies in, without a reference of ours; with one,
//! rendering takes a seventh more. So the rule of this file is: **while an item is used, no Python code
//! runs**, since it could take the item out of its container.
//!
//! | item                              | what is done with it                                    |
//! |-----------------------------------|---------------------------------------------------------|
//! | text, number, boolean, `None`     | its bytes or its value are read by CPython's own code,   |
//! |                                   | and `json/` gets those, never the object                 |
//! | list, tuple, dictionary           | a reference is taken before its own items are looked at |
//! | anything else                     | a reference is taken before its class is asked          |
#![expect(
    unsafe_code,
    reason = "an item lives without a reference of ours as long as nobody takes it away"
)]

use super::borrowed_items;
use crate::json::{Buffer, number, text};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// What is left to `json`.
pub(crate) struct Unusual;

/// Writes content, or as much of it as comes before something unusual.
pub(crate) fn write(content: &Bound<'_, PyAny>, out: &mut Buffer) -> Result<(), Unusual> {
    value(content, out, 0)
}

/// Writes a value, or as much of it as comes before something unusual.
///
/// The value may be borrowed from what contains it.
#[inline(always)]
fn value(value: &Bound<'_, PyAny>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    if let Ok(string) = value.cast_exact::<PyString>() {
        return write_text(string, out);
    }
    if let Ok(int) = value.cast_exact::<PyInt>() {
        return write_int(int, out);
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return object(dict.clone(), out, depth);
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return write_float(float, out);
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

/// Writes a string; one that UTF-8 cannot say is unusual.
#[inline(always)]
fn write_text(string: &Bound<'_, PyString>, out: &mut Buffer) -> Result<(), Unusual> {
    text::write(bytes_of(string)?, out);
    Ok(())
}

/// Writes a key and its colon.
fn write_key(key: &Bound<'_, PyString>, out: &mut Buffer) -> Result<(), Unusual> {
    let start = out.len();
    write_text(key, out)?;
    out.push(b':');
    out.remember_key(key, start);
    Ok(())
}

/// The UTF-8 of a string, which lives as long as it does.
#[inline(always)]
fn bytes_of<'a>(string: &'a Bound<'_, PyString>) -> Result<&'a [u8], Unusual> {
    match borrowed_items::ascii(string) {
        Some(ascii) => Ok(ascii),
        None => Ok(string.to_str().map_err(|_| Unusual)?.as_bytes()),
    }
}

/// Writes an integer; of one beyond 64 bits, Python knows how many digits it is willing to write.
#[inline(always)]
fn write_int(int: &Bound<'_, PyInt>, out: &mut Buffer) -> Result<(), Unusual> {
    number::write_int(int.extract().map_err(|_| Unusual)?, out);
    Ok(())
}

fn write_float(float: &Bound<'_, PyFloat>, out: &mut Buffer) -> Result<(), Unusual> {
    let float = float.value();
    if !float.is_finite() {
        return Err(Unusual);
    }
    number::write_float(float, out);
    Ok(())
}

/// An object of a class that inherits from one of Python's own. `json` looks past what such a class
/// says of itself, but for how its containers are gone through.
#[cold]
fn of_subclass(value: Bound<'_, PyAny>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    let py = value.py();
    if let Ok(string) = value.cast::<PyString>() {
        write_text(string, out)
    } else if let Ok(int) = value.cast::<PyInt>() {
        write_int(int, out)
    } else if let Ok(float) = value.cast::<PyFloat>() {
        write_float(float, out)
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

fn of_list(list: Bound<'_, PyList>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    // SAFETY: `value` keeps the rule of this file.
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

fn object(dict: Bound<'_, PyDict>, out: &mut Buffer, depth: usize) -> Result<(), Unusual> {
    if depth == MAX_DEPTH {
        return Err(Unusual);
    }
    out.push(b'{');
    let mut first = true;
    // SAFETY: to write a key runs no Python code, and `value` keeps the rule of this file.
    for (key, item) in unsafe { borrowed_items::items_of_dict(&dict) } {
        if !first {
            out.push(b',');
        }
        first = false;
        match key.cast_exact::<PyString>() {
            Ok(key) if out.known_key(&key) => {}
            Ok(key) => write_key(&key, out)?,
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
        write_text(string, out)?;
        out.push(b':');
        return Ok(());
    }
    out.push(b'"');
    if let Ok(float) = key.cast::<PyFloat>() {
        write_float(float, out)?;
    } else if key.is_none() {
        out.constant(*b"null");
    } else if let Ok(boolean) = key.cast_exact::<PyBool>() {
        of_bool(boolean, out);
    } else if let Ok(int) = key.cast::<PyInt>() {
        write_int(int, out)?;
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
