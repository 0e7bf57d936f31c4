//! Files of directories: opened beneath a folder, and the compressed copy of each that a client likes best.

use super::answer::{ByPath, Etag, Sent, answer};
use super::{EtagSource, FileResponse, etag_source, stat_headers};
use crate::convert::mimetypes::as_text;
use crate::convert::path::file_path;
use crate::convert::{error, field, media_type, scope};
use antiphon_core::fields::{FieldName, HeaderPatch};
use antiphon_core::request::directory_path::{self, DirectoryPath};
use antiphon_core::response::directory::{self, DirectoryRequest};
use antiphon_core::values::cache_rules::CacheRules;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::media_types::{Guess, MediaTypes, of_extension};
use antiphon_fs::{Folder, OpenError, OpenErrorKind, OpenFile};
use pyo3::exceptions::{PyBlockingIOError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What `StaticFiles` says of the files of its directories.
#[pyclass(module = "antiphon._antiphon", frozen)]
pub(crate) struct Directory {
    precompressed: Vec<ContentCoding>,
    cache_rules: CacheRules,
    media_types: MediaTypes,
}

/// A file of a directory that is open.
#[pyclass(module = "antiphon._antiphon")]
pub(crate) struct DirectoryFile {
    /// The path beneath the directory.
    #[pyo3(get)]
    name: String,
    /// Where the file lies that its copy stands for.
    path: PathBuf,
    /// What is sent, where that lies, and its coding; `None` once it is being sent.
    chosen: Option<(OpenFile, PathBuf, Option<ContentCoding>)>,
}

#[pymethods]
impl Directory {
    #[new]
    fn new(
        precompressed: Vec<String>,
        cache_rules: Vec<(String, String)>,
        media_types: Vec<(String, String)>,
    ) -> PyResult<Self> {
        let mut codings = Vec::new();
        for name in precompressed {
            let coding = name.parse::<ContentCoding>();
            let refused = |error| PyValueError::new_err(format!("precompressed: {error}"));
            codings.push(coding.map_err(refused)?);
        }
        let mut rules = CacheRules::new();
        for (pattern, value) in cache_rules {
            let refused =
                |error| PyValueError::new_err(format!("cache_control, {pattern:?}: {error}"));
            rules = rules.with(&pattern, &*value).map_err(refused)?;
        }
        let mut types = MediaTypes::new();
        for (extension, media_type) in media_types {
            let refused = |error| PyValueError::new_err(format!("{error}"));
            types = types.with(&extension, &*media_type).map_err(refused)?;
        }
        Ok(Self {
            precompressed: codings,
            cache_rules: rules,
            media_types: types,
        })
    }

    /// What the header says of a file beside what it says of every file: names and values.
    fn head(&self, name: &str, cache_control: Option<String>) -> Vec<(String, String)> {
        let mut head = Vec::new();
        for patch in directory::head(self.has_copies(name), None) {
            if let HeaderPatch::Append(name, value) = patch {
                head.push((name.as_str().to_owned(), value.to_text()));
            }
        }
        let kept = cache_control.or_else(|| Some(self.cache_rules.of_path(name)?.to_text()));
        head.extend(kept.map(|kept| (FieldName::CACHE_CONTROL.as_str().to_owned(), kept)));
        head
    }

    /// Whether a file may have copies, so that the answer varies.
    fn has_copies(&self, name: &str) -> bool {
        directory::has_copies(name, &self.precompressed)
    }

    /// The media type of the file at `path`.
    fn media_type<'py>(&self, path: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = path.py();
        let text = match path.cast_exact::<PyString>() {
            Ok(text) => text.clone().into_any(),
            Err(_) => py
                .import(intern!(py, "os"))?
                .call_method1(intern!(py, "fsdecode"), (path,))?,
        };
        let Ok(text) = text.cast::<PyString>()?.to_str() else {
            return media_type::guess(path, Some(path));
        };
        if let Some(added) = self.media_types.added_for(text) {
            return Ok(as_text(py, added.clone()).into_any());
        }
        // What is compressed is sent as it lies there, so it is of the type of its compression.
        let of_coding = |coding: ContentCoding| of_extension(&coding.extension()[1..]);
        match ContentCoding::of_name(text).map(of_coding) {
            Some(Guess::Type(compressed)) => Ok(as_text(py, compressed).into_any()),
            _ => media_type::guess(path, Some(path)),
        }
    }

    /// Open what answers a path beneath the folder `root`: a file, or, for the path of a folder, the file
    /// `index` in it; `None` if there is no such file.
    ///
    /// Raises:
    ///     BlockingIOError: If it has to be waited for, unless `waits`.
    ///     PermissionError: If it may not be read.
    fn open(
        &self,
        py: Python<'_>,
        root: PathBuf,
        path: &Bound<'_, PyString>,
        index: Option<&str>,
        scope: &Bound<'_, PyAny>,
        waits: bool,
    ) -> PyResult<Option<DirectoryFile>> {
        let Some(named) = named(path) else {
            return Ok(None);
        };
        let name = match (named.is_folder(), index) {
            (false, _) => named.path().to_owned(),
            (true, Some(index)) => named.inside(index),
            (true, None) => return Ok(None),
        };
        let place = root.join(&name);
        let Ok(folder) = Folder::open(&root) else {
            return Ok(None);
        };
        match beneath(py, &folder, &name, waits) {
            Ok(Some(original)) => {
                let root = Some((&*root, &folder));
                let opened = self.chosen(root, name, place, original, scope, waits);
                opened.map(Some)
            }
            Ok(None) => Err(PyBlockingIOError::new_err("the disk has to be waited for")),
            Err(error) => match error.kind() {
                OpenErrorKind::Forbidden | OpenErrorKind::TooManyOpenFiles => Err(error::open(
                    &place.into_os_string().into_pyobject(py)?.into_any(),
                    &error,
                )),
                _ => Ok(None),
            },
        }
    }

    /// Open the file at `path`, which has the path `name` beneath the folder `root`, if it lies there.
    ///
    /// Raises:
    ///     BlockingIOError: If it has to be waited for, unless `waits`.
    ///     OSError, RuntimeError: If it cannot be opened.
    fn open_at(
        &self,
        path: &Bound<'_, PyAny>,
        root: Option<PathBuf>,
        name: String,
        scope: &Bound<'_, PyAny>,
        waits: bool,
    ) -> PyResult<DirectoryFile> {
        let (py, place) = (path.py(), file_path(path)?);
        let original = if waits {
            py.detach(|| OpenFile::open(&place)).map(Some)
        } else {
            OpenFile::open_cached(&place)
        };
        match original.map_err(|error| error::open(path, &error))? {
            Some(original) => {
                let folder = root.as_deref().and_then(|root| Folder::open(root).ok());
                let root = root.as_deref().zip(folder.as_ref());
                self.chosen(root, name, place, original, scope, waits)
            }
            None => Err(PyBlockingIOError::new_err("the disk has to be waited for")),
        }
    }
}

