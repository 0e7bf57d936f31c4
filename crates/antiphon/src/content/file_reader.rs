//! Reading what a plan asks for: in memory at once, otherwise on a thread that may wait.

use super::file_buffer::Buffer;
use super::file_error::FileError;
use super::opened::{Opened, blocking};
use antiphon_core::body::segment::Segment;
use antiphon_core::response::file::FileContent;
use antiphon_fs::Read;
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::JoinHandle;

/// The segments of a body that are not sent yet.
#[derive(Debug)]
pub(crate) struct Reader {
    file: Option<Opened>,
    segments: VecDeque<Segment>,
    /// Whether the last segment ends where the file does.
    is_open_ended: bool,
    /// A read on another thread, which goes on while the chunk before it is being sent.
    reading: Option<JoinHandle<(Buffer, io::Result<usize>)>>,
}

impl Reader {
    pub(crate) fn new(file: Opened, content: FileContent) -> Self {
        let segments = match content {
            FileContent::Whole(length) => [Segment::File(0..length)].into(),
            FileContent::UntilEnd => return Self::until_end(&file),
            FileContent::Segments(segments) => segments.into(),
        };
        Self::of(file, segments)
    }

    pub(crate) fn of_range(file: &Opened, range: Range<u64>) -> Self {
        Self::of(file.clone(), [Segment::File(range)].into())
    }

    pub(crate) fn until_end(file: &Opened) -> Self {
        let mut reader = Self::of_range(file, 0..u64::MAX);
        reader.is_open_ended = true;
        reader
    }

    fn of(file: Opened, segments: VecDeque<Segment>) -> Self {
        let mut reader = Self {
            file: Some(file),
            segments,
            is_open_ended: false,
            reading: None,
        };
        reader.drop_what_is_sent();
        reader
    }

    /// Returns how many bytes remain to be sent; `None` if only reading tells.
    pub(crate) fn remaining(&self) -> Option<u64> {
        (!self.is_open_ended).then(|| self.segments.iter().map(Segment::len).sum())
    }

    /// Tells whether all has been taken.
    pub(crate) fn is_at_end(&self) -> bool {
        self.segments.is_empty()
    }

    /// Takes the next bytes; an error if the file has fewer than were announced.
    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, FileError>>> {
        let chunk = match (self.segments.front_mut(), &self.file) {
            (None, _) | (_, None) => return Poll::Ready(None),
            (Some(Segment::Bytes(bytes)), _) => Ok(std::mem::take(bytes).into()),
            (Some(Segment::File(range)), Some(file)) => {
                let range = range.clone();
                let file = file.clone();
                ready!(self.poll_range(&file, range, context))
            }
        };
        if let (Ok(chunk), Some(Segment::File(range))) = (&chunk, self.segments.front_mut()) {
            range.start += chunk.len() as u64;
        }
        match &chunk {
            Ok(chunk) if chunk.is_empty() && self.is_open_ended => {
                self.segments.clear();
                self.file = None;
                return Poll::Ready(None);
            }
            Ok(_) => self.drop_what_is_sent(),
            Err(_) => self.segments.clear(),
        }
        Poll::Ready(Some(chunk))
    }

    fn poll_range(
        &mut self,
        file: &Opened,
        range: Range<u64>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Bytes, FileError>> {
        let wanted = range.end - range.start;
        let (buffer, read) = match &mut self.reading {
            Some(reading) => {
                let read = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                let (buffer, read) = read.map_err(FileError::task)?;
                // Where these bytes were not in memory, the next hardly are: read one chunk ahead.
                let next = range.start + *read.as_ref().unwrap_or(&0) as u64;
                if next > range.start && next < range.end {
                    self.read_elsewhere(file, Buffer::new(range.end - next), next)?;
                }
                (buffer, read)
            }
            None => {
                let mut buffer = Buffer::new(wanted);
                match file.file.read_cached_at(buffer.memory(), range.start) {
                    Ok(Read::Bytes(read)) => (buffer, Ok(read)),
                    Err(error) => (buffer, Err(error)),
                    Ok(Read::WouldBlock) => {
                        self.read_elsewhere(file, buffer, range.start)?;
                        return self.poll_range(file, range, context);
                    }
                }
            }
        };
        match read {
            Ok(0) if self.is_open_ended => Poll::Ready(Ok(Bytes::new())),
            Ok(0) => Poll::Ready(Err(FileError::shrank(file.path()))),
            Ok(read) => Poll::Ready(Ok(buffer.into_bytes(read))),
            Err(error) => Poll::Ready(Err(FileError::read(file.path(), &error))),
        }
    }

    fn read_elsewhere(
        &mut self,
        file: &Opened,
        mut buffer: Buffer,
        offset: u64,
    ) -> Result<(), FileError> {
        let file = Arc::clone(&file.file);
        self.reading = Some(blocking(move || {
            let read = file.read_at(buffer.memory(), offset);
            (buffer, read)
        })?);
        Ok(())
    }

    /// Drops the segments that have been taken, and the file with the last.
    fn drop_what_is_sent(&mut self) {
        while self
            .segments
            .front()
            .is_some_and(|segment| segment.is_empty())
        {
            self.segments.pop_front();
        }
        if self.segments.is_empty() {
            self.file = None;
        }
    }
}
