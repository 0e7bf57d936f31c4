//! A file that is open, and the path that it was opened by.

use super::file_error::{FileError, FileErrorKind};
use super::place::Place;
use super::relief::{self, Asked};
use antiphon_core::values::file_version::FileVersion;
use antiphon_fs::{ContentHash, FileFacts, OpenFile};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// An open file that is being sent.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(super) file: Arc<OpenFile>,
    place: Place,
    is_removed: bool,
}

impl Opened {
    /// Opens the file at a place: at once if that needs no wait, otherwise on a thread that may wait. Where
    /// no descriptors remain, idle connections of the server give way first.
    pub(crate) async fn open(place: Place) -> Result<Self, FileError> {
        match Self::open_now(&place).await {
            // On the heap, so that no other file's future is larger for it.
            Err(error) if error.kind() == FileErrorKind::TooManyOpenFiles => {
                Box::pin(Self::open_later(place, error)).await
            }
            opened => opened,
        }
    }

    /// Opens the file when somebody has given way.
    async fn open_later(place: Place, mut error: FileError) -> Result<Self, FileError> {
        for _ in 0..RELIEF_TRIES {
            let pause = match relief::ask() {
                Asked::Granted => GRANTED_PAUSE,
                Asked::Denied => DENIED_PAUSE,
                Asked::Nobody => break,
            };
            tokio::time::sleep(pause).await;
            match Self::open_now(&place).await {
                Err(again) if again.kind() == FileErrorKind::TooManyOpenFiles => error = again,
                opened => return opened,
            }
        }
        Err(error)
    }

    async fn open_now(place: &Place) -> Result<Self, FileError> {
        let file = match place.open_cached()? {
            Some(file) => file,
            None => {
                let place = place.clone();
                blocking(move || place.open())?
                    .await
                    .map_err(FileError::task)??
            }
        };
        Ok(Self {
            file: Arc::new(file),
            place: place.clone(),
            is_removed: false,
        })
    }

    /// Takes a file that somebody else has opened; `name` is for messages.
    pub(super) fn of(file: OpenFile, name: PathBuf) -> Self {
        Self {
            file: Arc::new(file),
            place: Place::at(name),
            is_removed: false,
        }
    }

    pub(crate) fn facts(&self) -> FileFacts {
        self.file.facts()
    }

    /// Returns what the file is now, whatever has been done to it since it was opened.
    pub(super) fn facts_now(&self) -> io::Result<FileFacts> {
        self.file.facts_now()
    }

    /// Tells whether only reading to the end tells the file's length.
    pub(crate) fn is_generated(&self) -> bool {
        self.file.is_generated()
    }

    /// Returns the hash of the content; `None` if the file is being changed. Where it is not known, the
    /// file is read on a thread that may wait.
    pub(crate) async fn content_hash(&self) -> Result<Option<ContentHash>, FileError> {
        if let Some(hash) = self.file.known_content_hash() {
            return Ok(Some(hash));
        }
        let file = Arc::clone(&self.file);
        blocking(move || file.content_hash())?
            .await
            .map_err(FileError::task)?
            .map_err(|error| FileError::read(self.path(), &error))
    }

    /// Removes the file from its folder; what is open can be read still. A file that cannot be removed is
    /// logged.
    pub(crate) async fn remove(&mut self) {
        // Nobody else is to be told to open it, whatever comes of this.
        self.is_removed = true;
        let (facts, place) = (self.facts(), self.place.clone());
        let removed = match blocking(move || antiphon_fs::remove(place.path(), facts)) {
            Ok(removing) => removing.await.map_err(FileError::task),
            Err(error) => Err(error),
        };
        let path = self.path().display();
        match removed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, %path, "a file was not removed"),
            Err(error) => tracing::error!(%error, %path, "a file was not removed"),
        }
    }

    /// Tells whether it was removed, so that nobody else can open it.
    pub(crate) const fn is_removed(&self) -> bool {
        self.is_removed
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }
}

/// Returns what tells one version of a file from another.
pub(crate) const fn version(facts: FileFacts) -> FileVersion {
    FileVersion {
        length: facts.length,
        modified: facts.modified,
        changed: facts.changed,
        inode: facts.inode,
    }
}

/// Has a thread of the runtime's, which may wait, do this; an error if there is no runtime.
pub(super) fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, FileError> {
    let runtime = Handle::try_current().map_err(|error| FileError::runtime(&error))?;
    Ok(runtime.spawn_blocking(work))
}

/// How often somebody is asked to give way to one file, and how long that may take: all in all a little
/// longer than nobody gives way.
const RELIEF_TRIES: u32 = 30;
const GRANTED_PAUSE: Duration = Duration::from_millis(5);
const DENIED_PAUSE: Duration = Duration::from_millis(50);
