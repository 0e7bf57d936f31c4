//! Chunks of a file, read to where the byte strings lie that are sent.
//!
//! Safe code fills a byte string with zeros before a file is read over them, and in a thread it reads
//! into memory of its own first: an eighth of the time that a large file takes.
#![expect(
    unsafe_code,
    reason = "memory that nobody has written to yet is handed to the operating system"
)]

use antiphon_fs::{OpenFile, Read};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io;
use std::ops::Range;
use std::slice;

/// The bytes of a range that memory holds; `None` if it does not hold all of them.
pub(crate) fn cached<'py>(
    py: Python<'py>,
    file: &OpenFile,
    range: &Range<u64>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    // SAFETY: the buffer is written to and not read, as `OpenFile` gives it to the system alone.
    unsafe {
        fill(py, range, |buffer| {
            Ok(match file.read_cached_at(buffer, range.start)? {
                Read::Bytes(read) => read,
                Read::WouldBlock => 0,
            })
        })
    }
}

/// The bytes of a range, for a thread that may wait; `None` if the file ends before it.
pub(crate) fn awaited<'py>(
    py: Python<'py>,
    file: &OpenFile,
    range: &Range<u64>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    // SAFETY: as above.
    unsafe {
        fill(py, range, |buffer| {
            py.detach(|| file.read_at(buffer, range.start))
        })
    }
}

/// As many bytes as `range` has; `None` if `read` says that it has not written all of them.
///
/// # Safety
///
/// `read` writes as many bytes of its buffer as it says, from the first on, and reads none of it.
unsafe fn fill<'py>(
    py: Python<'py>,
    range: &Range<u64>,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let length = (range.end - range.start) as usize;
    // SAFETY: without a source, the interpreter makes a byte string of this length (an exception if
    // that is too large), which is ours alone to write to until somebody else has seen it.
    let (bytes, buffer) = unsafe {
        let bytes = ffi::PyBytes_FromStringAndSize(std::ptr::null(), length as ffi::Py_ssize_t);
        let bytes = Bound::from_owned_ptr_or_err(py, bytes)?.cast_into_unchecked::<PyBytes>();
        let start = ffi::PyBytes_AsString(bytes.as_ptr()).cast::<u8>();
        (bytes, slice::from_raw_parts_mut(start, length))
    };
    let read = read(buffer)?;
    Ok((read == length).then_some(bytes))
}
