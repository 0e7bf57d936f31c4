//! A file that a program has open.

use super::error::{SourceError, SourceErrorKind};
use super::facts::SourceFacts;
use super::source::Source;
use crate::content::file_error::{FileError, FileErrorKind};
use crate::content::file_reader::Reader;
use crate::content::opened::{Opened, version};
use antiphon_fs::OpenFile;
use bytes::Bytes;
use futures_core::Stream;
use std::fs::File;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

/// An open file: one that has no path any more, one of a descriptor that was handed over, a `memfd`.
///
/// It is read at offsets, and its own position stays. Clones are the same file.
///
/// # Examples
///
/// ```
/// use antiphon::{ContentResponse, FileSource};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let file = FileSource::new(std::fs::File::open("Cargo.toml")?, "Cargo.toml")?;
/// let request = http::Request::get("/").header("range", "bytes=0-9").body(())?;
/// let response = ContentResponse::new(file).filename("Cargo.toml").into_http(&request).await?;
/// assert_eq!(response.status(), 206);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct FileSource {
    file: Opened,
}

impl FileSource {
    /// Takes a file that is open for reading, and a name for the log.
    ///
    /// # Errors
    ///
    /// Those of the operating system; [`InvalidInput`](io::ErrorKind::InvalidInput) if it is a directory, a
    /// pipe, a device or a socket, or its length is known only when it was read.
    pub fn new(file: File, name: impl Into<PathBuf>) -> io::Result<Self> {
        let file = OpenFile::try_from(file)?;
        if file.is_generated() {
            let text =
                "expected a file of a known length, but found one that is made while it is read";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(Self {
            file: Opened::of(file, name.into()),
        })
    }
}

impl Source for FileSource {
    fn facts(&self) -> impl Future<Output = Result<SourceFacts, SourceError>> + Send {
        let facts = self.file.facts_now().map(|facts| {
            let version = version(facts);
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = since.map_or(0, |since| since.as_secs());
            let now = i64::try_from(now).unwrap_or(i64::MAX);
            SourceFacts::new(facts.length)
                .with_etag(Some(version.etag(now)))
                .with_date(version.last_modified(now))
        });
        std::future::ready(facts.map_err(SourceError::from))
    }

    fn read(
        &self,
        range: Range<u64>,
        _: &SourceFacts,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static {
        Pieces(Reader::of_range(&self.file, range))
    }

    fn name(&self) -> String {
        self.file.path().display().to_string()
    }
}

struct Pieces(Reader);

impl Stream for Pieces {
    type Item = Result<Bytes, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.0.poll_chunk(context);
        chunk.map(|chunk| chunk.map(|chunk| chunk.map_err(of_file)))
    }
}

fn of_file(error: FileError) -> SourceError {
    let kind = match error.kind() {
        FileErrorKind::Shrank => SourceErrorKind::Length,
        _ => SourceErrorKind::Other,
    };
    SourceError::new(kind, error)
}
