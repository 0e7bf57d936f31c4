//! A hash of a file's content, remembered as long as the file stays as it is.

use crate::facts::FileFacts;
use crate::open_file::OpenFile;
use lru::LruCache;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A hash of the content of a file: 128 bits of BLAKE3.
pub type ContentHash = [u8; 16];

/// Returns the hash of content that is in memory: that of a file which holds the same.
///
/// # Examples
///
/// ```
/// assert_eq!(antiphon_fs::hash_of(b"a"), antiphon_fs::hash_of(b"a"));
/// assert_ne!(antiphon_fs::hash_of(b"a"), antiphon_fs::hash_of(b"b"));
/// ```
#[must_use]
pub fn hash_of(content: &[u8]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content);
    finished(&hasher)
}

/// The hashes of so many files are remembered, those that were asked for last.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).expect("4096 is more than 0");

/// A file that was changed less than so many nanoseconds ago may be changed once more without a fact of
/// it becoming another.
const SETTLED: i128 = 2_000_000_000;

/// By all that the system says of a file: one that was written, replaced or moved has another.
static KNOWN: LazyLock<Mutex<LruCache<FileFacts, ContentHash>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(MOST)));

fn known() -> MutexGuard<'static, LruCache<FileFacts, ContentHash>> {
    // Nothing panics while the lock is held, so a poisoned one is as good as any.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OpenFile {
    /// Returns the hash of the content if that needs no read, because
    /// [`content_hash`](Self::content_hash) has told it before and the file has stayed as it was.
    #[must_use]
    pub fn known_content_hash(&self) -> Option<ContentHash> {
        known().get(&self.facts()).copied()
    }

    /// Returns the hash of the content, for which the whole file is read, unless it is known; `None` if
    /// the file was changed meanwhile. Waits for the disk.
    ///
    /// The hashes of 4096 files are remembered by device, inode, length and times, on systems that tell
    /// all of them; of a file that was changed less than two seconds ago nothing is.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_fs::OpenFile;
    ///
    /// # let folder = std::env::temp_dir().join(format!("antiphon-hash-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let (path, copy) = (folder.join("a"), folder.join("b"));
    /// std::fs::write(&path, "Hello, world!")?;
    /// std::fs::write(&copy, "Hello, world!")?;
    /// let hash = OpenFile::open(&path)?.content_hash()?;
    /// assert!(hash.is_some());
    /// assert_eq!(OpenFile::open(&copy)?.content_hash()?, hash);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn content_hash(&self) -> io::Result<Option<ContentHash>> {
        if let Some(hash) = self.known_content_hash() {
            return Ok(Some(hash));
        }
        let begun = now();
        let mut hasher = blake3::Hasher::new();
        let (mut buffer, mut offset) = (vec![0; 128 * 1024], 0);
        loop {
            let read = self.read_at(&mut buffer, offset)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            offset += read as u64;
        }
        let facts = self.facts();
        if self.facts_now()? != facts {
            return Ok(None);
        }
        let hash = finished(&hasher);
        let is_settled = facts
            .changed
            .is_some_and(|changed| begun - changed > SETTLED);
        if is_settled {
            known().put(facts, hash);
        }
        Ok(Some(hash))
    }
}

fn finished(hasher: &blake3::Hasher) -> ContentHash {
    let mut hash = ContentHash::default();
    hasher.finalize_xof().fill(&mut hash);
    hash
}

/// Nanoseconds since 1970.
fn now() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as i128)
}
