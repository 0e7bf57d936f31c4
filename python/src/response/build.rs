//! The two things that safe code cannot do, and without which a plain response costs twice as much.
//!
//! - To read a class's *version*, by which what is known of it can be kept (`class.rs`).
//! - To give a class a *vectorcall*. Without one, CPython makes a tuple and a dictionary of the
//!   arguments of `PlainTextResponse(…)`, then calls `__new__` and `__init__` with them.
//!
//! Whatever is not plain (a constructor that a program has replaced, arguments that do not fit) goes
//! the way on which CPython sends every other class.
#![expect(
    unsafe_code,
    reason = "CPython keeps a class's version and its vectorcall in fields of its struct"
)]

use crate::response::base::Response;
use crate::response::class_profile::{Class, Constructor};
use crate::response::initialise::Arguments;
use crate::response::{file, redirect};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple, PyType};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

/// Tells one state of a class from all others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    class: usize,
    tag: u32,
}

impl Version {
    pub(crate) const fn address(self) -> usize {
        self.class
    }
}

/// The version of a class; `None` while the interpreter has given it none.
///
/// CPython gives every state of every class a number of its own, which it uses itself to keep what
/// it has looked up, and takes it away when the class or one of its bases changes.
pub(crate) fn version(class: &Bound<'_, PyType>) -> Option<Version> {
    let class: *const ffi::PyTypeObject = class.as_type_ptr();
    // SAFETY: `class` is a live type object, and the attached thread alone writes to it.
    let (tag, flags) = unsafe { ((*class).tp_version_tag, (*class).tp_flags) };
    // Until 3.11 a tag that counts no longer may be left behind, without the flag.
    let counts = cfg!(Py_3_12) || flags & VALID_VERSION_TAG != 0;
    (tag != 0 && counts).then_some(Version {
        class: class.addr(),
        tag,
    })
}

/// `Py_TPFLAGS_VALID_VERSION_TAG`
const VALID_VERSION_TAG: std::ffi::c_ulong = 1 << 19;

/// Let a class build its responses without `__init__`, as long as it has the one it has now.
///
/// `signature` is "content", "json", "redirect" or "file".
#[pyfunction]
pub(crate) fn construct_natively(cls: &Bound<'_, PyType>, signature: &str) -> PyResult<()> {
    let constructor = match signature {
        "json" => Constructor::Json,
        "redirect" => Constructor::Redirect,
        "file" => Constructor::File,
        _ => Constructor::Content,
    };
    let init = cls.getattr(intern!(cls.py(), "__init__"))?;
    let native = Native {
        class: cls.clone().unbind(),
        init: init.unbind(),
        constructor,
    };
    NATIVES
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(Arc::new(native));
    inherit(cls)
}

/// Does the same for a class that has inherited one of our constructors.
pub(crate) fn inherit(class: &Bound<'_, PyType>) -> PyResult<()> {
    if constructor(class)?.is_none() {
        return Ok(());
    }
    // SAFETY: `class` is a live type object of a class statement, hence on the heap and not
    // immutable; the field takes a function of this signature, and the interpreter reads it only.
    unsafe {
        (*class.as_type_ptr()).tp_vectorcall = Some(construct);
    }
    Ok(())
}

/// Which of our constructors `class` has, if it has one of them.
pub(crate) fn constructor(class: &Bound<'_, PyType>) -> PyResult<Option<Constructor>> {
    let py = class.py();
    let natives = NATIVES
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone();
    let init = class.getattr(intern!(py, "__init__"))?;
    let Some(own) = natives.iter().find(|native| native.init.is(&init)) else {
        return Ok(None);
    };
    // It calls those of its bases, in the place of which a program may have put others.
    let bases = class.mro();
    for native in &natives {
        let base = native.class.bind(py);
        if bases.iter().any(|other| other.is(base))
            && !base.getattr(intern!(py, "__init__"))?.is(&native.init)
        {
            return Ok(None);
        }
    }
    Ok(Some(own.constructor))
}

/// A class whose `__init__` need not be called.
struct Native {
    class: Py<PyType>,
    init: Py<PyAny>,
    constructor: Constructor,
}

static NATIVES: Mutex<Vec<Arc<Native>>> = Mutex::new(Vec::new());

/// `class(*arguments)`, called by the interpreter.
unsafe extern "C" fn construct(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls a vectorcall with its thread attached.
    let py = unsafe { Python::assume_attached() };
    let built = panic::catch_unwind(AssertUnwindSafe(|| {
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
        build(&class, given, keywords.as_deref())
    }));
    match built {
        Ok(Ok(response)) => response.into_ptr(),
        Ok(Err(error)) => {
            error.restore(py);
            std::ptr::null_mut()
        }
        Err(_) => {
            PyRuntimeError::new_err("a response could not be built").restore(py);
            std::ptr::null_mut()
        }
    }
}

fn build<'py>(
    class: &Bound<'py, PyType>,
    (positional, named): (&[Borrowed<'_, 'py, PyAny>], &[Borrowed<'_, 'py, PyAny>]),
    keywords: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let known = Class::of(class)?;
    if let Some(constructor) = known.constructor
        && let Some(given) = constructor.sort(positional, named, keywords)
    {
        let response = allocate(class)?;
        constructor.initialise(&response, &known, given)?;
        return Ok(response.into_any());
    }
    let positional = PyTuple::new(py, positional)?;
    let dict = PyDict::new(py);
    for (name, value) in keywords.into_iter().flatten().zip(named) {
        dict.set_item(name, value)?;
    }
    // SAFETY: that is how the interpreter calls a class without a vectorcall: with live objects, of
    // which it borrows each, for a new reference or null and an exception.
    unsafe {
        let response = ffi::PyType_Type
            .tp_call
            .map_or(std::ptr::null_mut(), |call| {
                call(class.as_ptr(), positional.as_ptr(), dict.as_ptr())
            });
        Bound::from_owned_ptr_or_err(py, response)
    }
}

