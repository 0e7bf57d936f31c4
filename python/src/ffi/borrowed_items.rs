//! A look into Python's own containers and strings, without a call of CPython and a reference taken
//! for each item; with them rendering takes a seventh more.
#![expect(
    unsafe_code,
    reason = "an item lives without a reference of ours as long as nobody takes it away"
)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::iter;
use std::ptr::null_mut;

/// The items of a list.
///
/// # Safety
///
/// No Python code may run while an item is used, since it could take the item out of the list. It may
/// run between two of them, whatever becomes of the list.
pub(super) unsafe fn items_of_list<'a, 'py>(
    list: &'a Bound<'py, PyList>,
) -> impl Iterator<Item = Borrowed<'a, 'py, PyAny>> {
    let mut index = 0;
    iter::from_fn(move || {
        if index >= list.len() {
            return None;
        }
        // SAFETY: there is such a place in the list, and a list's places are all filled.
        let item = unsafe { ffi::PyList_GET_ITEM(list.as_ptr(), index as ffi::Py_ssize_t) };
        index += 1;
        // SAFETY: the list has a reference to the item; for how long, the caller sees to.
        Some(unsafe { Borrowed::from_ptr(list.py(), item) })
    })
}

/// The keys of a dictionary, and their values.
///
/// # Safety
///
/// As for [`items_of_list`].
pub(super) unsafe fn items_of_dict<'a, 'py>(
    dict: &'a Bound<'py, PyDict>,
) -> impl Iterator<Item = (Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>)> {
    let mut place = 0;
    iter::from_fn(move || {
        let (mut key, mut value) = (null_mut(), null_mut());
        // SAFETY: all of them are valid, and CPython looks whether there is such a place.
        let found = unsafe { ffi::PyDict_Next(dict.as_ptr(), &mut place, &mut key, &mut value) };
        if found == 0 {
            return None;
        }
        // SAFETY: the dictionary has references to both; for how long, the caller sees to.
        let [key, value] = unsafe { [key, value].map(|item| Borrowed::from_ptr(dict.py(), item)) };
        Some((key, value))
    })
}

/// The text of a string that is known to be ASCII.
#[cfg(not(Py_3_14))]
#[inline]
pub(super) fn ascii<'a>(string: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let string = string.as_ptr();
    // SAFETY: it is a string. One that is compact and ASCII has as many bytes as its length says,
    // which come right after its head, do not change, and live as long as it does.
    unsafe {
        (ffi::PyUnicode_IS_COMPACT_ASCII(string) != 0).then(|| {
            let text = string.cast::<ffi::PyASCIIObject>().add(1).cast();
            let len = ffi::PyUnicode_GET_LENGTH(string);
            std::slice::from_raw_parts(text, len as usize)
        })
    }
}

/// PyO3 does not know how these interpreters lay out a string.
#[cfg(Py_3_14)]
pub(super) fn ascii<'a>(_: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    None
}
