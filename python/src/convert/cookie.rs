//! Cookies: what a program says of one, as the core takes it.

use crate::convert::error;
use antiphon_core::fields::FieldValue;
use antiphon_core::text::http_date::{Civil, HttpDate};
use antiphon_core::values::cookie::{Expires, MaxAge, SetCookie};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyInt, PyString, PyTimeAccess, PyTzInfo,
    PyTzInfoAccess,
};

/// Starlette's parameters of `set_cookie`.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) key: &'a Bound<'py, PyAny>,
    pub(crate) value: Text<'a, 'py>,
    pub(crate) max_age: Option<&'a Bound<'py, PyAny>>,
    pub(crate) expires: Option<&'a Bound<'py, PyAny>>,
    pub(crate) path: Text<'a, 'py>,
    pub(crate) domain: Text<'a, 'py>,
    pub(crate) secure: bool,
    pub(crate) httponly: bool,
    pub(crate) samesite: Word<'a, 'py>,
    pub(crate) partitioned: bool,
}

/// An argument that is text: the default, or what the caller gives.
pub(crate) enum Text<'a, 'py> {
    None,
    Static(&'static str),
    Given(Borrowed<'a, 'py, PyString>),
    /// What is no string, as `http.cookies` takes it: by its `str`.
    Made(Bound<'py, PyString>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Text<'a, 'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(match object.cast_exact::<PyString>() {
            Ok(text) => Self::Given(text),
            Err(_) if object.is_none() => Self::None,
            Err(_) => Self::Made(object.str()?),
        })
    }
}

/// An argument that is one of some words: of an enumeration, the value. Starlette asks it for `lower`,
/// so anything else hears that it has none.
pub(crate) struct Word<'a, 'py>(pub(crate) Text<'a, 'py>);

impl<'a, 'py> FromPyObject<'a, 'py> for Word<'a, 'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self(Text::Given(text)));
        }
        if !object.is_none() {
            object.call_method0(intern!(object.py(), "lower"))?;
        }
        Text::extract(object).map(Self)
    }
}

impl Text<'_, '_> {
    fn as_str(&self) -> PyResult<Option<&str>> {
        match self {
            Self::None => Ok(None),
            Self::Static(text) => Ok(Some(text)),
            Self::Given(text) => text.to_str().map(Some),
            Self::Made(text) => text.to_str().map(Some),
        }
    }

    /// As Python has it, for the words of its exceptions.
    fn as_object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyString::new(py, self.as_str()?.unwrap_or_default()).into_any())
    }
}

/// The value of the `Set-Cookie` field.
pub(crate) fn encode(arguments: &Arguments<'_, '_>) -> PyResult<FieldValue> {
    let Arguments { key, value, .. } = arguments;
    let py = key.py();
    let max_age = arguments.max_age.map(Age::of).transpose()?;
    let end = arguments.expires.map(End::of).transpose()?;
    let now = match &end {
        Some(End::After(_)) => now(py)?,
        _ => 0,
    };

    let key = name(key)?;
    // `None` is text, too, for a value.
    let mut cookie = SetCookie::new(
        key.to_str()
            .map_err(|error| error::cookie_name(&key).unwrap_or(error))?,
        value.as_str()?.unwrap_or("None"),
    )
    .path(arguments.path.as_str()?)
    .domain(arguments.domain.as_str()?)
    .samesite(None)
    .secure(arguments.secure)
    .httponly(arguments.httponly)
    .partitioned(arguments.partitioned);
    if let Some(samesite) = arguments.samesite.0.as_str()? {
        cookie = cookie.samesite_text(samesite);
    }
    if let Some(age) = &max_age {
        cookie = cookie.max_age(age.as_core()?);
    }
    if let Some(end) = &end {
        cookie = cookie.expires(end.as_core()?);
    }
    cookie.encode(now).map_err(|error| {
        let refused = match error.field() {
            "key" => Ok(key.clone().into_any()),
            "value" => value.as_object(py),
            "path" => arguments.path.as_object(py),
            "domain" => arguments.domain.as_object(py),
            "max_age" => arguments.max_age.unwrap_or(&key).str().map(Bound::into_any),
            _ => arguments.expires.unwrap_or(&key).str().map(Bound::into_any),
        };
        refused.map_or_else(|error| error, |refused| error::cookie(&refused, &error))
    })
}

