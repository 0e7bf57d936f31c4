//! Linux: opens and reads that refuse to wait.

use crate::error::not_a_file;
use crate::facts::{FileFacts, Read, Stat};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A pipe without a writer opens at once, and is then found to be no file.
const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

pub(crate) fn open(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, FLAGS, Mode::empty())?.into())
}

pub(crate) fn open_cached(path: &Path) -> io::Result<Option<File>> {
    match rustix::fs::openat2(CWD, path, FLAGS, Mode::empty(), ResolveFlags::CACHED) {
        Ok(file) => Ok(Some(file.into())),
        // The path is not in memory, or somebody has a lease of the file; or the kernel is older than
        // 5.12, or a sandbox hides the call.
        Err(Errno::INTR | Errno::AGAIN | Errno::INVAL | Errno::NOSYS | Errno::PERM) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A folder, beneath which several files are opened.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

impl Folder {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(root, folder, Mode::empty())?))
    }
}

/// Opens a path beneath a folder; `None` if the kernel cannot see to that itself, being older than 5.6 or
/// hiding the call.
pub(crate) fn open_beneath(root: &Folder, path: &Path) -> io::Result<Option<File>> {
    beneath(root, path, ResolveFlags::BENEATH)
}

pub(crate) fn open_beneath_cached(root: &Folder, path: &Path) -> io::Result<Option<File>> {
    match beneath(root, path, ResolveFlags::BENEATH | ResolveFlags::CACHED) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        opened => opened,
    }
}

fn beneath(root: &Folder, path: &Path, resolve: ResolveFlags) -> io::Result<Option<File>> {
    match rustix::fs::openat2(&root.0, path, FLAGS, Mode::empty(), resolve) {
        Ok(file) => Ok(Some(file.into())),
        // A symbolic link leads out.
        Err(Errno::XDEV) => Err(io::ErrorKind::NotFound.into()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    let stat = rustix::fs::fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_a_file());
    }
    let nanoseconds = |seconds, rest| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    let facts = FileFacts {
        length: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        changed: Some(nanoseconds(stat.st_ctime, stat.st_ctime_nsec)),
        inode: stat.st_ino,
        device: stat.st_dev,
    };
    let blocks = stat.st_blocks as u64;
    Ok(Stat { facts, blocks })
}

/// The device, the inode and the time of the last change of a folder.
pub(crate) fn folder_state(folder: &Path) -> Option<(u64, u64, i128)> {
    let stat = rustix::fs::stat(folder).ok()?;
    let changed = i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec);
    Some((stat.st_dev, stat.st_ino, changed))
}

pub(crate) fn read_cached_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<Read> {
    let buffers = &mut [IoSliceMut::new(buffer)];
    match rustix::io::preadv2(file, buffers, offset, ReadWriteFlags::NOWAIT) {
        Ok(read) => Ok(Read::Bytes(read)),
        // Not in memory; or the file system does not know the flag; or the kernel is older than 4.14.
        Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR | Errno::INVAL) => {
            Ok(Read::WouldBlock)
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}
