//! The messages of a file, one after the other.

use crate::convert::path::file_path;
use crate::convert::{error, message};
use crate::ffi::uninit_bytes;
use antiphon_core::asgi::file_steps::{FileStep, FileSteps};
use antiphon_core::asgi::message::Message;
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::response::file::FileContent;
use antiphon_fs::OpenFile;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use std::ops::Range;

/// An iterator of messages; `None` where the disk has to be waited for, which `wait` does.
#[pyclass(module = "antiphon._antiphon")]
pub(crate) struct FileMessages {
    scope_type: ScopeType,
    start: Option<Py<PyDict>>,
    /// The message after the last one. The first is read before the head is sent: what fails then is
    /// still the application's to answer, and the client is woken for both at once.
    next: Option<Py<PyDict>>,
    steps: FileSteps,
    /// What is left of the range that is being sent, and whether other messages follow it.
    range: Option<(Range<u64>, bool)>,
    /// `None` once all is read, or it is closed.
    source: Option<Source>,
    needs_listener: bool,
}

/// An open file, and how it is cut.
pub(crate) struct Source {
    pub(crate) file: OpenFile,
    pub(crate) path: Py<PyAny>,
    pub(crate) chunk_size: u64,
    /// Whether it is sent as a whole: then, as in Starlette, a last chunk of full size is followed by
    /// an empty one.
    pub(crate) is_whole: bool,
    /// Whether only reading tells where it ends.
    pub(crate) is_open_ended: bool,
}

/// What a step comes to.
enum Next<'py> {
    Message(Bound<'py, PyDict>),
    /// The disk has to be waited for.
    Wait,
    End,
}

impl FileMessages {
    pub(crate) fn new(
        scope_type: ScopeType,
        start: Bound<'_, PyDict>,
        content: FileContent,
        source: Source,
    ) -> Self {
        Self {
            scope_type,
            start: Some(start.unbind()),
            next: None,
            steps: FileSteps::new(content),
            range: None,
            source: Some(source),
            needs_listener: false,
        }
    }

    /// Has the server open the file, if all of it is sent.
    pub(crate) fn send_by_path(&mut self) {
        self.steps = self.steps.clone().by_path();
    }

    /// Says that the server does not tell of the client's leave by an error of `send`.
    pub(crate) fn need_listener(&mut self) {
        self.needs_listener = !self.steps.is_by_path();
    }

    /// The two messages of a file that one holds, as those of any small response; or itself.
    pub(crate) fn into_messages(mut self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        if let Next::Message(content) = self.step(py)? {
            if self.source.is_none()
                && let Some(start) = self.start.take()
            {
                return Ok(PyTuple::new(py, [start.bind(py), &content])?.into_any());
            }
            self.next = Some(content.unbind());
        }
        Ok(Bound::new(py, self)?.into_any())
    }

    fn pathsend<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Some(source) = &self.source else {
            return Err(error::closed());
        };
        let message = PyDict::new(py);
        let kind = Message::<()>::Pathsend {
            path: String::new(),
        }
        .type_name();
        // The server may have another folder. Where ours is gone, the path is what it is.
        let path = file_path(source.path.bind(py))?;
        let path = std::path::absolute(&path).unwrap_or(path);
        message.set_item("type", PyString::intern(py, kind))?;
        message.set_item("path", path.into_os_string())?;
        Ok(message)
    }

    /// The next message after the head.
    fn step<'py>(&mut self, py: Python<'py>) -> PyResult<Next<'py>> {
        if self.range.is_some() {
            return self.cached_chunk(py);
        }
        let (bytes, more_body) = match self.steps.next() {
            None => return Ok(Next::End),
            Some(FileStep::File { range, more_body }) => {
                self.range = Some((range, more_body));
                return self.cached_chunk(py);
            }
            Some(FileStep::UntilEnd) => {
                self.range = Some((0..u64::MAX, false));
                return self.cached_chunk(py);
            }
            Some(FileStep::Pathsend) => {
                let message = self.pathsend(py)?;
                self.source = None;
                return Ok(Next::Message(message));
            }
            Some(FileStep::Segment { bytes, more_body }) => (bytes, more_body),
        };
        self.message(PyBytes::new(py, &bytes), more_body)
    }

    fn cached_chunk<'py>(&mut self, py: Python<'py>) -> PyResult<Next<'py>> {
        self.chunk(py, |source, range| {
            // The system makes the content now, which may take a while.
            if source.is_open_ended {
                return Ok(None);
            }
            uninit_bytes::cached(py, &source.file, range)
        })
    }

    /// The next chunk of a range, as a message.
    fn chunk<'py>(
        &mut self,
        py: Python<'py>,
        read: impl FnOnce(&Source, &Range<u64>) -> PyResult<Option<Bound<'py, PyBytes>>>,
    ) -> PyResult<Next<'py>> {
        let (Some(source), Some((range, more))) = (&self.source, &mut self.range) else {
            return Err(error::closed());
        };
        let chunk = if range.is_empty() {
            Some(PyBytes::new(py, b""))
        } else {
            let end = range.end.min(range.start.saturating_add(source.chunk_size));
            read(source, &(range.start..end))?
        };
        let Some(chunk) = chunk else {
            return Ok(Next::Wait);
        };
        let length = chunk.as_bytes().len() as u64;
        range.start += length;
        if source.is_open_ended && length == 0 {
            range.start = range.end;
        }
        let is_last = range.is_empty() && !(source.is_whole && length == source.chunk_size);
        let more_body = !is_last || *more;
        if is_last {
            self.range = None;
        }
        self.message(chunk, more_body)
    }

    /// A message of content; with the last one, the file is closed.
    fn message<'py>(&mut self, bytes: Bound<'py, PyBytes>, more_body: bool) -> PyResult<Next<'py>> {
        if !more_body {
            self.source = None;
        }
        message::body(bytes.py(), self.scope_type, bytes.as_any(), more_body).map(Next::Message)
    }
}

#[pymethods]
impl FileMessages {
    /// Whether somebody has to listen for the client's leave while it is sent: there is content, and
    /// the server does not tell by an error of `send`.
    #[getter]
    const fn needs_listener(&self) -> bool {
        self.needs_listener
    }

    const fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.next.is_none() {
            match self.step(py)? {
                Next::Message(message) => self.next = Some(message.unbind()),
                Next::Wait => return Ok(Some(py.None().into_bound(py))),
                Next::End => return Ok(None),
            }
        }
        let message = match self.start.take() {
            None => self.next.take(),
            start => start,
        };
        Ok(message.map(|message| message.into_bound(py).into_any()))
    }

    /// Read what memory does not hold; for a thread that may wait.
    fn wait(&mut self, py: Python<'_>) -> PyResult<()> {
        let next = self.chunk(py, |source, range| {
            if source.is_open_ended {
                let mut content = vec![0; (range.end - range.start) as usize];
                let read = py.detach(|| source.file.read_at(&mut content, range.start))?;
                return Ok(Some(PyBytes::new(py, &content[..read])));
            }
            match uninit_bytes::awaited(py, &source.file, range)? {
                None => Err(error::shrank(source.path.bind(py))),
                bytes => Ok(bytes),
            }
        })?;
        if let Next::Message(message) = next {
            self.next = Some(message.unbind());
        }
        Ok(())
    }

    /// Close the file; if a thread still reads it, that holds the last reference and closes it.
    fn close(slf: &Bound<'_, Self>) {
        if let Ok(mut messages) = slf.try_borrow_mut() {
            messages.source = None;
        }
    }
}