/// A response of `class` on which `__init__` has not run.
fn allocate<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, Response>> {
    static NO_ARGUMENTS: PyOnceLock<Py<PyTuple>> = PyOnceLock::new();
    let py = class.py();
    let none = NO_ARGUMENTS.get_or_init(py, || PyTuple::empty(py).unbind());
    // SAFETY: `class` is a live type object, and its `__new__` is one of ours (`Class::constructor`),
    // which makes an instance of `class` for a new reference, or null and an exception.
    unsafe {
        let class = class.as_type_ptr();
        let response = (*class).tp_new.map_or(std::ptr::null_mut(), |new| {
            new(class, none.as_ptr(), std::ptr::null_mut())
        });
        Ok(Bound::from_owned_ptr_or_err(py, response)?.cast_into_unchecked())
    }
}

/// The arguments of a call, in the order of the signature; `None` is what was not given.
type Sorted<'a, 'py> = [Option<&'a Bound<'py, PyAny>>; MOST];

/// As many arguments as a class takes.
const MOST: usize = 8;

impl Constructor {
    /// Puts each argument in its place; `None` if they do not fit, which `__init__` has words for.
    fn sort<'a, 'py>(
        self,
        positional: &'a [Borrowed<'_, 'py, PyAny>],
        named: &'a [Borrowed<'_, 'py, PyAny>],
        keywords: Option<&Bound<'py, PyTuple>>,
    ) -> Option<Sorted<'a, 'py>> {
        if positional.len() > self.count() {
            return None;
        }
        let mut sorted = [None; MOST];
        for (place, argument) in sorted.iter_mut().zip(positional) {
            *place = Some(&**argument);
        }
        if let Some(keywords) = keywords {
            let names = self.names(keywords.py());
            for (keyword, argument) in keywords.iter_borrowed().zip(named) {
                // A name that is written in a call is interned, as these are.
                let place = names.iter().position(|name| keyword.is(*name))?;
                if sorted[place].replace(&**argument).is_some() {
                    return None;
                }
            }
        }
        let fits = self == Self::Content || sorted[0].is_some();
        fits.then_some(sorted)
    }

    /// How many arguments it takes.
    const fn count(self) -> usize {
        match self {
            Self::Content | Self::Json => 5,
            Self::Redirect => 4,
            Self::File => 8,
        }
    }

    /// The names of its arguments; those beyond its count stand for nothing, as others come first.
    fn names(self, py: Python<'_>) -> [&Bound<'_, PyString>; MOST] {
        let first = match self {
            Self::Content | Self::Json => intern!(py, "content"),
            Self::Redirect => intern!(py, "url"),
            Self::File => intern!(py, "path"),
        };
        let (status_code, headers) = (intern!(py, "status_code"), intern!(py, "headers"));
        let (media_type, background) = (intern!(py, "media_type"), intern!(py, "background"));
        let mut names = [
            first,
            status_code,
            headers,
            media_type,
            background,
            first,
            first,
            first,
        ];
        match self {
            Self::Content | Self::Json => {}
            Self::Redirect => names[3..5].copy_from_slice(&[background, background]),
            Self::File => names[5..].copy_from_slice(&[
                intern!(py, "filename"),
                intern!(py, "stat_result"),
                intern!(py, "content_disposition_type"),
            ]),
        }
        names
    }

    fn initialise<'py>(
        self,
        response: &Bound<'py, Response>,
        class: &Class,
        given: Sorted<'_, 'py>,
    ) -> PyResult<()> {
        let py = response.py();
        let unless_none = |argument: Option<_>| {
            argument.filter(|argument: &&Bound<'py, PyAny>| !argument.is_none())
        };
        let [first, status_code, headers, third, fourth, others @ ..] = given;
        let status_code = |default| match status_code {
            Some(code) => code.clone(),
            None => PyInt::new(py, default).into_any(),
        };
        let (media_type, background) = match self {
            Self::Redirect => (None, third),
            _ => (third, fourth),
        };
        let (content, status_code) = match (self, first) {
            (Self::File, Some(path)) => {
                let [filename, stat_result, disposition_type] = others.map(unless_none);
                let arguments = file::Arguments {
                    path,
                    status_code: status_code(200),
                    headers: unless_none(headers),
                    media_type: unless_none(media_type),
                    background: unless_none(background),
                    filename,
                    stat_result,
                    disposition_type,
                };
                return file::initialise(response.cast()?, Some(class), arguments);
            }
            (Self::Redirect, _) => (Some(PyBytes::new(py, b"").into_any()), status_code(307)),
            _ => (unless_none(first).cloned(), status_code(200)),
        };
        let arguments = Arguments {
            content,
            status_code,
            headers: unless_none(headers),
            media_type: unless_none(media_type),
            background: unless_none(background),
        };
        let fresh = true;
        Response::initialise(response, class, fresh, arguments)?;
        match (self, first) {
            (Self::Redirect, Some(url)) => redirect::locate(response, url),
            _ => Ok(()),
        }
    }
}