impl Directory {
    /// The file, or the copy of it that the client likes best.
    fn chosen(
        &self,
        root: Option<(&Path, &Folder)>,
        name: String,
        path: PathBuf,
        original: OpenFile,
        scope: &Bound<'_, PyAny>,
        waits: bool,
    ) -> PyResult<DirectoryFile> {
        let py = scope.py();
        let mut chosen = None;
        if let Some((root, folder)) = root
            && self.has_copies(&name)
        {
            for coding in request(scope)?.codings_of(&name, &self.precompressed) {
                let copy = format!("{name}{}", coding.extension());
                match beneath(py, folder, &copy, waits) {
                    Ok(Some(file))
                        if directory::is_current(
                            original.facts().modified,
                            file.facts().modified,
                        ) =>
                    {
                        chosen = Some((file, root.join(copy), Some(coding)));
                        break;
                    }
                    Ok(Some(_)) | Err(_) => {}
                    Ok(None) => {
                        return Err(PyBlockingIOError::new_err("the disk has to be waited for"));
                    }
                }
            }
        }
        let chosen = chosen.unwrap_or_else(|| (original, path.clone(), None));
        Ok(DirectoryFile {
            name,
            path,
            chosen: Some(chosen),
        })
    }
}

#[pymethods]
impl DirectoryFile {
    #[getter]
    fn path(&self) -> &OsStr {
        self.path.as_os_str()
    }

