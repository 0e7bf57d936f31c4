//! From a call of a class to a response.

use super::native::{self, Given, Known, MOST, Native};
use crate::ffi::vectorcall::{self, Call, Make};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Has a class build its responses itself: a decorator.
///
/// Raises:
///     TypeError: If its `__init__` has other parameters than its native constructor.
#[pyfunction]
#[pyo3(name = "native")]
pub(crate) fn decorate<'py>(cls: Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    native::register(&cls)?;
    inherit(&cls)?;
    Ok(cls)
}

/// Whether instances of a class are built without a call of `__init__`, as it is now.
#[pyfunction]
pub(crate) fn is_native(cls: &Bound<'_, PyType>) -> PyResult<bool> {
    Ok(Known::of(cls)?.native.is_some())
}

/// Has a class build its responses itself if it has inherited a constructor that does.
pub(super) fn inherit(class: &Bound<'_, PyType>) -> PyResult<()> {
    if native::constructor(class)?.is_some() {
        vectorcall::install::<Response>(class);
    }
    Ok(())
}

/// Makes responses.
struct Response;

impl Make for Response {
    fn make<'py>(class: &Bound<'py, PyType>, call: Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let known = Known::of(class)?;
        if let Some(native) = &known.native
            && let Some(given) = sorted(native.get(), call)
        {
            let response = vectorcall::new_instance(class)?;
            (native.get().build)(&response, &known.profile, given)?;
            return Ok(response);
        }
        vectorcall::call_as_usual(class, call)
    }
}

/// Puts each argument in its place; `None` if they do not fit, which `__init__` has words for.
fn sorted<'a, 'py>(native: &Native, call: Call<'a, 'py>) -> Option<Given<'a, 'py>> {
    let parameters = &native.parameters[..];
    if call.positional.len() > parameters.len() {
        return None;
    }
    let mut given = [None; MOST];
    for (place, argument) in given.iter_mut().zip(call.positional) {
        *place = Some(&**argument);
    }
    for (keyword, argument) in call
        .keywords
        .into_iter()
        .flat_map(|names| names.iter_borrowed())
        .zip(call.named)
    {
        // A name that is written in a call is interned, as these are.
        let place = parameters.iter().position(|name| keyword.is(name))?;
        if given[place].replace(&**argument).is_some() {
            return None;
        }
    }
    let fits = given[..native.required].iter().all(Option::is_some);
    fits.then_some(given)
}
