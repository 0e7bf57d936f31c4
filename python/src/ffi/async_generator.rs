//! The steps of an asynchronous generator, taken as the interpreter's `async for` takes them.
//!
//! By `__anext__` and `send`, looked up and called for each item, a step costs more than the item does.
#![expect(
    unsafe_code,
    reason = "CPython offers an asynchronous generator's `__anext__` as a field of its type's struct"
)]

use pyo3::exceptions::{PyStopAsyncIteration, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::ptr::null_mut;

/// Where a step of an asynchronous generator has led to.
pub(crate) enum Step<'py> {
    /// To an item.
    Item(Bound<'py, PyAny>),
    /// To where it waits.
    Waits {
        /// What is sent into, to go on; it ends with the item.
        step: Bound<'py, PyAny>,
        /// What it asks of the event loop.
        asked: Bound<'py, PyAny>,
    },
    /// To its end.
    End,
}

/// A generator that an `async def` with a `yield` has made.
pub(crate) struct AsyncGenerator<'a, 'py> {
    generator: &'a Bound<'py, PyAny>,
    anext: ffi::unaryfunc,
}

impl<'a, 'py> AsyncGenerator<'a, 'py> {
    /// # Errors
    ///
    /// A `TypeError` if it is anything else.
    pub(crate) fn new(generator: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        let class = generator.get_type_ptr();
        // SAFETY: the type of a live object is alive, and if it is that of asynchronous generators, its
        // structs do not change.
        let anext = unsafe {
            (class == &raw mut ffi::PyAsyncGen_Type)
                .then(|| (*class).tp_as_async.as_ref()?.am_anext)
                .flatten()
        };
        match anext {
            Some(anext) => Ok(Self { generator, anext }),
            None => Err(PyTypeError::new_err(format!(
                "expected an asynchronous generator, not {}",
                generator.get_type().name()?
            ))),
        }
    }

    /// Asks for the next item.
    ///
    /// # Errors
    ///
    /// What the generator raises.
    pub(crate) fn step(&self) -> PyResult<Step<'py>> {
        let py = self.generator.py();
        let mut result = null_mut();
        // SAFETY: the function takes a generator of its own type, which is borrowed, and returns a new
        // reference, or null and an exception.
        let step =
            unsafe { Bound::from_owned_ptr_or_err(py, (self.anext)(self.generator.as_ptr()))? };
        // SAFETY: both objects are live and borrowed. With `PYGEN_ERROR` there is an exception, and
        // otherwise the result is a new reference.
        unsafe {
            match ffi::PyIter_Send(step.as_ptr(), ffi::Py_None(), &raw mut result) {
                ffi::PySendResult::PYGEN_RETURN => {
                    Ok(Step::Item(Bound::from_owned_ptr(py, result)))
                }
                ffi::PySendResult::PYGEN_NEXT => Ok(Step::Waits {
                    step,
                    asked: Bound::from_owned_ptr(py, result),
                }),
                ffi::PySendResult::PYGEN_ERROR => {
                    let error = PyErr::fetch(py);
                    if error.is_instance_of::<PyStopAsyncIteration>(py) {
                        Ok(Step::End)
                    } else {
                        Err(error)
                    }
                }
            }
        }
    }
}
