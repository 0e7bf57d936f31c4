//! Files: opened once, planned by the core, and read without waiting where memory holds them.

pub(super) mod answer;
pub(crate) mod directory;
pub(crate) mod messages;
pub(crate) mod multipart;
mod offload;
pub(super) mod request;
pub(super) mod validators;

use super::base::{self, Arguments, Response};
use super::class_profile::{ClassProfile, DefaultContent};
use super::initialise::{self, status_code_or, unless_none};
use super::native::{Given, Native, NativeClass};
use crate::convert::path::file_path;
use crate::convert::{error, media_type};
use answer::{ByPath, Etag, Sent, StatHeaders, answer};
use antiphon_core::fields::FieldValue;
use antiphon_core::response::file::{self, Stat};
use antiphon_core::values::content_disposition::{self, DispositionType};
use antiphon_fs::{FileFacts, OpenFile};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use validators::{Version, now};

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
        etag: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let common = Arguments {
            content: None,
            status_code,
            headers,
            media_type,
            background,
        };
        let of_file = FileArguments {
            path,
            filename,
            stat_result,
            disposition_type,
            etag,
        };
        build(slf, None, common, of_file)
    }

    #[classattr]
    fn _native(py: Python<'_>) -> Native {
        Native::of::<Self>(py)
    }

    /// Set the header fields that come from the file: `Content-Length`, `Last-Modified`, `ETag`.
    ///
    /// A class may override it.
    fn set_stat_headers(slf: &Bound<'_, Self>, stat_result: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let (version, now) = (Version::of_stat_result(stat_result)?, now());
        let stat = Stat {
            length: Some(version.length()),
            last_modified: version.last_modified(now),
            etag: match etag_source(slf)? {
                EtagSource::Stat => Some(version.etag(now)?),
                // That is known when the file has been opened.
                EtagSource::Content => None,
            },
            cache_control: None,
        };
        let status = base::status(&slf.getattr(intern!(py, "status_code"))?)?;
        for patch in file::stat_head(status, stat) {
            Response::patch(slf.as_super(), patch)?;
        }
        Ok(())
    }

    /// The messages that answer `scope`, or `None` if the disk has to be waited for: two of them, or
    /// `FileMessages`.
    fn _open<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let path = slf.getattr(intern!(slf.py(), "path"))?;
        match OpenFile::open_cached(&file_path(&path)?) {
            Ok(Some(file)) => {
                let etag = match etag_source(slf)? {
                    EtagSource::Stat => Etag::OfStat,
                    EtagSource::Content => match file.known_content_hash() {
                        None => return Ok(None),
                        hash => Etag::OfContent(hash),
                    },
                };
                let (slf, hook) = (slf.as_super(), stat_headers(slf)?);
                let sent = Sent::itself(file, path, etag);
                answer(slf, sent, scope, hook, ByPath::IfOffered).map(Some)
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error::open(&path, &error)),
        }
    }

    /// The messages that answer `scope`; for a thread that may wait.
    fn _open_waiting<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        open_waiting(slf, scope, ByPath::IfOffered).map(|(messages, _)| messages)
    }

    /// The same, of a file that is removed then; for a thread that may wait.
    fn _open_to_delete<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let (messages, facts) = open_waiting(slf, scope, ByPath::Never)?;
        let path = slf.getattr(intern!(py, "path"))?;
        let place = file_path(&path)?;
        if let Err(error) = py.detach(|| antiphon_fs::remove(&place, facts)) {
            let logger = py
                .import("logging")?
                .call_method1("getLogger", ("antiphon",))?;
            let line = (
                "File at path %s was not removed: %s",
                path,
                error.to_string(),
            );
            logger.call_method1("error", line)?;
        }
        Ok(messages)
    }

    /// The messages that tell the server in front to send the file.
    fn _offloaded<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        offload::messages(slf.as_super(), scope)
    }

    /// Raise what `_offloaded` would raise, as far as that is known without a request.
    fn _expect_offload(slf: &Bound<'_, Self>) -> PyResult<()> {
        offload::check(slf.as_super())
    }
}

/// Opens the file and answers for it; for a thread that may wait.
fn open_waiting<'py>(
    slf: &Bound<'py, FileResponse>,
    scope: &Bound<'py, PyAny>,
    by_path: ByPath,
) -> PyResult<(Bound<'py, PyAny>, FileFacts)> {
    let py = slf.py();
    let path = slf.getattr(intern!(py, "path"))?;
    let place = file_path(&path)?;
    let file = py
        .detach(|| OpenFile::open(&place))
        .map_err(|error| error::open(&path, &error))?;
    let etag = match etag_source(slf)? {
        EtagSource::Stat => Etag::OfStat,
        EtagSource::Content => Etag::OfContent(py.detach(|| file.content_hash())?),
    };
    let hook = stat_headers(slf)?;
    let facts = file.facts();
    let messages = answer(
        slf.as_super(),
        Sent::itself(file, path, etag),
        scope,
        hook,
        by_path,
    )?;
    Ok((messages, facts))
}

