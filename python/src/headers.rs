//! Headers as Python programs read and change them, over a list of fields.

use crate::convert::{field, field_list};
use antiphon_core::fields::{FieldName, HeaderPatch};
use pyo3::exceptions::{PyAssertionError, PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator, PyList, PyMapping, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

/// Header fields that are read: an ordered multidict whose names know no case.
///
/// See `antiphon.datastructures.Headers`, which is the class that programs use.
#[pyclass(subclass, mapping, module = "antiphon._antiphon")]
pub(crate) struct Headers {
    list: Py<PyList>,
}

#[pymethods]
impl Headers {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords), text_signature = "(headers=None, raw=None, scope=None)")]
    fn new(
        py: Python<'_>,
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> Self {
        Self {
            list: PyList::empty(py).unbind(),
        }
    }

    /// Take a mapping of text, a list of pairs of byte strings, or the headers of a scope.
    ///
    /// `raw` is kept, not copied. The headers of `scope` are replaced by the list that is kept.
    #[pyo3(signature = (headers=None, raw=None, scope=None))]
    fn __init__<'py>(
        slf: &Bound<'py, Self>,
        headers: Option<&Bound<'py, PyAny>>,
        raw: Option<&Bound<'py, PyAny>>,
        scope: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let refuse = |one: &str, other: &str| {
            let text = format!("Cannot set both \"{one}\" and \"{other}\".");
            Err(PyAssertionError::new_err(text))
        };
        let list = match (headers, raw, scope) {
            (None, None, None) => PyList::empty(py),
            (Some(_), Some(_), _) => return refuse("headers", "raw"),
            (Some(_), _, Some(_)) => return refuse("headers", "scope"),
            (_, Some(_), Some(_)) => return refuse("raw", "scope"),
            (Some(headers), ..) => PyList::new(py, field_list::of_caller(headers)?)?,
            (_, Some(raw), _) => field_list::as_list(raw)?,
            (.., Some(scope)) => {
                let name = intern!(py, "headers");
                let fields = field_list::as_list(&scope.get_item(name)?)?;
                let list = fields.get_slice(0, fields.len());
                scope.set_item(name, &list)?;
                list
            }
        };
        slf.borrow_mut().list = list.unbind();
        Ok(())
    }

    /// The fields as pairs of byte strings, in a list of their own.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyList> {
        let list = self.list.bind(py);
        list.get_slice(0, list.len())
    }

    /// The list itself, where Starlette's class keeps it.
    #[getter]
    fn _list<'py>(&self, py: Python<'py>) -> Bound<'py, PyList> {
        self.list.bind(py).clone()
    }

    /// The names, in order; a name that comes twice is there twice.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.collect(py, |(name, _)| field::text(&name))
    }

    /// The values, in order.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.collect(py, |(_, value)| field::text(&value))
    }

    /// The names and values, in order.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.collect(py, |(name, value)| {
            let pair = PyTuple::new(py, [field::text(&name)?, field::text(&value)?])?;
            Ok(pair.into_any())
        })
    }

    /// The values of all fields of that name.
    fn getlist<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let (key, values) = (field::key(key)?, PyList::empty(py));
        for item in self.list.bind(py).iter() {
            if field::is_named(&item, key.as_bytes())? {
                values.append(field::text(&field::parts(&item)?.1)?)?;
            }
        }
        Ok(values)
    }

    /// The value of the first field of that name, or `default`.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (py, name) = (slf.py(), intern!(slf.py(), "__getitem__"));
        let is_own = slf
            .get_type()
            .getattr(name)?
            .is(&py.get_type::<Self>().getattr(name)?);
        let found = if is_own {
            slf.borrow().value(py, key)?
        } else {
            match slf.as_any().get_item(key) {
                Err(error) if error.is_instance_of::<PyKeyError>(py) => None,
                found => Some(found?),
            }
        };
        Ok(found.or(default))
    }

    /// The same fields, to be changed.
    fn mutablecopy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        mutable(self.raw(py).as_any())
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.value(py, key)?
            .ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
    }

    fn __contains__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(field_list::first(self.list.bind(py), field::key(key)?.as_bytes())?.is_some())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        slf.call_method0(intern!(slf.py(), "keys"))?.try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.list.bind(py).len()
    }

    /// Equal to headers that hold the same fields, in any order.
    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let sorted = |list: &Py<PyList>| -> PyResult<Bound<'py, PyList>> {
            let list = list.bind(py);
            let copy = list.get_slice(0, list.len());
            copy.sort()?;
            Ok(copy)
        };
        let is_equal = match other.cast::<Self>() {
            Ok(other) => sorted(&self.list)?.eq(sorted(&other.borrow().list)?)?,
            // Starlette's, which can compare ours with theirs.
            Err(_) if other.hasattr(intern!(py, "_list"))? => {
                return Ok(py.NotImplemented().into_bound(py));
            }
            Err(_) => false,
        };
        Ok(is_equal.into_pyobject(py)?.to_owned().into_any())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let class = slf.get_type().name()?;
        let dict = PyDict::new(py);
        let items = slf.call_method0(intern!(py, "items"))?;
        dict.call_method1(intern!(py, "update"), (items,))?;
        if dict.len() == slf.as_any().len()? {
            return Ok(format!("{class}({})", dict.repr()?));
        }
        let raw = slf.getattr(intern!(py, "raw"))?;
        Ok(format!("{class}(raw={})", raw.repr()?))
    }

    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let state = PyDict::new(slf.py());
        if let Some(own) = slf.getattr_opt(intern!(slf.py(), "__dict__"))? {
            state.update(own.cast::<PyMapping>()?)?;
        }
        state.set_item(intern!(slf.py(), "_list"), &slf.borrow().list)?;
        Ok(state)
    }

    fn __setstate__<'py>(slf: &Bound<'py, Self>, state: &Bound<'py, PyDict>) -> PyResult<()> {
        for (name, value) in state.copy()?.iter() {
            if name.eq(intern!(slf.py(), "_list"))? {
                slf.borrow_mut().list = field_list::as_list(&value)?.unbind();
            } else {
                slf.setattr(name.cast::<PyString>()?, value)?;
            }
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.list)
    }
}

