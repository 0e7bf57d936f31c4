//! Paths of files.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;

/// The path that a string, bytes or an `os.PathLike` stands for.
pub(crate) fn file_path(path: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    if let Ok(bytes) = path.cast::<PyBytes>() {
        use std::os::unix::ffi::OsStrExt;
        return Ok(std::ffi::OsStr::from_bytes(bytes.as_bytes()).into());
    }
    path.extract()
}
