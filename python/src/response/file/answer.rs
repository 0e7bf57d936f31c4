//! What is sent of an open file.

use super::messages::{FileMessages, Source};
use super::multipart;
use super::request::Request;
use super::validators::{Version, now};
use crate::convert::{error, field_list, message};
use crate::response::base::{self, Response};
use antiphon_core::fields::{FieldName, HeaderPatch};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::range::RangePolicy;
use antiphon_core::response::directory;
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms, Stat};
use antiphon_core::response::plan::Body;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::etag;
use antiphon_fs::{ContentHash, OpenFile};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use std::os::fd::AsRawFd;

/// What is sent of an open file to whoever `scope` describes: two messages, or `FileMessages`.
pub(super) fn answer<'py>(
    slf: &Bound<'py, Response>,
    sent: Sent<'py>,
    scope: &Bound<'py, PyAny>,
    stat_headers: StatHeaders,
    by_path: ByPath,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let Sent {
        file,
        path,
        etag,
        coding,
    } = sent;
    let request = Request::of(scope)?;
    let announced = announced(slf, &file, stat_headers)?;
    let status_code = slf.getattr(intern!(py, "status_code"))?;
    let status = base::status(&status_code)?;
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::as_list(&raw_headers)?;
    let now = now();
    let version = announced.version.as_ref();
    let tag = match (etag, version) {
        _ if field_list::contains(&list, &FieldName::ETAG)? => None,
        (Etag::OfContent(hash), _) => hash.map(|hash| etag::of_content(&hash)),
        (Etag::OfStat, Some(version)) => Some(version.etag(now)?),
        (Etag::OfStat, None) => None,
    };
    let stat = Stat {
        length: announced.length,
        last_modified: version.and_then(|version| version.last_modified(now)),
        etag: match coding {
            Some(coding) => tag.map(|tag| etag::in_coding(&tag, coding)),
            None => tag,
        },
        cache_control: None,
    };
    let list = field_list::copy(&list);
    for patch in directory::head(false, coding) {
        field_list::apply(&list, patch)?;
    }
    for patch in file::stat_head(status, stat) {
        field_list::apply(&list, patch)?;
    }
    let Planned {
        status: planned,
        body,
    } = plan(slf, &list, request.fields, announced.length, now)?;
    let given: i64 = slf.getattr(intern!(py, "chunk_size"))?.extract()?;
    let Some(chunk_size) = usize::try_from(given).ok().filter(|size| *size > 0) else {
        return Err(PyValueError::new_err(format!(
            "chunk_size: expected 1 or more bytes, but found {given}"
        )));
    };
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
        is_open_ended: content == FileContent::UntilEnd,
    };
    let mut messages = FileMessages::new(request.scope_type, start, content, source);
    if request.offers_pathsend && background.is_none() && by_path == ByPath::IfOffered {
        messages.send_by_path();
    }
    if request.needs_listener {
        messages.need_listener();
    }
    messages.into_messages(py)
}

/// The status of an answer, and what is sent.
pub(in crate::response) struct Planned {
    pub(in crate::response) status: u16,
    pub(in crate::response) body: Body<FileContent>,
}

/// Plans the answer to a request for content of this length, of which `list` says everything; the list becomes
/// that of the answer.
pub(in crate::response) fn plan(
    slf: &Bound<'_, Response>,
    list: &Bound<'_, PyList>,
    fields: RequestFields,
    length: Option<u64>,
    now: i64,
) -> PyResult<Planned> {
    let py = slf.py();
    let declared = field_list::declared(list)?;
    let conditional = slf.getattr(intern!(py, "conditional"))?.is_truthy()?;
    let fields = if conditional {
        fields
    } else {
        fields.unconditional()
    };
    let boundary = if fields.may_want_parts() {
        let secrets = py.import("secrets")?;
        secrets.call_method1("token_hex", (13,))?.extract()?
    } else {
        String::new()
    };
    let facts = FileFacts {
        status: base::status(&slf.getattr(intern!(py, "status_code"))?)?,
        length,
        declared: declared.borrowed(),
    };
    let terms = RangeTerms {
        policy: range_policy(slf)?,
        // The class's, as Starlette has it.
        max_ranges: max_ranges(slf)?,
        now,
        boundary: &boundary,
    };
    let plan = file::plan(facts, &fields, terms).map_err(|error| error::response(&error))?;
    let has_parts = plan.status == 206 && fields.may_want_parts();
    let own = if has_parts {
        multipart::own(slf, facts, &fields, terms)?
    } else {
        None
    };
    let (status, mut body) = field_list::apply_plan(list, plan)?;
    if let Some(own) = own {
        field_list::apply(
            list,
            HeaderPatch::Set(FieldName::CONTENT_LENGTH, own.length),
        )?;
        if let Body::Content(content) = &mut body {
            *content = FileContent::Segments(own.segments);
        }
    }
    Ok(Planned { status, body })
}

/// An open file that is sent.
pub(super) struct Sent<'py> {
    pub(super) file: OpenFile,
    pub(super) path: Bound<'py, PyAny>,
    pub(super) etag: Etag,
    /// What its content is in; the file is a copy of another then.
    pub(super) coding: Option<ContentCoding>,
}

impl<'py> Sent<'py> {
    /// A file that is no copy in a coding.
    pub(super) const fn itself(file: OpenFile, path: Bound<'py, PyAny>, etag: Etag) -> Self {
        Self {
            file,
            path,
            etag,
            coding: None,
        }
    }
}

/// Whose `set_stat_headers` a class has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StatHeaders {
    Ours,
    Overridden,
}

/// Whether a server that can may open the file itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ByPath {
    IfOffered,
    Never,
}

/// What the `ETag` is made of.
#[derive(Clone, Copy)]
pub(super) enum Etag {
    /// Of what the system says of the file.
    OfStat,
    /// Of its bytes: their hash, unless they are being changed.
    OfContent(Option<ContentHash>),
}

/// What is announced of the file.
struct Announced<'py> {
    /// `None` if only reading tells.
    length: Option<u64>,
    /// What tells it from others, unless a program says so itself, or its content is being made.
    version: Option<Version<'py>>,
}

/// The size of the program's `stat_result`, if it gave one, or the open file's own, for which a class may
/// have a `set_stat_headers` of its own.
fn announced<'py>(
    slf: &Bound<'py, Response>,
    file: &OpenFile,
    stat_headers: StatHeaders,
) -> PyResult<Announced<'py>> {
    let py = slf.py();
    let given = slf.getattr(intern!(py, "stat_result"))?;
    if !given.is_none() {
        let length = given.getattr(intern!(py, "st_size"))?.extract()?;
        return Ok(Announced {
            length: Some(length),
            version: None,
        });
    }
    if file.is_generated() {
        return Ok(Announced {
            length: None,
            version: None,
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
            length: Some(facts.length),
            version: None,
        });
    }
    Ok(Announced {
        length: Some(facts.length),
        version: Some(Version::of_facts(py, &facts)),
    })
}

fn max_ranges(slf: &Bound<'_, Response>) -> PyResult<usize> {
    let given = slf.get_type().getattr(intern!(slf.py(), "max_ranges"))?;
    let number: i64 = given.extract()?;
    usize::try_from(number).map_err(|_| {
        PyValueError::new_err(format!(
            "max_ranges: expected 0 or more, but found {number}"
        ))
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
