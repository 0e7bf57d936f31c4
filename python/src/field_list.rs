//! The list of pairs of byte strings that a response sends: what a caller gives for it, and how it is
//! changed.
//!
//! The list is the program's own. `MutableHeaders.raw` is the very list that a response sends, and
//! programs append to it; so it is changed in place, field by field.

use crate::{field, memo};
use antiphon_core::fields::HeaderPatch;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyTuple};

/// The fields that a caller gives, checked.
///
/// A mapping, as in Starlette, or pairs, so that a name can come twice.
pub(crate) fn of_caller<'py>(headers: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if let Ok(dict) = headers.cast_exact::<PyDict>() {
        // With room for those that the content asks for.
        let mut fields = Vec::with_capacity(dict.len() + 2);
        for (name, value) in dict.iter() {
            if !name.is_exact_instance_of::<PyString>() || !value.is_exact_instance_of::<PyString>()
            {
                // What encodes itself could change the dictionary meanwhile.
                return of_pairs(dict.items().try_iter()?);
            }
            fields.push(memo::callers(&name, &value)?.into_any());
        }
        return Ok(fields);
    }
    if headers.is_instance_of::<PyList>() || headers.is_instance_of::<PyTuple>() {
        return of_pairs(headers.try_iter()?);
    }
    let items = headers.call_method0(intern!(headers.py(), "items"))?;
    of_pairs(items.try_iter()?)
}

fn of_pairs<'py>(pairs: Bound<'py, PyIterator>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    pairs
        .map(|pair| {
            let (name, value) = field::parts(&pair?)?;
            Ok(memo::callers(&name, &value)?.into_any())
        })
        .collect()
}

/// The list itself, or what it gives in a list of its own.
pub(crate) fn as_list<'py>(fields: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if let Ok(list) = fields.cast::<PyList>() {
        return Ok(list.clone());
    }
    let list = PyList::empty(fields.py());
    for field in fields.try_iter()? {
        list.append(field?)?;
    }
    Ok(list)
}

/// Carries out what a plan asks for, or a program.
pub(crate) fn apply(list: &Bound<'_, PyList>, patch: &HeaderPatch) -> PyResult<()> {
    let tuple = |name, value| memo::field(list.py(), name, value);
    match patch {
        HeaderPatch::Append(name, value) => list.append(tuple(name, value)?),
        HeaderPatch::Set(name, value) => {
            let places = places(list, name.as_str().as_bytes())?;
            let Some((first, others)) = places.split_first() else {
                return list.append(tuple(name, value)?);
            };
            for place in others.iter().rev() {
                list.del_item(*place)?;
            }
            list.set_item(*first, tuple(name, value)?)
        }
        HeaderPatch::SetDefault(name, value) => {
            if first(list, name.as_str().as_bytes())?.is_none() {
                list.append(tuple(name, value)?)?;
            }
            Ok(())
        }
        HeaderPatch::Remove(name) => remove(list, name.as_str().as_bytes()),
    }
}

/// The same for a list that others hold, too: carries it out in a copy.
pub(crate) fn applied<'py>(
    list: &Bound<'py, PyList>,
    patch: &HeaderPatch,
) -> PyResult<Bound<'py, PyList>> {
    if let HeaderPatch::Append(name, value) = patch {
        // Made of the size that it will have.
        let added = memo::field(list.py(), name, value)?.into_any();
        let mut fields = list.iter();
        let and_added = |_| fields.next().unwrap_or_else(|| added.clone());
        return PyList::new(list.py(), (0..=list.len()).map(and_added));
    }
    patched(list, std::slice::from_ref(patch))
}

/// A list of its own, in which all that a plan asks for is carried out.
pub(crate) fn patched<'py>(
    list: &Bound<'py, PyList>,
    patches: &[HeaderPatch],
) -> PyResult<Bound<'py, PyList>> {
    let copy = copy(list);
    for patch in patches {
        apply(&copy, patch)?;
    }
    Ok(copy)
}

/// A list of its own.
pub(crate) fn copy<'py>(list: &Bound<'py, PyList>) -> Bound<'py, PyList> {
    list.get_slice(0, list.len())
}

/// The value of the first field of that name.
pub(crate) fn first<'py>(
    list: &Bound<'py, PyList>,
    name: &[u8],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    for item in list.iter() {
        if field::is_named(&item, name)? {
            return field::parts(&item).map(|(_, value)| Some(value));
        }
    }
    Ok(None)
}

pub(crate) fn remove(list: &Bound<'_, PyList>, name: &[u8]) -> PyResult<()> {
    places(list, name)?
        .into_iter()
        .rev()
        .try_for_each(|place| list.del_item(place))
}

fn places(list: &Bound<'_, PyList>, name: &[u8]) -> PyResult<Vec<usize>> {
    let mut places = Vec::new();
    for (place, item) in list.iter().enumerate() {
        if field::is_named(&item, name)? {
            places.push(place);
        }
    }
    Ok(places)
}
