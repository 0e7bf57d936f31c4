//! An open file.

use crate::error::OpenError;
use crate::facts::{FileFacts, Read};
use crate::patient::patiently;
use crate::{generated, system};
use std::fs;
use std::io;
use std::path::Path;

/// A regular file, open for reading.
///
/// # Examples
///
/// ```
/// use antiphon_fs::{OpenFile, Read};
///
/// # let folder = std::env::temp_dir().join(format!("antiphon-fs-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("greeting.txt");
/// std::fs::write(&path, "Hello, world!")?;
/// let file = OpenFile::open(&path)?;
/// assert_eq!(file.facts().length, 13);
///
/// let mut buffer = [0; 5];
/// let read = match file.read_cached_at(&mut buffer, 7)? {
///     Read::Bytes(read) => read,
///     Read::WouldBlock => file.read_at(&mut buffer, 7)?,
/// };
/// assert_eq!(&buffer[..read], b"world");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OpenFile {
    file: fs::File,
    facts: FileFacts,
    is_generated: bool,
}

impl OpenFile {
    /// Opens a regular file; may wait for the disk, and for whoever has a lease or an oplock of the file
    /// to give it back, but for nothing else.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is no file, if it may not be read, or if it is a directory, a pipe, a
    /// device or a socket, none of which is waited for.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let opened = patiently(|| system::open(path)).and_then(Self::of);
        opened.map_err(|error| OpenError::new(path, error))
    }

    /// Opens a regular file if that needs no wait: `None` if it would.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_cached(path: &Path) -> Result<Option<Self>, OpenError> {
        let opened = system::open_cached(path).and_then(|file| file.map(Self::of).transpose());
        opened.map_err(|error| OpenError::new(path, error))
    }

    pub(crate) fn of(file: fs::File) -> io::Result<Self> {
        let stat = system::stat(&file)?;
        let (mut facts, is_generated) = (stat.facts, generated::is_generated(&file, &stat)?);
        if is_generated {
            facts.length = 0;
        }
        Ok(Self {
            file,
            facts,
            is_generated,
        })
    }

    /// What the file is now, whatever has been done to it since it was opened.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn facts_now(&self) -> io::Result<FileFacts> {
        Ok(system::stat(&self.file)?.facts)
    }

    /// What the file was when it was opened.
    #[must_use]
    pub const fn facts(&self) -> FileFacts {
        self.facts
    }

    /// Tells whether the content is made while it is read, as that of files of procfs and sysfs: only
    /// reading to the end tells its length.
    #[must_use]
    pub const fn is_generated(&self) -> bool {
        self.is_generated
    }

    /// Reads at `offset` if the bytes are in memory. Fewer than the buffer holds are read at the end
    /// of the file, and where only the first are in memory.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn read_cached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<Read> {
        system::read_cached_at(&self.file, buffer, offset)
    }

    /// Reads at `offset`, and waits for the disk if it must. Fewer bytes than the buffer holds are
    /// read only at the end of the file.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match system::read_at(&self.file, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl TryFrom<fs::File> for OpenFile {
    type Error = io::Error;

    /// Takes a file that is open for reading.
    ///
    /// # Errors
    ///
    /// Those of the operating system; another if it is a directory, a pipe, a device or a socket.
    fn try_from(file: fs::File) -> io::Result<Self> {
        Self::of(file)
    }
}

#[cfg(unix)]
impl std::os::fd::AsRawFd for OpenFile {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.file.as_raw_fd()
    }
}
