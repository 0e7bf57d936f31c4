//! What is sent of an open file.

use super::request::Request;
use super::{FileResponse, date, etag};
use crate::declared::Declared;
use crate::delivery::{Delivery, Source};
use crate::response;
use crate::{error, field_list};
use antiphon_core::asgi::transmission::Transmission;
use antiphon_core::fields::{FieldName, HeaderPatch};
use antiphon_core::request::range::RangePolicy;
use antiphon_core::response::file::{FileFacts, Terms, plan};
use antiphon_core::response::plan::Body;
use antiphon_fs::OpenFile;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::os::fd::AsRawFd;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is sent of an open file to whoever `scope` describes.
pub(super) fn answer<'py>(
    slf: &Bound<'py, FileResponse>,
    path: Bound<'py, PyAny>,
    file: OpenFile,
    scope: &Bound<'py, PyAny>,
) -> PyResult<Delivery> {
    let py = slf.py();
    let request = Request::of(scope)?;
    let announced = announced(slf, &file)?;
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::as_list(&raw_headers)?;
    let declared = Declared::of(&list)?;
    let status = response::status(&slf.getattr(intern!(py, "status_code"))?)?;
    let own = |name| -> PyResult<Option<Vec<u8>>> {
        let value = field_list::first(&list, name)?;
        value.map(|value| value.extract()).transpose()
    };
    let (own_etag, modified, media_type) =
        (own(b"etag")?, own(b"last-modified")?, own(b"content-type")?);
    let boundary = request.boundary(py)?;
    let own_media_type = match &media_type {
        Some(_) => String::new(),
        None => slf.getattr(intern!(py, "media_type"))?.str()?.to_string(),
    };
    let mut plan = plan(
        FileFacts {
            status,
            length: announced.length,
            last_modified: announced.modified.and_then(date),
            etag: match (&own_etag, announced.modified) {
                (None, Some(modified)) => Some(etag(py, modified, announced.length)?),
                _ => None,
            },
            // `init_headers` has put it among the others, unless a program took it out.
            media_type: &own_media_type,
            charset: "utf-8",
            disposition: None,
            cache_control: None,
            callers_etag: own_etag.as_deref(),
            callers_last_modified: modified.as_deref(),
            callers_content_type: media_type.as_deref(),
            declared_length: declared.length(),
            declares_transfer_encoding: declared.transfer_encoding,
        },
        request.facts(slf)?,
        Terms {
            policy: range_policy(slf)?,
            max_ranges: slf.getattr(intern!(py, "max_ranges"))?.extract()?,
            now: now(),
            boundary: &boundary,
        },
    )
    .map_err(|error| error::response(py, None, &error))?;

    let sent = if plan.anew {
        PyList::empty(py)
    } else {
        field_list::copy(&list)
    };
    for patch in std::mem::take(&mut plan.patches) {
        // `init_headers` has set them; if they are not there, a program has taken them out.
        let is_taken_out = matches!(&patch, HeaderPatch::SetDefault(name, _)
            if !plan.anew && (*name == FieldName::CONTENT_TYPE || *name == FieldName::ACCEPT_RANGES));
        if !is_taken_out {
            field_list::apply(&sent, patch)?;
        }
    }
    let background = slf.getattr(intern!(py, "background"))?;
    let by_path = request.offers_pathsend && background.is_none();
    let body = std::mem::replace(&mut plan.body, Body::Empty);
    let is_whole = matches!(body, Body::File(_));
    let mut steps = Transmission::new(body);
    if by_path {
        steps = steps.by_path();
    }
    let chunk_size: usize = slf.getattr(intern!(py, "chunk_size"))?.extract()?;
    if chunk_size == 0 {
        return Err(PyValueError::new_err(
            "chunk_size: expected 1 or more bytes, but found 0",
        ));
    }
    let status_code = if plan.status == status {
        slf.getattr(intern!(py, "status_code"))?
    } else {
        plan.status.into_pyobject(py)?.into_any()
    };
    let source = Source {
        file,
        path: path.unbind(),
        chunk_size: chunk_size as u64,
        is_whole,
    };
    Delivery::new(
        py,
        (request.scope_type, request.needs_listener),
        (&status_code, &sent),
        steps,
        source,
    )
}

/// What is announced of the file.
struct Announced {
    length: u64,
    /// When it was modified, in seconds since 1970, unless a program says so itself.
    modified: Option<f64>,
}

/// The size of the program's `stat_result`, if it gave one, or the open file's own, for which a class may
/// have a `set_stat_headers` of its own.
fn announced(slf: &Bound<'_, FileResponse>, file: &OpenFile) -> PyResult<Announced> {
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
    let hook = intern!(py, "set_stat_headers");
    let ours = py.get_type::<FileResponse>().getattr(hook)?;
    if !slf.get_type().getattr(hook)?.is(&ours) {
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

fn range_policy(slf: &Bound<'_, FileResponse>) -> PyResult<RangePolicy> {
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
