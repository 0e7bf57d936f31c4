//! The validators of a file, as Starlette makes them: so what caches hold stays valid when a program
//! changes over.

use antiphon_core::fields::FieldValue;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::text::number;
use md5::{Digest, Md5};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

/// The date of a time, rounded as `datetime` does: to a microsecond, and then down.
pub(super) fn date(modified: f64) -> Option<HttpDate> {
    if modified.is_nan() {
        return None;
    }
    let microseconds = (modified * 1e6).round_ties_even();
    HttpDate::from_unix((microseconds / 1e6).floor() as i64)
}

/// The entity tag of a file that was modified then.
pub(super) fn etag(py: Python<'_>, modified: f64, length: u64) -> PyResult<FieldValue> {
    // In this range all write the same.
    if (1e-4..1e16).contains(&modified) {
        return tag(zmij::Buffer::new().format_finite(modified), length);
    }
    tag(PyFloat::new(py, modified).str()?.to_str()?, length)
}

/// Starlette's entity tag, so that what caches hold stays valid when a program changes over.
pub(super) fn tag(modified: &str, length: u64) -> PyResult<FieldValue> {
    let digest = Md5::digest(format!("{modified}-{length}"));
    let mut tag = String::with_capacity(34);
    tag.push('"');
    number::push_hex_bytes(&mut tag, &digest);
    tag.push('"');
    FieldValue::try_from(tag).map_err(|error| PyValueError::new_err(error.to_string()))
}
