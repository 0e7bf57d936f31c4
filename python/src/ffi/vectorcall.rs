//! Calls of a class that reach us as they are written.
//!
//! Without a vectorcall, CPython makes a tuple and a dictionary of the arguments of
//! `PlainTextResponse(…)`, then calls `__new__` and `__init__` with them.
#![expect(
    unsafe_code,
    reason = "CPython keeps a class's vectorcall in a field of its struct"
)]

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::panic::{self, AssertUnwindSafe};

/// What a class is called with.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a, 'py> {
    pub(crate) positional: &'a [Borrowed<'a, 'py, PyAny>],
    /// The values of `keywords`, in the same order.
    pub(crate) named: &'a [Borrowed<'a, 'py, PyAny>],
    pub(crate) keywords: Option<&'a Bound<'py, PyTuple>>,
}

/// What makes an instance of a class.
pub(crate) trait Make {
    fn make<'py>(class: &Bound<'py, PyType>, call: Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// Has `M` make the instances of a class from now on; of a class of a class statement only.
pub(crate) fn install<M: Make>(class: &Bound<'_, PyType>) {
    let class = class.as_type_ptr();
    // SAFETY: `class` is a live type object, and the attached thread alone writes to it. One on the
    // heap is not shared between interpreters; the field takes a function of this signature, which the
    // interpreter calls in the place of the metaclass's `__call__`.
    unsafe {
        if (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 {
            (*class).tp_vectorcall = Some(called::<M>);
        }
    }
}

/// Calls a class as the interpreter calls one that has no vectorcall.
pub(crate) fn call_as_usual<'py>(
    class: &Bound<'py, PyType>,
    call: Call<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let positional = PyTuple::new(py, call.positional)?;
    let named = PyDict::new(py);
    for (name, value) in call.keywords.into_iter().flatten().zip(call.named) {
        named.set_item(name, value)?;
    }
    // SAFETY: that is how the interpreter does it: with live objects, of which it borrows each, for a
    // new reference or null and an exception.
    unsafe {
        let made = ffi::PyType_Type
            .tp_call
            .map_or(std::ptr::null_mut(), |call| {
                call(class.as_ptr(), positional.as_ptr(), named.as_ptr())
            });
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// Makes an instance of a class by its `__new__`, without an argument, and leaves `__init__` out.
pub(crate) fn new_instance<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    static NO_ARGUMENTS: PyOnceLock<Py<PyTuple>> = PyOnceLock::new();
    let py = class.py();
    let none = NO_ARGUMENTS.get_or_init(py, || PyTuple::empty(py).unbind());
    // SAFETY: `class` is a live type object. Its own `tp_new` is called as `type.__call__` does it, for
    // a new reference, or null and an exception.
    unsafe {
        let class = class.as_type_ptr();
        let made = (*class).tp_new.map_or(std::ptr::null_mut(), |new| {
            new(class, none.as_ptr(), std::ptr::null_mut())
        });
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// `class(*arguments)`, called by the interpreter.
unsafe extern "C" fn called<M: Make>(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls a vectorcall with its thread attached.
    let py = unsafe { Python::assume_attached() };
    let made = panic::catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the interpreter hands over a live class; `arguments` points to as many live objects
        // as `count` says (but for its highest bit) and as `keywords`, a tuple or null, has names.
        let (class, keywords, given) = unsafe {
            let class = Borrowed::from_ptr(py, class).cast_unchecked::<PyType>();
            let keywords = Borrowed::from_ptr_or_opt(py, keywords);
            let keywords = keywords.map(|keywords| keywords.cast_unchecked::<PyTuple>());
            let count = ffi::PyVectorcall_NARGS(count) as usize;
            let named = keywords.map_or(0, |keywords| keywords.len());
            let given: &[Borrowed<'_, '_, PyAny>] = if count + named == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(arguments.cast(), count + named)
            };
            (class, keywords, given.split_at(count))
        };
        let call = Call {
            positional: given.0,
            named: given.1,
            keywords: keywords.as_deref(),
        };
        M::make(&class, call)
    }));
    match made {
        Ok(Ok(object)) => object.into_ptr(),
        Ok(Err(error)) => {
            error.restore(py);
            std::ptr::null_mut()
        }
        Err(_) => {
            PyRuntimeError::new_err("an object could not be built").restore(py);
            std::ptr::null_mut()
        }
    }
}
