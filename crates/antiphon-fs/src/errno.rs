//! Errors that `std::io::ErrorKind` does not name.

use std::io;

/// Tells whether symbolic links lead in a circle, or too far.
pub(crate) fn is_link_loop(error: &io::Error) -> bool {
    is(error, &LINK_LOOP)
}

/// Tells whether the process, or the system, has as many files open as it may.
pub(crate) fn is_out_of_files(error: &io::Error) -> bool {
    is(error, &OUT_OF_FILES)
}

/// Tells whether what cannot be opened is a socket, or a device without a driver.
pub(crate) fn is_no_file(error: &io::Error) -> bool {
    is(error, &NO_FILE)
}

fn is(error: &io::Error, numbers: &[i32]) -> bool {
    error
        .raw_os_error()
        .is_some_and(|number| numbers.contains(&number))
}

#[cfg(unix)]
const LINK_LOOP: [i32; 1] = [rustix::io::Errno::LOOP.raw_os_error()];

#[cfg(unix)]
const OUT_OF_FILES: [i32; 2] = [
    rustix::io::Errno::MFILE.raw_os_error(),
    rustix::io::Errno::NFILE.raw_os_error(),
];

#[cfg(unix)]
const NO_FILE: [i32; 3] = [
    rustix::io::Errno::NXIO.raw_os_error(),
    rustix::io::Errno::NODEV.raw_os_error(),
    rustix::io::Errno::OPNOTSUPP.raw_os_error(),
];

#[cfg(not(unix))]
const NO_FILE: [i32; 0] = [];

/// `ERROR_CANT_RESOLVE_FILENAME`
#[cfg(not(unix))]
const LINK_LOOP: [i32; 1] = [1921];

/// `ERROR_TOO_MANY_OPEN_FILES`
#[cfg(not(unix))]
const OUT_OF_FILES: [i32; 1] = [4];
