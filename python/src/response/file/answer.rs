//! What is sent of an open file.

use super::messages::{FileMessages, Source};
use super::request::Request;
use super::validators::{date, etag};
use crate::convert::{error, field_list, message};
use crate::response::base::{self, Response};
use antiphon_core::fields::FieldName;
use antiphon_core::request::range::RangePolicy;
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms, Stat};
use antiphon_core::response::plan::Body;
use antiphon_fs::OpenFile;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use std::os::fd::AsRawFd;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is sent of an open file to whoever `scope` describes: two messages, or `FileMessages`.
pub(super) fn answer<'py>(
    slf: &Bound<'py, Response>,
    path: Bound<'py, PyAny>,
    file: OpenFile,
    scope: &Bound<'py, PyAny>,
    stat_headers: StatHeaders,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let request = Request::of(scope)?;
    let announced = announced(slf, &file, stat_headers)?;
    let status_code = slf.getattr(intern!(py, "status_code"))?;
    let status = base::status(&status_code)?;
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::as_list(&raw_headers)?;
    let stat = Stat {
        length: announced.length,
        last_modified: announced.modified.and_then(date),
        etag: match announced.modified {
            Some(modified) if !field_list::contains(&list, &FieldName::ETAG)? => {
                Some(etag(py, modified, announced.length)?)
            }
            _ => None,
        },
        cache_control: None,
    };
    let list = field_list::copy(&list);
    for patch in file::stat_head(status, stat) {
        field_list::apply(&list, patch)?;
    }
    let declared = field_list::declared(&list)?;
    let conditional = slf.getattr(intern!(py, "conditional"))?.is_truthy()?;
    let fields = if conditional {
        request.fields
    } else {
        request.fields.unconditional()
    };
    let boundary = if fields.may_want_parts() {
        let secrets = py.import("secrets")?;
        secrets.call_method1("token_hex", (13,))?.extract()?
    } else {
        String::new()
    };
    let facts = FileFacts {
        status,
        length: announced.length,
        declared: declared.borrowed(),
    };
    let terms = RangeTerms {
        policy: range_policy(slf)?,
        max_ranges: slf.getattr(intern!(py, "max_ranges"))?.extract()?,
        now: now(),
        boundary: &boundary,
    };
    let plan = file::plan(facts, &fields, terms).map_err(|error| error::response(&error))?;
    let (planned, body) = field_list::apply_plan(&list, plan)?;
    let chunk_size: usize = slf.getattr(intern!(py, "chunk_size"))?.extract()?;
    if chunk_size == 0 {
        return Err(PyValueError::new_err(
            "chunk_size: expected 1 or more bytes, but found 0",
        ));
    }
    let status_code = if planned == status {
        status_code
    } else {
        planned.into_pyobject(py)?.into_any()
    };
    let start = message::start(py, request.scope_type, &status_code, list.as_any())?;
    let content = match body {
        Body::Content(content) => content,
        Body::Empty => {
            let nothing = PyBytes::new(py, b"");
            let end = message::body(py, request.scope_type, nothing.as_any(), false)?;
            return Ok(PyTuple::new(py, [start, end])?.into_any());
        }
    };
    let background = slf.getattr(intern!(py, "background"))?;
    let source = Source {
        file,
        path: path.unbind(),
        chunk_size: chunk_size as u64,
        is_whole: matches!(content, FileContent::Whole(_)),
    };
    let mut messages = FileMessages::new(request.scope_type, start, content, source);
    if request.offers_pathsend && background.is_none() {
        messages.send_by_path();
    }
    if request.needs_listener {
        messages.need_listener();
    }
    messages.into_messages(py)
}

/// Whose `set_stat_headers` a class has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StatHeaders {
    Ours,
    Overridden,
}

/// What is announced of the file.
struct Announced {
    length: u64,
    /// When it was modified, in seconds since 1970, unless a program says so itself.
    modified: Option<f64>,
}

/// The size of the program's `stat_result`, if it gave one, or the open file's own, for which a class may
/// have a `set_stat_headers` of its own.
fn announced(
    slf: &Bound<'_, Response>,
    file: &OpenFile,
    stat_headers: StatHeaders,
) -> PyResult<Announced> {
    let py = slf.py();
    let given = slf.getattr(intern!(py, "stat_result"))?;
    if !given.is_none() {
        let length = given.getattr(intern!(py, "st_size"))?.extract()?;
        return Ok(Announced {
            length,
            modified: None,
        });
    }
    let facts = file.facts();
    if stat_headers == StatHeaders::Overridden {
        let hook = intern!(py, "set_stat_headers");
        let stat_result = py
            .import("os")?
            .call_method1("fstat", (file.as_raw_fd(),))?;
        slf.call_method1(hook, (stat_result,))?;
        return Ok(Announced {
            length: facts.length,
            modified: None,
        });
    }
    // As `os.stat` makes a float of it.
    let seconds = facts.modified.div_euclid(1_000_000_000) as f64;
    let nanoseconds = facts.modified.rem_euclid(1_000_000_000) as f64;
    Ok(Announced {
        length: facts.length,
        modified: Some(seconds + 1e-9 * nanoseconds),
    })
}

fn range_policy(slf: &Bound<'_, Response>) -> PyResult<RangePolicy> {
    let policy = slf.getattr(intern!(slf.py(), "range_policy"))?;
    match policy.str()?.to_str()? {
        "starlette" => Ok(RangePolicy::Starlette),
        "rfc9110" => Ok(RangePolicy::Rfc9110),
        other => Err(PyValueError::new_err(format!(
            "range_policy: expected \"starlette\" or \"rfc9110\", but found {other:?}"
        ))),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}
