//! The list of pairs of byte strings that a response sends: what a caller gives for it, and how it is
//! changed.
//!
//! The list is the program's own. `MutableHeaders.raw` is the very list that a response sends, and
//! programs append to it; so it is changed in place, field by field.

use crate::convert::{field, field_cache};
use antiphon_core::fields::{Declared, FieldList, FieldName, FieldValue, HeaderPatch};
use antiphon_core::response::plan::{Body, Plan};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyIterator, PyList, PyMemoryView, PyString, PyTuple,
};

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
            fields.push(field_cache::callers(&name, &value)?.into_any());
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
            Ok(field_cache::callers(&name, &value)?.into_any())
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

/// What the fields say that the core asks about.
pub(crate) fn declared(list: &Bound<'_, PyList>) -> PyResult<Declared<PyBackedBytes>> {
    let mut declared = Declared::default();
    for item in list.iter() {
        note(&mut declared, &item, bytes_of)?;
    }
    Ok(declared)
}

/// Tells whether a field is one that the core asks about.
pub(crate) fn is_declared(field: &Bound<'_, PyAny>) -> PyResult<bool> {
    note(&mut Declared::default(), field, |_| ())
}

fn note<V>(
    declared: &mut Declared<V>,
    field: &Bound<'_, PyAny>,
    held: impl FnOnce(&Bound<'_, PyAny>) -> V,
) -> PyResult<bool> {
    if let Ok(pair) = field.cast_exact::<PyTuple>()
        && let [name, value] = pair.as_slice()
        && let Ok(name) = name.cast::<PyBytes>()
    {
        return Ok(declared.note(name.as_bytes(), || held(value)));
    }
    let (name, value) = field::parts(field)?;
    Ok(declared.note(&bytes_of(&name), || held(&value)))
}

/// Bytes in whatever they are held; what is no bytes has none.
pub(crate) fn bytes_of(object: &Bound<'_, PyAny>) -> PyBackedBytes {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return bytes.clone().into();
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return bytes.clone().into();
    }
    let bytes = match object.cast::<PyMemoryView>() {
        Ok(view) => view.call_method0(intern!(object.py(), "tobytes")),
        Err(error) => Err(error.into()),
    };
    let bytes = bytes.and_then(|bytes| Ok(bytes.cast_into::<PyBytes>()?));
    bytes
        .unwrap_or_else(|_| PyBytes::new(object.py(), b""))
        .into()
}

/// A list of pairs of byte strings, as the core changes one.
struct Pairs<'a, 'py>(&'a Bound<'py, PyList>);

impl FieldList for Pairs<'_, '_> {
    type Error = PyErr;

    fn position(&self, name: &FieldName) -> PyResult<Option<usize>> {
        for (place, item) in self.0.iter().enumerate() {
            if field::is_named(&item, name.as_str().as_bytes())? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn push(&mut self, name: FieldName, value: FieldValue) -> PyResult<()> {
        self.0
            .append(field_cache::field(self.0.py(), &name, &value)?)
    }

    fn replace(&mut self, place: usize, name: FieldName, value: FieldValue) -> PyResult<()> {
        let field = field_cache::field(self.0.py(), &name, &value)?;
        self.0.set_item(place, field)
    }

    fn remove_from(&mut self, start: usize, name: &FieldName) -> PyResult<()> {
        remove_from(self.0, start, name.as_str().as_bytes())
    }

    fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) -> PyResult<()> {
        for (place, item) in self.0.iter().enumerate().collect::<Vec<_>>().iter().rev() {
            if !keep(&bytes_of(&field::parts(item)?.0)) {
                self.0.del_item(*place)?;
            }
        }
        Ok(())
    }
}

/// Carries out what a plan asks for, or a program.
pub(crate) fn apply(list: &Bound<'_, PyList>, patch: HeaderPatch) -> PyResult<()> {
    patch.apply_to(&mut Pairs(list))
}

/// The same for a list that others hold, too: carries it out in a copy.
pub(crate) fn applied<'py>(
    list: &Bound<'py, PyList>,
    patch: HeaderPatch,
) -> PyResult<Bound<'py, PyList>> {
    if let HeaderPatch::Append(name, value) = &patch {
        // Made of the size that it will have.
        let added = field_cache::field(list.py(), name, value)?.into_any();
        let mut fields = list.iter();
        let and_added = |_| fields.next().unwrap_or_else(|| added.clone());
        return PyList::new(list.py(), (0..=list.len()).map(and_added));
    }
    let copy = copy(list);
    apply(&copy, patch)?;
    Ok(copy)
}

/// Carries out a plan in a list of its own; one that changes nothing leaves the list as it is.
pub(crate) fn planned<'py, T>(
    list: &Bound<'py, PyList>,
    plan: Plan<T>,
) -> PyResult<(Bound<'py, PyList>, Body<T>)> {
    let list = if plan.keeps_headers() {
        list.clone()
    } else {
        copy(list)
    };
    let (_, body) = apply_plan(&list, plan)?;
    Ok((list, body))
}

/// Carries out a plan in the list itself; returns the status and the content.
pub(crate) fn apply_plan<T>(list: &Bound<'_, PyList>, plan: Plan<T>) -> PyResult<(u16, Body<T>)> {
    plan.apply_to(&mut Pairs(list))
}

/// Tells whether there is a field of that name.
pub(crate) fn contains(list: &Bound<'_, PyList>, name: &FieldName) -> PyResult<bool> {
    Ok(Pairs(list).position(name)?.is_some())
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

/// Removes all fields of that name.
pub(crate) fn remove(list: &Bound<'_, PyList>, name: &[u8]) -> PyResult<()> {
    remove_from(list, 0, name)
}

fn remove_from(list: &Bound<'_, PyList>, start: usize, name: &[u8]) -> PyResult<()> {
    let mut places = Vec::new();
    for (place, item) in list.iter().enumerate().skip(start) {
        if field::is_named(&item, name)? {
            places.push(place);
        }
    }
    places
        .into_iter()
        .rev()
        .try_for_each(|place| list.del_item(place))
}
