//! Classes that build their responses themselves, without a call of `__init__`.
//!
//! Such a class says so in its own file, twice: its Rust class implements [`NativeClass`] and has an
//! attribute `_native`, its Python class is decorated with `@_antiphon.native`. Whatever is not plain (an
//! `__init__` that a program has written or replaced, arguments that do not fit) goes the way on which
//! CPython sends every other class.

use super::class_profile::{self, CLASSES, ClassProfile};
use super::originals;
use crate::direct_mapped::Shared;
use crate::ffi::type_version::TypeVersion;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

/// A class that builds its responses itself.
pub(super) trait NativeClass {
    /// The parameters of its constructor, in order, at most [`MOST`]; not those that are by keyword only,
    /// with which a call goes to `__init__`.
    const PARAMETERS: &'static [&'static str];

    /// How many of them have no default.
    const REQUIRED: usize;

    /// Makes a response of an instance on which nobody has set anything yet.
    fn build<'py>(
        response: &Bound<'py, PyAny>,
        profile: &ClassProfile,
        given: Given<'_, 'py>,
    ) -> PyResult<()>;
}

/// The arguments of a call, each in the place of its parameter; `None` is what was not given.
pub(super) type Given<'a, 'py> = [Option<&'a Bound<'py, PyAny>>; MOST];

/// As many parameters as a class has.
pub(super) const MOST: usize = 9;

type Build = for<'a, 'py> fn(&Bound<'py, PyAny>, &ClassProfile, Given<'a, 'py>) -> PyResult<()>;

/// The constructor of a class: its attribute `_native`.
#[pyclass(frozen, module = "antiphon._antiphon")]
pub(super) struct Native {
    /// Interned, as are the names that are written in a call.
    pub(super) parameters: Vec<Py<PyString>>,
    pub(super) required: usize,
    pub(super) build: Build,
}

#[pymethods]
impl Native {
    /// The names of the parameters, in order, without `self`.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.parameters)
    }

    /// How many of the parameters have no default.
    #[getter]
    fn required(&self) -> usize {
        self.required
    }
}

impl Native {
    /// The constructor of `C`.
    pub(super) fn of<C: NativeClass>(py: Python<'_>) -> Self {
        const { assert!(C::PARAMETERS.len() <= MOST && C::REQUIRED <= C::PARAMETERS.len()) };
        let interned = |name: &&str| PyString::intern(py, name).unbind();
        Self {
            parameters: C::PARAMETERS.iter().map(interned).collect(),
            required: C::REQUIRED,
            build: C::build,
        }
    }
}

/// A class of the Python package whose `__init__` need not be called.
struct Registered {
    class: Py<PyType>,
    init: Py<PyAny>,
    native: Py<Native>,
}

static REGISTERED: Mutex<Vec<Registered>> = Mutex::new(Vec::new());

/// Has the instances of a class built by its `_native`, as long as it has the `__init__` that it has now.
pub(super) fn register(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let native = class.getattr(intern!(py, "_native"))?;
    let native = native.cast_into::<Native>()?;
    let init = class.getattr(intern!(py, "__init__"))?;
    let code = init.getattr(intern!(py, "__code__"))?;
    let names = code.getattr(intern!(py, "co_varnames"))?;
    let count: usize = code.getattr(intern!(py, "co_argcount"))?.extract()?;
    let found = names.cast::<PyTuple>()?.get_slice(1, count);
    let expected = PyTuple::new(py, &native.get().parameters)?;
    if !found.eq(&expected)? {
        let class = class.name()?;
        return Err(PyTypeError::new_err(format!(
            "{class}.__init__: expected the parameters {expected} of its native constructor, but found \
             {found}"
        )));
    }
    originals::remember(class)?;
    REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Registered {
            class: class.clone().unbind(),
            init: init.unbind(),
            native: native.unbind(),
        });
    Ok(())
}

/// The constructor of `class`, if its instances can be built without a call of `__init__`.
pub(super) fn constructor(class: &Bound<'_, PyType>) -> PyResult<Option<Py<Native>>> {
    let py = class.py();
    let registered: Vec<_> = REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .map(|known| {
            (
                known.class.clone_ref(py),
                known.init.clone_ref(py),
                known.native.clone_ref(py),
            )
        })
        .collect();
    let init = class.getattr(intern!(py, "__init__"))?;
    let Some((.., native)) = registered.iter().find(|(_, own, _)| own.is(&init)) else {
        return Ok(None);
    };
    // It calls those of its bases, in the place of which a program may have put others.
    let bases = class.mro();
    for (base, own, _) in &registered {
        if bases.iter().any(|other| other.is(base))
            && !base.bind(py).getattr(intern!(py, "__init__"))?.is(own)
        {
            return Ok(None);
        }
    }
    let allocates = class_profile::class_of_ours_with(class, intern!(py, "__new__"))?.is_some();
    Ok(allocates.then(|| native.clone_ref(py)))
}

/// A class, as far as making its instances goes.
pub(super) struct Known {
    pub(super) native: Option<Py<Native>>,
    pub(super) profile: Rc<ClassProfile>,
}

impl Known {
    pub(super) fn of(class: &Bound<'_, PyType>) -> PyResult<Rc<Self>> {
        thread_local! {
            static KNOWN: Shared<(TypeVersion, Rc<Known>), CLASSES> = const { Shared::new() };
        }
        let look_up = |class: &Bound<'_, PyType>| {
            Ok(Self {
                native: constructor(class)?,
                profile: ClassProfile::of(class)?,
            })
        };
        KNOWN.with(|known| class_profile::by_version(known, class, look_up))
    }
}
