//! Why a source cannot be sent.

use http::StatusCode;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// The error of a source that cannot be sent.
///
/// Its text names the source, for the log; [`response`](Self::response) is what a client may see.
///
/// # Examples
///
/// ```
/// use antiphon::{SourceError, SourceErrorKind};
///
/// let error = SourceError::new(SourceErrorKind::NotFound, "there is no such row");
/// assert_eq!(error.response().into_http(&http::Request::new(())).unwrap().status(), 404);
/// ```
#[derive(Debug)]
pub struct SourceError {
    kind: SourceErrorKind,
    source_name: Option<Box<str>>,
    error: Box<dyn Error + Send + Sync>,
}

/// The kinds of [`SourceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// There is no such content.
    NotFound,
    /// It may not be read.
    Forbidden,
    /// It is another version than the one that was asked for.
    Changed,
    /// It has given fewer or more bytes than it said.
    Length,
    /// It has not answered in time.
    Silent,
    /// A header contradicts it.
    Invalid,
    /// Reading failed, or the like.
    Other,
}

impl SourceError {
    /// Makes an error of this kind, of an error or a text that says more.
    pub fn new(kind: SourceErrorKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source_name: None,
            error: error.into(),
        }
    }

    /// Makes the error of content that is another version than the one that was asked for. Before anything is
    /// sent, the answer is made anew for what there is.
    #[must_use]
    pub fn changed() -> Self {
        let text = "expected the version that was asked for, but found another";
        Self::new(SourceErrorKind::Changed, text)
    }

    pub(crate) fn silent(patience: Duration) -> Self {
        let text = format!("expected an answer in {patience:?}, but found none");
        Self::new(SourceErrorKind::Silent, text)
    }

    pub(super) fn ended(missing: u64) -> Self {
        let text = format!("expected {missing} bytes more, but found the end");
        Self::new(SourceErrorKind::Length, text)
    }

    pub(super) fn too_long(wanted: u64, found: usize) -> Self {
        let text = format!("expected {wanted} bytes at most, but found {found}");
        Self::new(SourceErrorKind::Length, text)
    }

    /// Says which source it is.
    pub(crate) fn of(mut self, name: &str) -> Self {
        self.source_name.get_or_insert_with(|| name.into());
        self
    }

    /// Returns the status of the answer that tells of it.
    pub(crate) const fn status(&self) -> StatusCode {
        match self.kind {
            SourceErrorKind::NotFound => StatusCode::NOT_FOUND,
            SourceErrorKind::Forbidden => StatusCode::FORBIDDEN,
            SourceErrorKind::Changed => StatusCode::SERVICE_UNAVAILABLE,
            SourceErrorKind::Silent => StatusCode::GATEWAY_TIMEOUT,
            SourceErrorKind::Invalid => StatusCode::INTERNAL_SERVER_ERROR,
            SourceErrorKind::Length | SourceErrorKind::Other => StatusCode::BAD_GATEWAY,
        }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> SourceErrorKind {
        self.kind
    }
}

impl From<io::Error> for SourceError {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => SourceErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => SourceErrorKind::Forbidden,
            io::ErrorKind::TimedOut => SourceErrorKind::Silent,
            _ => SourceErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source_name {
            Some(name) => write!(formatter, "source {name}: {}", self.error),
            None => self.error.fmt(formatter),
        }
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
