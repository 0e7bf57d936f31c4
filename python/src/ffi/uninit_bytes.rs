//! Chunks of a file, read to where the byte strings lie that are sent.
//!
//! Safe code fills a byte string with zeros before a file is read over them, and in a thread it reads
//! into memory of its own first: an eighth of the time that a large file takes. So the system is called
//! here, with memory that nobody has written to yet.
#![expect(
    unsafe_code,
    reason = "memory that nobody has written to yet is handed to the operating system"
)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsRawFd, RawFd};
use std::slice;

/// The bytes of a range that memory holds; `None` if it does not hold all of them, or the file ends
/// before.
pub(crate) fn cached<'py>(
    py: Python<'py>,
    file: &impl AsRawFd,
    range: &Range<u64>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let file = file.as_raw_fd();
    filled(py, range, |memory| {
        system::read_cached(file, memory, range.start)
    })
}

/// The bytes of a range, for a thread that may wait; `None` if the file ends before it.
pub(crate) fn awaited<'py>(
    py: Python<'py>,
    file: &impl AsRawFd,
    range: &Range<u64>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let file = file.as_raw_fd();
    filled(py, range, |memory| {
        py.detach(|| {
            let mut read = 0;
            while read < memory.len() {
                match self::read(file, &mut memory[read..], range.start + read as u64) {
                    Ok(0) => break,
                    Ok(more) => read += more,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(read)
        })
    })
}

/// A byte string as long as `range`, if `read` fills it: it returns how many bytes it has written, from
/// the first on. Only the two functions above may be `read`.
fn filled<'py>(
    py: Python<'py>,
    range: &Range<u64>,
    read: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let length = (range.end - range.start) as usize;
    // SAFETY: without a source, the interpreter makes a byte string of this length (an exception if
    // that is too large), which is ours alone to write to until somebody else has seen it. Nothing says
    // that its bytes are initialised, and `MaybeUninit` does not ask for it.
    let (bytes, memory) = unsafe {
        let bytes = ffi::PyBytes_FromStringAndSize(std::ptr::null(), length as ffi::Py_ssize_t);
        let bytes = Bound::from_owned_ptr_or_err(py, bytes)?.cast_into_unchecked::<PyBytes>();
        let start = ffi::PyBytes_AsString(bytes.as_ptr()).cast::<MaybeUninit<u8>>();
        (bytes, slice::from_raw_parts_mut(start, length))
    };
    Ok((read(memory)? == length).then_some(bytes))
}

#[cfg(all(target_os = "linux", not(antiphon_portable)))]
mod system {
    use super::{offset_of, outcome};
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::RawFd;

    /// Reads what memory holds; nothing if that cannot be told.
    pub(super) fn read_cached(
        file: RawFd,
        memory: &mut [MaybeUninit<u8>],
        offset: u64,
    ) -> io::Result<usize> {
        let offset = offset_of(offset)?;
        let part = libc::iovec {
            iov_base: memory.as_mut_ptr().cast(),
            iov_len: memory.len(),
        };
        // SAFETY: `part` is memory of ours of that length, which the system only writes to. A file that
        // is not open is an error.
        let read = unsafe { libc::preadv2(file, &raw const part, 1, offset, libc::RWF_NOWAIT) };
        outcome(read).or_else(|error| match error.raw_os_error() {
            // Not in memory; or the file system does not know the flag; or the kernel is older than
            // 4.14, or a sandbox hides the call.
            Some(libc::EAGAIN | libc::EOPNOTSUPP | libc::ENOSYS | libc::EINTR | libc::EINVAL) => {
                Ok(0)
            }
            _ => Err(error),
        })
    }
}

#[cfg(not(all(target_os = "linux", not(antiphon_portable))))]
mod system {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::RawFd;

    /// Reads nothing: what memory holds cannot be told here.
    pub(super) fn read_cached(_: RawFd, _: &mut [MaybeUninit<u8>], _: u64) -> io::Result<usize> {
        Ok(0)
    }
}

/// Reads, and waits for the disk if it must.
fn read(file: RawFd, memory: &mut [MaybeUninit<u8>], offset: u64) -> io::Result<usize> {
    let offset = offset_of(offset)?;
    // SAFETY: it is memory of ours of that length, which the system only writes to. A file that is not
    // open is an error.
    outcome(unsafe { libc::pread(file, memory.as_mut_ptr().cast(), memory.len(), offset) })
}

fn outcome(read: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}

fn offset_of(offset: u64) -> io::Result<libc::off_t> {
    libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