impl NativeClass for FileResponse {
    const PARAMETERS: &'static [&'static str] = &[
        "path",
        "status_code",
        "headers",
        "media_type",
        "background",
        "filename",
        "stat_result",
        "content_disposition_type",
        "etag",
    ];
    const REQUIRED: usize = 1;

    fn build<'py>(
        response: &Bound<'py, PyAny>,
        profile: &ClassProfile,
        given: Given<'_, 'py>,
    ) -> PyResult<()> {
        let [
            Some(path),
            status_code,
            headers,
            media_type,
            background,
            of_file @ ..,
        ] = given
        else {
            return Ok(());
        };
        let [filename, stat_result, disposition_type, etag] = of_file.map(unless_none);
        let common = Arguments {
            content: None,
            status_code: status_code_or(response.py(), status_code, 200),
            headers: unless_none(headers),
            media_type: unless_none(media_type),
            background: unless_none(background),
        };
        let of_file = FileArguments {
            path,
            filename,
            stat_result,
            disposition_type,
            etag,
        };
        let fresh = profile.default_content();
        build(response.cast()?, fresh, common, of_file)
    }
}

/// What the constructor is given beside what every class is.
struct FileArguments<'a, 'py> {
    path: &'a Bound<'py, PyAny>,
    filename: Option<&'a Bound<'py, PyAny>>,
    stat_result: Option<&'a Bound<'py, PyAny>>,
    disposition_type: Option<&'a Bound<'py, PyAny>>,
    etag: Option<&'a Bound<'py, PyAny>>,
}

/// Builds the response. `fresh` is what its class says of its content, if nobody can have set an
/// attribute of the response before and the class overrides nothing.
fn build<'py>(
    slf: &Bound<'py, FileResponse>,
    fresh: Option<&DefaultContent>,
    common: Arguments<'_, 'py>,
    of_file: FileArguments<'_, 'py>,
) -> PyResult<()> {
    let py = slf.py();
    let FileArguments {
        path,
        filename,
        stat_result,
        disposition_type,
        etag,
    } = of_file;
    slf.setattr(intern!(py, "path"), path)?;
    if fresh.is_none() {
        slf.setattr(intern!(py, "status_code"), &common.status_code)?;
    }
    slf.setattr(intern!(py, "filename"), filename)?;
    let media_type = match common.media_type {
        Some(media_type) => media_type.clone(),
        None => match filename {
            Some(filename) if filename.is_truthy()? => media_type::guess(filename, Some(path))?,
            _ => media_type::guess(path, Some(path))?,
        },
    };
    slf.setattr(intern!(py, "media_type"), &media_type)?;
    match fresh {
        Some(own) => initialise::without_body(slf.as_super(), own, &media_type, common)?,
        None => {
            slf.setattr(intern!(py, "background"), common.background)?;
            slf.call_method1(intern!(py, "init_headers"), (common.headers,))?;
        }
    }
    offer(slf, disposition_type)?;
    if let Some(etag) = etag {
        EtagSource::try_from(etag)?;
        slf.setattr(intern!(py, "etag"), etag)?;
    }
    slf.setattr(intern!(py, "stat_result"), stat_result)?;
    if let Some(stat_result) = stat_result {
        slf.call_method1(intern!(py, "set_stat_headers"), (stat_result,))?;
    }
    Ok(())
}

/// What a program wants an `ETag` to be made of.
#[derive(Clone, Copy)]
enum EtagSource {
    Stat,
    Content,
}

impl TryFrom<&Bound<'_, PyAny>> for EtagSource {
    type Error = PyErr;

    fn try_from(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        match given.str()?.to_str()? {
            "stat" => Ok(Self::Stat),
            "content" => Ok(Self::Content),
            other => Err(PyValueError::new_err(format!(
                "etag: expected \"stat\" or \"content\", but found {other:?}"
            ))),
        }
    }
}

fn etag_source(slf: &Bound<'_, FileResponse>) -> PyResult<EtagSource> {
    EtagSource::try_from(&slf.getattr(intern!(slf.py(), "etag"))?)
}

/// Whose `set_stat_headers` the response has: the class and the response itself may have another.
fn stat_headers(slf: &Bound<'_, FileResponse>) -> PyResult<StatHeaders> {
    let (py, name) = (slf.py(), intern!(slf.py(), "set_stat_headers"));
    let ours = py.get_type::<FileResponse>().getattr(name)?;
    let own = slf.getattr(intern!(py, "__dict__"))?;
    let is_ours = slf.get_type().getattr(name)?.is(&ours) && !own.contains(name)?;
    Ok(if is_ours {
        StatHeaders::Ours
    } else {
        StatHeaders::Overridden
    })
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

/// The value of `Content-Disposition` by which content is offered under a name.
#[pyfunction]
#[pyo3(signature = (filename, disposition_type = None))]
pub(crate) fn content_disposition_of(
    filename: &Bound<'_, PyAny>,
    disposition_type: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    Ok(disposition(filename, disposition_type)?.to_text())
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
