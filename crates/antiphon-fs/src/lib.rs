//! One open file: its facts, and positioned reads that never wait for the disk.
//!
//! A file is opened once, and what is sent is what was opened: its facts come from the descriptor, not
//! from a second look at the path. Bytes that the page cache holds are read at once, on the caller's
//! thread; what it does not hold is left to a thread that may wait.
//!
//! | system            | `open_cached`                       | `read_cached_at`                      |
//! |-------------------|-------------------------------------|---------------------------------------|
//! | Linux             | `openat2` with `RESOLVE_CACHED`     | `preadv2` with `RWF_NOWAIT`           |
//! | others            | would always block                  | would always block                    |
//!
//! Built with `--cfg antiphon_portable`, what other systems run is run on Linux, too; so it is tested.
//!
//! A folder is looked into for one thing: whether a playlist lies beside a file, which says what the file
//! is. Writing and memory maps are not handled here.

mod absolute;
mod content_hash;
mod errno;
mod error;
mod facts;
mod folder;
mod open_file;
mod patient;
mod playlist;
mod removal;
#[cfg(any(windows, test))]
mod windows_names;

pub use absolute::absolute_bytes;
pub use content_hash::{ContentHash, hash_of};
pub use error::{OpenError, OpenErrorKind};
pub use facts::{FileFacts, Read};
pub use folder::Folder;
pub use open_file::OpenFile;
pub use playlist::{known_playlist_beside, playlist_beside};
pub use removal::remove;

#[cfg_attr(
    all(
        any(target_os = "linux", target_os = "android"),
        not(antiphon_portable)
    ),
    path = "linux.rs"
)]
#[cfg_attr(
    any(
        not(any(target_os = "linux", target_os = "android")),
        antiphon_portable
    ),
    path = "portable.rs"
)]
mod system;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "procfs.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "no_procfs.rs"
)]
mod generated;