    /// The messages by which `response` sends the file to whoever `scope` describes, as
    /// `FileResponse._open` returns them; `None` if the disk has to be waited for, unless `waits`.
    fn messages<'py>(
        &mut self,
        response: &Bound<'py, FileResponse>,
        scope: &Bound<'py, PyAny>,
        waits: bool,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = response.py();
        let Some((file, path, coding)) = self.chosen.take() else {
            return Err(error::closed());
        };
        let etag = match etag_source(response)? {
            EtagSource::Stat => Etag::OfStat,
            EtagSource::Content if waits => Etag::OfContent(py.detach(|| file.content_hash())?),
            EtagSource::Content => match file.known_content_hash() {
                None => {
                    self.chosen = Some((file, path, coding));
                    return Ok(None);
                }
                hash => Etag::OfContent(hash),
            },
        };
        let path = path.into_os_string().into_pyobject(py)?.into_any();
        let hook = stat_headers(response)?;
        let sent = Sent {
            file,
            path,
            etag,
            coding,
        };
        answer(response.as_super(), sent, scope, hook, ByPath::IfOffered).map(Some)
    }
}

/// Where a request for `path`, a folder, is sent, which lacks the `/` at its end; `None` if the part of it
/// that is beneath the directory, `route_path`, is no path of a folder.
#[pyfunction]
pub(crate) fn folder_target(
    route_path: &Bound<'_, PyString>,
    path: &Bound<'_, PyString>,
    query: &[u8],
) -> Option<String> {
    named(route_path)?;
    Some(directory_path::with_slash(path.to_str().ok()?, query))
}

/// Whether a request is made by a person who opens the page at a path beneath the directory.
#[pyfunction]
pub(crate) fn is_navigation(
    scope: &Bound<'_, PyAny>,
    route_path: &Bound<'_, PyString>,
) -> PyResult<bool> {
    let Some(named) = named(route_path) else {
        return Ok(false);
    };
    Ok(request(scope)?.navigation.leads_to(&named.whole()))
}

/// What a path names, if anything in a directory can have it.
fn named<'a>(path: &'a Bound<'_, PyString>) -> Option<DirectoryPath<'a>> {
    DirectoryPath::of_decoded(path.to_str().ok()?, cfg!(windows))
}

fn request(scope: &Bound<'_, PyAny>) -> PyResult<DirectoryRequest> {
    let mut request = DirectoryRequest::default();
    if let Some(headers) = scope::entry(scope, intern!(scope.py(), "headers"))? {
        for line in headers.try_iter()? {
            let (name, value) = field::parts(&line?)?;
            let (name, value): (PyBackedBytes, PyBackedBytes) = (name.extract()?, value.extract()?);
            request.note(&name, &value);
        }
    }
    Ok(request)
}

/// Opens a file beneath a folder; `None` if that has to be waited for, unless it may be.
fn beneath(
    py: Python<'_>,
    folder: &Folder,
    name: &str,
    waits: bool,
) -> Result<Option<OpenFile>, OpenError> {
    if waits {
        py.detach(|| folder.open_beneath(name.as_ref()).map(Some))
    } else {
        folder.open_beneath_cached(name.as_ref())
    }
}