/// The name: text, or what Python takes for it.
fn name<'py>(key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    match key.cast_exact::<PyString>() {
        Ok(name) => Ok(name.clone()),
        Err(_) => error::cookie_name(key).map_or_else(|| key.str(), Err),
    }
}

/// What `http.cookies` makes of any object that is given for text.
fn text<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    match object.cast_exact::<PyString>() {
        Ok(text) => Ok(text.clone()),
        Err(_) => object.str(),
    }
}

/// The value of `max_age`: seconds, a `timedelta`, or text that is sent as it is.
enum Age<'py> {
    Seconds(i64),
    Text(Bound<'py, PyString>),
}

impl<'py> Age<'py> {
    fn of(age: &Bound<'py, PyAny>) -> PyResult<Self> {
        match age.cast::<PyInt>().map(|age| age.extract()) {
            Ok(Ok(seconds)) => Ok(Self::Seconds(seconds)),
            Ok(Err(_)) => Ok(Self::Text(age.str()?)),
            Err(_) => match age.cast::<PyDelta>() {
                Ok(delta) => Ok(Self::Seconds(seconds(delta))),
                Err(_) => Ok(Self::Text(text(age)?)),
            },
        }
    }

    fn as_core(&self) -> PyResult<MaxAge<'_>> {
        Ok(match self {
            Self::Seconds(seconds) => MaxAge::Seconds(*seconds),
            Self::Text(text) => MaxAge::Text(text.to_str()?),
        })
    }
}

/// The value of `expires`: seconds from now, a date of any zone, or text that is sent as it is.
enum End<'py> {
    After(i64),
    At(HttpDate),
    Text(Bound<'py, PyString>),
}

impl<'py> End<'py> {
    fn of(end: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(date) = end.cast::<PyDateTime>() {
            let unix = unix(date)?;
            return HttpDate::from_unix(unix).map(Self::At).ok_or_else(|| {
                PyValueError::new_err("cookie expires: expected a date of the years 1 to 9999")
            });
        }
        match end.cast::<PyInt>() {
            // What is no 64 bits is no date either, which is for the core to say.
            Ok(seconds) => Ok(Self::After(seconds.extract().unwrap_or(i64::MAX))),
            Err(_) => Ok(Self::Text(text(end)?)),
        }
    }

    fn as_core(&self) -> PyResult<Expires<'_>> {
        Ok(match self {
            Self::After(seconds) => Expires::After(*seconds),
            Self::At(date) => Expires::At(*date),
            Self::Text(text) => Expires::Text(text.to_str()?),
        })
    }
}

/// Seconds since 1970, by the clock that programs (and their tests) replace: `time.time`.
fn now(py: Python<'_>) -> PyResult<i64> {
    static TIME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let time = TIME.get_or_try_init(py, || py.import("time").map(Bound::unbind))?;
    let now: f64 = time.call_method0(py, intern!(py, "time"))?.extract(py)?;
    Ok(now.floor() as i64)
}

/// Seconds since 1970 of a date; one without a zone is taken as UTC.
fn unix(date: &Bound<'_, PyDateTime>) -> PyResult<i64> {
    let py = date.py();
    let offset = match date.get_tzinfo() {
        None => 0,
        Some(zone) if zone.is(PyTzInfo::utc(py)?) => 0,
        Some(_) => match date.call_method0(intern!(py, "utcoffset"))? {
            offset if offset.is_none() => 0,
            offset => seconds(offset.cast::<PyDelta>()?),
        },
    };
    let utc = Civil {
        year: date.get_year().into(),
        month: date.get_month(),
        day: date.get_day(),
        hour: date.get_hour(),
        minute: date.get_minute(),
        second: date.get_second(),
    };
    Ok(utc.unix() - offset)
}

fn seconds(delta: &Bound<'_, PyDelta>) -> i64 {
    i64::from(delta.get_days()) * 86_400 + i64::from(delta.get_seconds())
}
