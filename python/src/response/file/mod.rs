//! Files: opened once, planned by the core, and read without waiting where memory holds them.

mod answer;
pub(crate) mod messages;
mod request;

use crate::convert::{error, media_type};
use crate::response::base;
use crate::response::base::Response;
use crate::response::class_profile::Class;
use answer::answer;
use antiphon_core::fields::FieldValue;
use antiphon_core::response::file::{self, Stat};
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::text::number;
use antiphon_core::values::content_disposition::{self, DispositionType};
use antiphon_fs::OpenFile;
use md5::{Digest, Md5};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyTuple};
use std::path::PathBuf;

/// The base of `antiphon.responses.FileResponse`.
#[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
pub(crate) struct FileResponse;

#[pymethods]
impl FileResponse {
    #[new]
    #[pyo3(signature = (*arguments, **keywords))]
    fn new(
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Response::new(arguments, keywords)).add_subclass(Self)
    }

    /// Build the response: what `__init__` does with its arguments.
    #[expect(clippy::too_many_arguments, reason = "Starlette's parameters")]
    fn _initialise_file<'py>(
        slf: &Bound<'py, Self>,
        path: &Bound<'py, PyAny>,
        status_code: Bound<'py, PyAny>,
        headers: Option<&Bound<'py, PyAny>>,
        media_type: Option<&Bound<'py, PyAny>>,
        background: Option<&Bound<'py, PyAny>>,
        filename: Option<&Bound<'py, PyAny>>,
        stat_result: Option<&Bound<'py, PyAny>>,
        disposition_type: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let arguments = Arguments {
            path,
            status_code,
            headers,
            media_type,
            background,
            filename,
            stat_result,
            disposition_type,
        };
        initialise(slf, None, arguments)
    }

    /// Set the header fields that come from the file: `Content-Length`, `Last-Modified`, `ETag`.
    ///
    /// A class may override it.
    fn set_stat_headers(slf: &Bound<'_, Self>, stat_result: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let length: u64 = stat_result.getattr(intern!(py, "st_size"))?.extract()?;
        let given = stat_result.getattr(intern!(py, "st_mtime"))?;
        let modified: f64 = given.extract()?;
        let etag = match given.cast::<PyFloat>() {
            Ok(_) => etag(py, modified, length)?,
            Err(_) => tag(given.str()?.to_str()?, length)?,
        };
        let stat = Stat {
            length,
            last_modified: date(modified),
            etag: Some(etag),
            cache_control: None,
        };
        let status = base::status(&slf.getattr(intern!(py, "status_code"))?)?;
        for patch in file::stat_head(status, stat) {
            Response::patch(slf.as_super(), patch)?;
        }
        Ok(())
    }

    /// The messages that answer `scope`, or `None` if the disk has to be waited for: two of them, or
    /// a `Delivery`.
    fn _open<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let path = slf.getattr(intern!(slf.py(), "path"))?;
        match OpenFile::open_cached(&file_path(&path)?) {
            Ok(Some(file)) => answer(slf, path, file, scope).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error::open(&path, &error)),
        }
    }

    /// The messages that answer `scope`; for a thread that may wait.
    fn _open_waiting<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let path = slf.getattr(intern!(py, "path"))?;
        let place = file_path(&path)?;
        match py.detach(|| OpenFile::open(&place)) {
            Ok(file) => answer(slf, path, file, scope),
            Err(error) => Err(error::open(&path, &error)),
        }
    }
}

/// What the constructor is given.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) path: &'a Bound<'py, PyAny>,
    pub(crate) status_code: Bound<'py, PyAny>,
    pub(crate) headers: Option<&'a Bound<'py, PyAny>>,
    pub(crate) media_type: Option<&'a Bound<'py, PyAny>>,
    pub(crate) background: Option<&'a Bound<'py, PyAny>>,
    pub(crate) filename: Option<&'a Bound<'py, PyAny>>,
    pub(crate) stat_result: Option<&'a Bound<'py, PyAny>>,
    pub(crate) disposition_type: Option<&'a Bound<'py, PyAny>>,
}

