//! Files: opened once, planned by the core, and read without waiting where memory holds them.

mod answer;
mod request;

use crate::delivery::Delivery;
use crate::error;
use crate::response::Response;
use answer::answer;
use antiphon_core::content_disposition;
use antiphon_core::headers::{FieldName, FieldValue, HeaderPatch};
use antiphon_core::http_date::HttpDate;
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

    /// Add what is said of every file: that it has ranges, and the name it is offered under.
    fn _offer(
        slf: &Bound<'_, Self>,
        filename: Option<&Bound<'_, PyAny>>,
        content_disposition_type: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let patch =
            |name, value| Response::patch(slf.as_super(), &HeaderPatch::SetDefault(name, value));
        patch(FieldName::ACCEPT_RANGES, FieldValue::BYTES)?;
        let Some(filename) = filename else {
            return Ok(());
        };
        let (kind, name) = (content_disposition_type.str()?, filename.str()?);
        let value = content_disposition::encode_as_starlette(kind.to_str()?, name.to_str()?)
            .map_err(|error| error::disposition(&kind, &error))?;
        patch(FieldName::CONTENT_DISPOSITION, value)
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
        let patches = [
            Some((FieldName::CONTENT_LENGTH, FieldValue::from(length))),
            date(modified).map(|date| (FieldName::LAST_MODIFIED, FieldValue::from(date))),
            Some((FieldName::ETAG, etag)),
        ];
        for (name, value) in patches.into_iter().flatten() {
            Response::patch(slf.as_super(), &HeaderPatch::SetDefault(name, value))?;
        }
        Ok(())
    }

    /// The messages that answer `scope`, or `None` if the disk has to be waited for.
    fn _open(slf: &Bound<'_, Self>, scope: &Bound<'_, PyAny>) -> PyResult<Option<Delivery>> {
        let path = slf.getattr(intern!(slf.py(), "path"))?;
        match OpenFile::open_cached(&file_path(&path)?) {
            Ok(Some(file)) => answer(slf, path, file, scope).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error::open(&path, &error)),
        }
    }

    /// The messages that answer `scope`; for a thread that may wait.
    fn _open_waiting(slf: &Bound<'_, Self>, scope: &Bound<'_, PyAny>) -> PyResult<Delivery> {
        let py = slf.py();
        let path = slf.getattr(intern!(py, "path"))?;
        let place = file_path(&path)?;
        match py.detach(|| OpenFile::open(&place)) {
            Ok(file) => answer(slf, path, file, scope),
            Err(error) => Err(error::open(&path, &error)),
        }
    }
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
    for byte in digest {
        tag.extend(char::from_digit(u32::from(byte >> 4), 16));
        tag.extend(char::from_digit(u32::from(byte & 15), 16));
    }
    tag.push('"');
    FieldValue::try_from(tag).map_err(|error| PyValueError::new_err(error.to_string()))
}
