//! Files: opened once, planned by the core, and read without waiting where memory holds them.

use crate::declared::Declared;
use crate::delivery::{Delivery, Source};
use crate::response::{self, Response};
use crate::{error, field, headers, scope};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::asgi::transmission::Transmission;
use antiphon_core::conditional::Preconditions;
use antiphon_core::content_disposition;
use antiphon_core::headers::{FieldName, FieldValue, HeaderPatch};
use antiphon_core::http_date::HttpDate;
use antiphon_core::plan::Body;
use antiphon_core::range::RangePolicy;
use antiphon_core::response::file::{FileFacts, RequestFacts, Terms, plan};
use antiphon_fs::OpenFile;
use md5::{Digest, Md5};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyList, PyString, PyTuple};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

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
            Ok(Some(file)) => deliver(slf, path, file, scope).map(Some),
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
            Ok(file) => deliver(slf, path, file, scope),
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

/// What is sent of an open file to whoever `scope` describes.
fn deliver<'py>(
    slf: &Bound<'py, FileResponse>,
    path: Bound<'py, PyAny>,
    file: OpenFile,
    scope: &Bound<'py, PyAny>,
) -> PyResult<Delivery> {
    let py = slf.py();
    let request = Request::of(scope)?;
    let announced = announced(slf, &file)?;
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = headers::as_list(&raw_headers)?;
    let declared = Declared::of(&list)?;
    let status = response::status(&slf.getattr(intern!(py, "status_code"))?)?;
    let own = |name| -> PyResult<Option<Vec<u8>>> {
        let value = headers::first(&list, name)?;
        value.map(|value| value.extract()).transpose()
    };
    let (etag, modified, media_type) =
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
            etag: match (&etag, announced.modified) {
                (None, Some(modified)) => Some(self::etag(py, modified, announced.length)?),
                _ => None,
            },
            // `init_headers` has put it among the others, unless a program took it out.
            media_type: &own_media_type,
            charset: "utf-8",
            disposition: None,
            cache_control: None,
            callers_etag: etag.as_deref(),
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
        list.get_slice(0, list.len())
    };
    for patch in &plan.patches {
        // `init_headers` has set them; if they are not there, a program has taken them out.
        let is_taken_out = matches!(patch, HeaderPatch::SetDefault(name, _)
            if !plan.anew && (*name == FieldName::CONTENT_TYPE || *name == FieldName::ACCEPT_RANGES));
        if !is_taken_out {
            headers::apply(&sent, patch)?;
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

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
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

/// What decides how a file is answered.
struct Request {
    scope_type: ScopeType,
    method: String,
    offers_pathsend: bool,
    needs_listener: bool,
    fields: [Option<Vec<u8>>; FIELDS.len()],
}

const FIELDS: [&[u8]; 6] = [
    b"range",
    b"if-range",
    b"if-match",
    b"if-none-match",
    b"if-modified-since",
    b"if-unmodified-since",
];

impl Request {
    fn of(scope: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = scope.py();
        let scope_type = scope::scope_type(&scope.get_item(intern!(py, "type"))?)?;
        let mut request = Self {
            scope_type,
            method: String::new(),
            offers_pathsend: false,
            needs_listener: false,
            fields: Default::default(),
        };
        // The handshake of a websocket is denied with the whole file.
        if scope_type == ScopeType::Websocket {
            request.method.push_str("GET");
            return Ok(request);
        }
        let method = scope.get_item(intern!(py, "method"))?;
        request.method = method.cast::<PyString>()?.to_str()?.to_ascii_uppercase();
        if let Some(extensions) = scope::entry(scope, intern!(py, "extensions"))?
            && extensions.is_truthy()?
        {
            request.offers_pathsend = extensions.contains(intern!(py, "http.response.pathsend"))?;
        }
        request.needs_listener = scope::needs_listener(scope)?;
        let Some(headers) = scope::entry(scope, intern!(py, "headers"))? else {
            return Ok(request);
        };
        for field in headers.try_iter()? {
            let (name, value) = field::parts(&field?)?;
            let name = name.extract::<PyBackedBytes>()?;
            if let Some(place) = FIELDS.iter().position(|own| *own == &*name) {
                let value = value.extract::<PyBackedBytes>()?;
                match &mut request.fields[place] {
                    // Several lines of a field are one (RFC 9110 §5.3).
                    Some(lines) => lines.extend([b", ", &*value].concat()),
                    none => *none = Some(value.to_vec()),
                }
            }
        }
        Ok(request)
    }

    fn facts(&self, slf: &Bound<'_, FileResponse>) -> PyResult<RequestFacts<'_>> {
        let conditional = slf.getattr(intern!(slf.py(), "conditional"))?.is_truthy()?;
        let [range, if_range, conditions @ ..] =
            std::array::from_fn::<_, { FIELDS.len() }, _>(|place| self.fields[place].as_deref());
        let [
            if_match,
            if_none_match,
            if_modified_since,
            if_unmodified_since,
        ] = conditions.map(|field| field.filter(|_| conditional));
        Ok(RequestFacts {
            method: &self.method,
            range,
            preconditions: Preconditions {
                if_match,
                if_unmodified_since,
                if_none_match,
                if_modified_since,
                if_range,
            },
        })
    }

    /// What separates the parts of several ranges, if there may be several.
    fn boundary(&self, py: Python<'_>) -> PyResult<String> {
        let several = self.fields[0]
            .as_ref()
            .is_some_and(|range| range.contains(&b','));
        if !several {
            return Ok(String::new());
        }
        let secrets = py.import("secrets")?;
        secrets.call_method1("token_hex", (13,))?.extract()
    }
}
