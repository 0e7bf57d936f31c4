//! Why a file cannot be opened.

use crate::errno;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file cannot be opened.
#[derive(Debug)]
pub struct OpenError {
    path: PathBuf,
    kind: OpenErrorKind,
    source: io::Error,
}

/// The kinds of [`OpenError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// There is no such file, or a symbolic link leads to itself.
    NotFound,
    /// It is a directory, a pipe, a device or a socket.
    NotAFile,
    /// It may not be read.
    Forbidden,
    /// The process, or the system, has as many files open as it may.
    TooManyOpenFiles,
    /// Anything else.
    Other,
}

impl OpenError {
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            _ if errno::is_link_loop(&source) => OpenErrorKind::NotFound,
            _ if errno::is_out_of_files(&source) => OpenErrorKind::TooManyOpenFiles,
            _ if errno::is_no_file(&source) => OpenErrorKind::NotAFile,
            // A path that no system has: too long, or with a NUL.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename => OpenErrorKind::NotFound,
            io::ErrorKind::InvalidInput if source.get_ref().is_some_and(|e| e.is::<NotAFile>()) => {
                OpenErrorKind::NotAFile
            }
            io::ErrorKind::InvalidInput => OpenErrorKind::NotFound,
            io::ErrorKind::IsADirectory => OpenErrorKind::NotAFile,
            io::ErrorKind::PermissionDenied => OpenErrorKind::Forbidden,
            _ => OpenErrorKind::Other,
        };
        Self {
            path: path.to_owned(),
            kind,
            source,
        }
    }

    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// The path that was given. It is for logs, not for clients.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.kind {
            OpenErrorKind::NotFound => write!(formatter, "File at path {path} does not exist."),
            OpenErrorKind::NotAFile => write!(formatter, "File at path {path} is not a file."),
            OpenErrorKind::Forbidden => write!(formatter, "File at path {path} may not be read."),
            OpenErrorKind::TooManyOpenFiles | OpenErrorKind::Other => {
                write!(
                    formatter,
                    "File at path {path} cannot be opened: {}",
                    self.source
                )
            }
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// What was opened is no regular file.
#[derive(Debug)]
struct NotAFile;

impl fmt::Display for NotAFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a regular file")
    }
}

impl std::error::Error for NotAFile {}

pub(crate) fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, NotAFile)
}