/// Builds the response. `fresh` is its class if nobody can have set an attribute of it before.
pub(crate) fn initialise<'py>(
    slf: &Bound<'py, FileResponse>,
    fresh: Option<&Class>,
    arguments: Arguments<'_, 'py>,
) -> PyResult<()> {
    let py = slf.py();
    let Arguments {
        path,
        filename,
        stat_result,
        ..
    } = arguments;
    let plain = fresh.and_then(Class::plain);
    slf.setattr(intern!(py, "path"), path)?;
    if plain.is_none() {
        slf.setattr(intern!(py, "status_code"), &arguments.status_code)?;
    }
    slf.setattr(intern!(py, "filename"), filename)?;
    let media_type = match arguments.media_type {
        Some(media_type) => media_type.clone(),
        None => match filename {
            Some(filename) if filename.is_truthy()? => media_type::guess(filename)?,
            _ => media_type::guess(path)?,
        },
    };
    slf.setattr(intern!(py, "media_type"), &media_type)?;
    match plain {
        Some(own) => Response::initialise_without_body(
            slf.as_super(),
            own,
            arguments.status_code,
            &media_type,
            arguments.headers,
            arguments.background,
        )?,
        None => {
            slf.setattr(intern!(py, "background"), arguments.background)?;
            slf.call_method1(intern!(py, "init_headers"), (arguments.headers,))?;
        }
    }
    offer(slf, arguments.disposition_type)?;
    slf.setattr(intern!(py, "stat_result"), stat_result)?;
    if let Some(stat_result) = stat_result {
        slf.call_method1(intern!(py, "set_stat_headers"), (stat_result,))?;
    }
    Ok(())
}

/// Adds what is said of every file: that it has ranges, and the name it is offered under.
fn offer(
    slf: &Bound<'_, FileResponse>,
    disposition_type: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let py = slf.py();
    let filename = slf.getattr(intern!(py, "filename"))?;
    let disposition = if filename.is_none() {
        None
    } else {
        Some(disposition(&filename, disposition_type)?)
    };
    for patch in file::head(disposition) {
        Response::patch(slf.as_super(), patch)?;
    }
    Ok(())
}

fn disposition(
    filename: &Bound<'_, PyAny>,
    disposition_type: Option<&Bound<'_, PyAny>>,
) -> PyResult<FieldValue> {
    let kind = match disposition_type {
        Some(given) => {
            let text = given.str()?;
            let kind = DispositionType::try_from(text.to_str()?);
            kind.map_err(|error| error::disposition(&text, &error))?
        }
        None => DispositionType::ATTACHMENT,
    };
    let name = match filename.cast::<PyBytes>() {
        Ok(bytes) => {
            let os = filename.py().import("os")?;
            os.call_method1("fsdecode", (bytes,))?.str()?
        }
        Err(_) => filename.str()?,
    };
    Ok(content_disposition::encode_as_starlette(
        &kind,
        name.to_str()?,
    ))
}

pub(crate) fn file_path(path: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    if let Ok(bytes) = path.cast::<PyBytes>() {
        use std::os::unix::ffi::OsStrExt;
        return Ok(std::ffi::OsStr::from_bytes(bytes.as_bytes()).into());
    }
    path.extract()
}

/// The date of a time, rounded as `datetime` does: to a microsecond, and then down.
fn date(modified: f64) -> Option<HttpDate> {
    if modified.is_nan() {
        return None;
    }
    let microseconds = (modified * 1e6).round_ties_even();
    HttpDate::from_unix((microseconds / 1e6).floor() as i64)
}

/// The entity tag of a file that was modified then.
fn etag(py: Python<'_>, modified: f64, length: u64) -> PyResult<FieldValue> {
    // In this range all write the same.
    if (1e-4..1e16).contains(&modified) {
        return tag(zmij::Buffer::new().format_finite(modified), length);
    }
    tag(PyFloat::new(py, modified).str()?.to_str()?, length)
}

/// Starlette's entity tag, so that what caches hold stays valid when a program changes over.
fn tag(modified: &str, length: u64) -> PyResult<FieldValue> {
    let digest = Md5::digest(format!("{modified}-{length}"));
    let mut tag = String::with_capacity(34);
    tag.push('"');
    number::push_hex_bytes(&mut tag, &digest);
    tag.push('"');
    FieldValue::try_from(tag).map_err(|error| PyValueError::new_err(error.to_string()))
}
