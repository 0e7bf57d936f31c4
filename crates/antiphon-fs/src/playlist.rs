//! Whether a playlist of streamed media lies beside a file.

use crate::system;
use lru::LruCache;
use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The folders that were asked for last, so many, are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(256).expect("256 is more than 0");

/// A folder that was changed less than so many nanoseconds ago may be changed once more without its time
/// becoming another.
const SETTLED: i128 = 2_000_000_000;

/// What tells one state of a folder from another: device, inode, and the time of the last change.
type State = (u64, u64, i128);

static KNOWN: LazyLock<Mutex<LruCache<State, bool>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(MOST)));

fn known() -> MutexGuard<'static, LruCache<State, bool>> {
    // Nothing panics while the lock is held, so a poisoned one is as good as any.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells whether a playlist, a file whose name ends in `.m3u8`, lies in the folder of the file at `path`, if
/// that is known already and the folder has stayed as it was; `None` if the folder has to be read.
///
/// The folder itself is looked at, which needs no wait where a file of it has just been opened.
#[must_use]
pub fn known_playlist_beside(path: &Path) -> Option<bool> {
    let state = system::folder_state(folder_of(path))?;
    known().get(&state).copied()
}

/// Tells whether a playlist, a file whose name ends in `.m3u8`, lies in the folder of the file at `path`;
/// `false` if the folder cannot be read. Waits for the disk.
///
/// What 256 folders hold is remembered as long as they stay as they are, on systems that tell.
///
/// # Examples
///
/// ```
/// use antiphon_fs::playlist_beside;
///
/// # let folder = std::env::temp_dir().join(format!("antiphon-playlist-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// assert!(!playlist_beside(&folder.join("1.ts")));
/// std::fs::write(folder.join("index.m3u8"), "#EXTM3U")?;
/// assert!(playlist_beside(&folder.join("1.ts")));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn playlist_beside(path: &Path) -> bool {
    let folder = folder_of(path);
    let begun = now();
    let state = system::folder_state(folder);
    if let Some(state) = state
        && let Some(holds) = known().get(&state)
    {
        return *holds;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let is_playlist = |name: &Path| {
        let extension = name.extension().and_then(OsStr::to_str);
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case("m3u8"))
    };
    let holds = entries
        .flatten()
        .any(|entry| is_playlist(Path::new(&entry.file_name())));
    if let Some(state) = state
        && begun - state.2 > SETTLED
    {
        known().put(state, holds);
    }
    holds
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Nanoseconds since 1970.
fn now() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as i128)
}
