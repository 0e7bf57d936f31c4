//! Why a file cannot be sent.

use antiphon_fs::{OpenError, OpenErrorKind};
use http::StatusCode;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// The error of a file that cannot be sent.
///
/// Its text names the path, for the log; [`response`](FileError::response) is what a client may see.
///
/// # Examples
///
/// ```
/// use antiphon::{FileErrorKind, FileResponse};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let missing = FileResponse::new("no/such/file").into_http(&http::Request::new(()));
/// let error = missing.await.unwrap_err();
/// assert_eq!(error.kind(), FileErrorKind::NotFound);
/// assert_eq!(error.to_string(), "File at path no/such/file does not exist.");
/// let response = error.response().into_http(&http::Request::new(())).unwrap();
/// assert_eq!(response.status(), 404);
/// # });
/// ```
#[derive(Debug)]
pub struct FileError {
    kind: FileErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// The kinds of [`FileError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// There is no such file.
    NotFound,
    /// It is a directory, a pipe, a device or a socket.
    NotAFile,
    /// It may not be read.
    Forbidden,
    /// It has become shorter than what was announced of it; the response was cut.
    Shrank,
    /// A header contradicts the file.
    Invalid,
    /// The process, or the system, has as many files open as it may.
    TooManyOpenFiles,
    /// Reading failed, or the like.
    Other,
}

impl FileError {
    pub(crate) fn open(error: OpenError) -> Self {
        let kind = match error.kind() {
            OpenErrorKind::NotFound => FileErrorKind::NotFound,
            OpenErrorKind::NotAFile => FileErrorKind::NotAFile,
            OpenErrorKind::Forbidden => FileErrorKind::Forbidden,
            OpenErrorKind::TooManyOpenFiles => FileErrorKind::TooManyOpenFiles,
            _ => FileErrorKind::Other,
        };
        Self {
            kind,
            source: error.into(),
        }
    }

    /// No file can have this path; the text is that of a file that is missing.
    pub(crate) fn outside(path: &Path) -> Self {
        let text = format!("File at path {} does not exist.", path.display());
        Self {
            kind: FileErrorKind::NotFound,
            source: text.into(),
        }
    }

    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        let text = format!("File at path {} cannot be read: {error}", path.display());
        Self {
            kind: FileErrorKind::Other,
            source: text.into(),
        }
    }

    pub(crate) fn shrank(path: &Path) -> Self {
        let text = format!("File at path {} is shorter than expected.", path.display());
        Self {
            kind: FileErrorKind::Shrank,
            source: text.into(),
        }
    }

    pub(crate) fn invalid(error: impl Error + Send + Sync + 'static) -> Self {
        Self {
            kind: FileErrorKind::Invalid,
            source: error.into(),
        }
    }

    /// A task that reads was cancelled, since the runtime ends.
    pub(crate) fn task(error: tokio::task::JoinError) -> Self {
        Self {
            kind: FileErrorKind::Other,
            source: error.into(),
        }
    }

    /// There is no runtime whose threads may wait for the disk.
    pub(crate) fn runtime(error: &tokio::runtime::TryCurrentError) -> Self {
        let text = format!("a file cannot be read without a tokio runtime: {error}");
        Self {
            kind: FileErrorKind::Other,
            source: text.into(),
        }
    }

    pub(crate) fn random(error: impl fmt::Display) -> Self {
        let text = format!("no boundary between ranges can be made: {error}");
        Self {
            kind: FileErrorKind::Other,
            source: text.into(),
        }
    }

    /// Returns the status of the answer that tells of it.
    pub(crate) const fn status(&self) -> StatusCode {
        match self.kind {
            FileErrorKind::NotFound | FileErrorKind::NotAFile => StatusCode::NOT_FOUND,
            FileErrorKind::Forbidden => StatusCode::FORBIDDEN,
            FileErrorKind::TooManyOpenFiles => StatusCode::SERVICE_UNAVAILABLE,
            FileErrorKind::Shrank | FileErrorKind::Invalid | FileErrorKind::Other => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> FileErrorKind {
        self.kind
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(formatter)
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}