impl Headers {
    fn value<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = field_list::first(self.list.bind(py), field::key(key)?.as_bytes())?;
        value.map(|value| field::text(&value)).transpose()
    }

    fn collect<'py>(
        &self,
        py: Python<'py>,
        part: impl Fn((Bound<'py, PyAny>, Bound<'py, PyAny>)) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for item in self.list.bind(py).iter() {
            list.append(part(field::parts(&item)?)?)?;
        }
        Ok(list)
    }
}

/// Header fields that can be changed, in place.
///
/// See `antiphon.datastructures.MutableHeaders`, which is the class that programs use.
#[pyclass(extends = Headers, subclass, mapping, module = "antiphon._antiphon")]
pub(crate) struct MutableHeaders;

#[pymethods]
impl MutableHeaders {
    #[new]
    #[pyo3(signature = (*arguments, **keywords), text_signature = "(headers=None, raw=None, scope=None)")]
    fn new(
        py: Python<'_>,
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Headers::new(py, arguments, keywords)).add_subclass(Self)
    }

    /// The fields as pairs of byte strings: the list itself, to which more can be added.
    #[getter]
    fn raw<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyList> {
        list(slf)
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (name, value) = field::of_caller(key, value)?;
        field_list::apply(&list(slf), HeaderPatch::Set(name, value))
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        field_list::remove(&list(slf), field::key(key)?.as_bytes())
    }

    /// Add a field, beside those of the same name.
    fn append(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (name, value) = field::of_caller(key, value)?;
        field_list::apply(&list(slf), HeaderPatch::Append(name, value))
    }

    /// Add a field unless there is one of that name, and return the value of the first.
    fn setdefault<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let list = list(slf);
        let (name, checked) = field::of_caller(key, &value)?;
        match field_list::first(&list, name.as_str().as_bytes())? {
            Some(own) => field::text(&own),
            None => {
                field_list::apply(&list, HeaderPatch::Append(name, checked))?;
                Ok(value)
            }
        }
    }

    /// Set each field of a mapping.
    fn update(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        for pair in other.call_method0(intern!(slf.py(), "items"))?.try_iter()? {
            let (key, value) = field::parts(&pair?)?;
            slf.set_item(key, value)?;
        }
        Ok(())
    }

    /// Add a word to the `Vary` field.
    fn add_vary_header(slf: &Bound<'_, Self>, vary: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let name = PyString::intern(py, FieldName::VARY.as_str());
        let words = slf.borrow().into_super().getlist(py, &name)?;
        words.append(vary)?;
        let joined = PyString::new(py, ", ").call_method1(intern!(py, "join"), (words,))?;
        slf.set_item(name, joined)
    }

    fn __ior__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(intern!(slf.py(), "update"), (as_mapping(other)?,))?;
        Ok(())
    }

    fn __or__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let other = as_mapping(other)?;
        let copy = slf.call_method0(intern!(slf.py(), "mutablecopy"))?;
        copy.call_method1(intern!(slf.py(), "update"), (other,))?;
        Ok(copy)
    }
}

/// Carries out what the core asks for.
pub(crate) fn apply(headers: &Bound<'_, MutableHeaders>, patch: HeaderPatch) -> PyResult<()> {
    field_list::apply(&list(headers), patch)
}

fn list<'py>(headers: &Bound<'py, MutableHeaders>) -> Bound<'py, PyList> {
    headers.as_super().borrow().list.bind(headers.py()).clone()
}

/// `antiphon.datastructures.MutableHeaders` over a list that is kept, not copied.
pub(crate) fn mutable<'py>(list: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = list.py();
    CLASS
        .import(py, "antiphon.datastructures", "MutableHeaders")?
        .call1((py.None(), list))
}

/// Tells whether `headers` are [`mutable`] ones over this very list.
pub(crate) fn holds(headers: &Bound<'_, PyAny>, list: &Bound<'_, PyAny>) -> bool {
    headers
        .cast::<Headers>()
        .is_ok_and(|headers| headers.borrow().list.is(list))
}

fn as_mapping<'a, 'py>(other: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyAny>> {
    if other.cast::<PyMapping>().is_ok() {
        return Ok(other);
    }
    let found = other.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "Expected a mapping but got {found}"
    )))
}
