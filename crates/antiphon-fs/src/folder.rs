//! A folder, beneath which files are opened.

use crate::error::OpenError;
use crate::open_file::OpenFile;
use crate::patient::patiently;
use crate::system;
use std::io;
use std::path::{Path, PathBuf};

/// A folder, held while several files beneath it are opened.
///
/// On Linux it is the folder that its path led to when it was opened, whatever has been put in its place.
///
/// # Examples
///
/// ```
/// use antiphon_fs::{Folder, OpenErrorKind};
///
/// # let root = std::env::temp_dir().join(format!("antiphon-folder-{}", std::process::id()));
/// # std::fs::create_dir_all(&root)?;
/// std::fs::write(root.join("a.txt"), "Hello, world!")?;
/// let folder = Folder::open(&root)?;
/// assert_eq!(folder.open_beneath("a.txt".as_ref())?.facts().length, 13);
/// let outside = folder.open_beneath("../a.txt".as_ref());
/// assert_eq!(outside.unwrap_err().kind(), OpenErrorKind::NotFound);
/// # std::fs::remove_dir_all(&root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    held: system::Folder,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is none, or it may not be looked into.
    pub fn open(root: &Path) -> Result<Self, OpenError> {
        // One without a name is the one in which the process is.
        let path = if root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            root
        };
        let held = system::Folder::open(path).map_err(|error| OpenError::new(root, error))?;
        Ok(Self {
            root: path.to_owned(),
            held,
        })
    }

    /// Opens a regular file beneath the folder; may wait as [`OpenFile::open`] does.
    ///
    /// No symbolic link is followed out of the folder. On Linux the kernel sees to that (`openat2` with
    /// `RESOLVE_BENEATH`, from 5.6 on). Elsewhere the path is resolved before it is opened, so whoever may
    /// change links in the folder at that moment is not kept in it.
    ///
    /// # Errors
    ///
    /// Those of [`OpenFile::open`]. What lies outside is an error of the kind
    /// [`NotFound`](crate::OpenErrorKind::NotFound), as what there is not.
    pub fn open_beneath(&self, path: &Path) -> Result<OpenFile, OpenError> {
        let opened = patiently(|| match system::open_beneath(&self.held, path)? {
            Some(file) => Ok(file),
            None => system::open(&resolved(&self.root, path)?),
        });
        let opened = opened.and_then(OpenFile::of);
        opened.map_err(|error| OpenError::new(&self.root.join(path), error))
    }

    /// Opens a regular file beneath the folder if that needs no wait: `None` if it would.
    ///
    /// # Errors
    ///
    /// Those of [`open_beneath`](Self::open_beneath).
    pub fn open_beneath_cached(&self, path: &Path) -> Result<Option<OpenFile>, OpenError> {
        let opened = system::open_beneath_cached(&self.held, path)
            .and_then(|file| file.map(OpenFile::of).transpose());
        opened.map_err(|error| OpenError::new(&self.root.join(path), error))
    }
}

/// Returns where a path beneath a folder leads, if that is beneath it, too.
fn resolved(root: &Path, path: &Path) -> io::Result<PathBuf> {
    // To resolve one would open it.
    #[cfg(windows)]
    if crate::windows_names::holds_device(path) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let root = root.canonicalize()?;
    let whole = root.join(path).canonicalize()?;
    if whole.starts_with(&root) {
        Ok(whole)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}
