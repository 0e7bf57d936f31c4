//! Where a file lies.

use super::file_error::FileError;
use antiphon_core::request::file_path;
use antiphon_fs::{Folder, OpenFile};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The path of a file; or a folder, and a path from there that a request has named.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    At(Arc<Path>),
    Beneath(Arc<Beneath>),
}

#[derive(Debug)]
pub(crate) struct Beneath {
    root: Root,
    /// `None` if no file beneath a folder can have the path.
    path: Option<PathBuf>,
    /// Both together, for messages and for its name.
    whole: PathBuf,
}

/// The folder of such a path: where it lies, or, for several files in turn, the folder itself.
#[derive(Debug)]
enum Root {
    At(PathBuf),
    Held(Arc<Folder>),
}

impl Place {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self::At(path.into())
    }

    /// The place beneath `root` that a request names by `path`, which is percent-encoded.
    pub(crate) fn beneath(root: PathBuf, path: &str) -> Self {
        let named = file_path::beneath(path, cfg!(windows)).map(|path| PathBuf::from(&*path));
        let whole = match &named {
            Some(named) => root.join(named),
            // Not joined, for that would be another place.
            None => PathBuf::from(format!("{}/{path}", root.display())),
        };
        Self::Beneath(Arc::new(Beneath {
            root: Root::At(root),
            path: named,
            whole,
        }))
    }

    /// The place beneath the folder at `root`, which may be held, that has this path, of plain names.
    pub(crate) fn named(folder: Option<&Arc<Folder>>, root: &Path, path: &str) -> Self {
        Self::Beneath(Arc::new(Beneath {
            root: match folder {
                Some(folder) => Root::Held(Arc::clone(folder)),
                None => Root::At(root.to_owned()),
            },
            path: Some(path.into()),
            whole: root.join(path),
        }))
    }

    /// Returns the path, for messages and for the name of the file.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::At(path) => path,
            Self::Beneath(beneath) => &beneath.whole,
        }
    }

    /// Returns the path if a file can have it.
    pub(crate) fn reached(&self) -> Result<&Path, FileError> {
        match self {
            Self::At(path) => Ok(path),
            Self::Beneath(beneath) => beneath.named().map(|_| &*beneath.whole),
        }
    }

    /// Opens the file; may wait.
    pub(crate) fn open(&self) -> Result<OpenFile, FileError> {
        match self {
            Self::At(path) => OpenFile::open(path),
            Self::Beneath(beneath) => {
                let named = beneath.named()?;
                match &beneath.root {
                    Root::At(root) => {
                        Folder::open(root).and_then(|folder| folder.open_beneath(named))
                    }
                    Root::Held(folder) => folder.open_beneath(named),
                }
            }
        }
        .map_err(FileError::open)
    }

    /// Opens the file if that needs no wait: `None` if it would.
    pub(crate) fn open_cached(&self) -> Result<Option<OpenFile>, FileError> {
        match self {
            Self::At(path) => OpenFile::open_cached(path),
            Self::Beneath(beneath) => {
                let named = beneath.named()?;
                match &beneath.root {
                    Root::At(root) => {
                        Folder::open(root).and_then(|folder| folder.open_beneath_cached(named))
                    }
                    Root::Held(folder) => folder.open_beneath_cached(named),
                }
            }
        }
        .map_err(FileError::open)
    }
}

impl Beneath {
    fn named(&self) -> Result<&Path, FileError> {
        let named = self.path.as_deref();
        named.ok_or_else(|| FileError::outside(&self.whole))
    }
}
