//! The validators of a file, as Starlette makes them: so what caches hold stays valid when a program
//! changes over. Where its tag would stay while the bytes change, there is more in it.

use antiphon_core::fields::FieldValue;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::text::number;
use antiphon_core::values::file_version::ModifiedTime;
use antiphon_fs::FileFacts;
use md5::{Digest, Md5};
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use std::time::{SystemTime, UNIX_EPOCH};

/// What tells one version of a file from another.
pub(super) struct Version<'py> {
    length: u64,
    /// When it was modified, in seconds since 1970: as a number, and as Python has it.
    modified: f64,
    said: Said<'py>,
    /// When it was changed, in nanoseconds since 1970, and its inode, if that is known.
    identity: Option<(i128, u64)>,
}

/// A time of modification as text.
enum Said<'py> {
    /// As Python prints the number.
    Float(Python<'py>),
    /// As Python prints what somebody put in its place.
    Object(Bound<'py, PyAny>),
}

impl<'py> Version<'py> {
    /// Of an open file, whose time is what `os.stat` makes of it.
    pub(super) fn of_facts(py: Python<'py>, facts: &FileFacts) -> Self {
        let seconds = facts.modified.div_euclid(1_000_000_000) as f64;
        let nanoseconds = facts.modified.rem_euclid(1_000_000_000) as f64;
        Self {
            length: facts.length,
            modified: seconds + 1e-9 * nanoseconds,
            said: Said::Float(py),
            identity: facts.changed.map(|changed| (changed, facts.inode)),
        }
    }

    /// Of what a program says of a file.
    pub(super) fn of_stat_result(stat_result: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = stat_result.py();
        let given = stat_result.getattr(intern!(py, "st_mtime"))?;
        Ok(Self {
            length: stat_result.getattr(intern!(py, "st_size"))?.extract()?,
            modified: given.extract()?,
            said: if given.is_instance_of::<PyFloat>() {
                Said::Float(py)
            } else {
                Said::Object(given)
            },
            identity: identity(stat_result)?,
        })
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The value of `Last-Modified`, as seen at the second `now`; `None` if the time tells nothing.
    pub(super) fn last_modified(&self, now: i64) -> Option<HttpDate> {
        match self.worth(now) {
            ModifiedTime::Plain => date(self.modified),
            ModifiedTime::Normalised | ModifiedTime::Future => None,
        }
    }

    /// The value of `ETag`, as seen at the second `now`.
    pub(super) fn etag(&self, now: i64) -> PyResult<FieldValue> {
        let (is_weak, identity) = match self.worth(now) {
            ModifiedTime::Plain => (false, None),
            ModifiedTime::Normalised => (self.identity.is_none(), self.identity),
            ModifiedTime::Future => (true, None),
        };
        let mut digest = Md5::new();
        match &self.said {
            // In this range all write the same.
            Said::Float(_) if (1e-4..1e16).contains(&self.modified) => {
                digest.update(zmij::Buffer::new().format_finite(self.modified));
            }
            Said::Float(py) => digest.update(PyFloat::new(*py, self.modified).str()?.to_str()?),
            Said::Object(given) => digest.update(given.str()?.to_str()?),
        }
        digest.update(format!("-{}", self.length));
        if let Some((changed, inode)) = identity {
            digest.update(format!("-{changed}-{inode}"));
        }
        let mut tag = String::with_capacity(36);
        tag.push_str(if is_weak { "W/\"" } else { "\"" });
        number::push_hex_bytes(&mut tag, &digest.finalize());
        tag.push('"');
        FieldValue::try_from(tag).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn worth(&self, now: i64) -> ModifiedTime {
        ModifiedTime::of(self.modified.floor() as i64, now)
    }
}

/// When the file of a `stat_result` was changed, and its inode; `None` if it does not say.
fn identity(stat_result: &Bound<'_, PyAny>) -> PyResult<Option<(i128, u64)>> {
    let py = stat_result.py();
    // An `os.stat_result` that a program has made of ten numbers has `None`.
    let said = |name| match stat_result.getattr(name) {
        Err(error) if error.is_instance_of::<PyAttributeError>(py) => Ok(None),
        found => found.map(|found| Some(found).filter(|found| !found.is_none())),
    };
    let changed = said(intern!(py, "st_ctime_ns"))?;
    let inode = said(intern!(py, "st_ino"))?;
    let (Some(changed), Some(inode)) = (changed, inode) else {
        return Ok(None);
    };
    Ok(Some((changed.extract()?, inode.extract()?)))
}

/// The time, in seconds since 1970.
pub(in crate::response) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

/// The date of a time, rounded as `datetime` does: to a microsecond, and then down.
fn date(modified: f64) -> Option<HttpDate> {
    if modified.is_nan() {
        return None;
    }
    let microseconds = (modified * 1e6).round_ties_even();
    HttpDate::from_unix((microseconds / 1e6).floor() as i64)
}
