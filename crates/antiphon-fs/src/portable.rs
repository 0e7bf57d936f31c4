//! Systems that cannot say whether they would wait: whatever may wait is left to another thread.

use crate::error::not_a_file;
use crate::facts::{FileFacts, Read, Stat};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe without a writer opens at once, and is then found to be no file.
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    #[cfg(windows)]
    if crate::windows_names::holds_device(path) {
        return Err(not_a_file());
    }
    options.open(path)
}

pub(crate) fn open_cached(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// A folder, beneath which several files are opened; it is looked for each time.
#[derive(Debug)]
pub(crate) struct Folder;

impl Folder {
    pub(crate) const fn open(_: &Path) -> io::Result<Self> {
        Ok(Self)
    }
}

/// No system but Linux sees to it itself that a path stays beneath a folder.
pub(crate) fn open_beneath(_: &Folder, _: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

pub(crate) fn open_beneath_cached(_: &Folder, _: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_a_file());
    }
    let modified = match metadata.modified()?.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    let facts = FileFacts {
        length: metadata.len(),
        modified,
        ..Default::default()
    };
    #[cfg(unix)]
    let (facts, blocks) = {
        use std::os::unix::fs::MetadataExt;
        let seconds = i128::from(metadata.ctime());
        let facts = FileFacts {
            changed: Some(seconds * 1_000_000_000 + i128::from(metadata.ctime_nsec())),
            inode: metadata.ino(),
            device: metadata.dev(),
            ..facts
        };
        (facts, metadata.blocks())
    };
    #[cfg(not(unix))]
    let blocks = 1;
    Ok(Stat { facts, blocks })
}

/// What other systems say of a folder is not relied on.
pub(crate) fn folder_state(_: &Path) -> Option<(u64, u64, i128)> {
    None
}

pub(crate) fn read_cached_at(_: &File, _: &mut [u8], _: u64) -> io::Result<Read> {
    Ok(Read::WouldBlock)
}

pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}
