//! Removing a file that is open.

use crate::facts::FileFacts;
use std::fs;
use std::io;
use std::path::Path;

/// Removes a file, whose facts were these when it was opened, from its folder, where `path` is its name.
///
/// What is open can be read still, and is gone with the last descriptor. Of a symbolic link, the link is
/// removed. Waits for the disk.
///
/// # Errors
///
/// Those of the operating system; on Unix also one if the name is another file's by now, which stays.
///
/// # Examples
///
/// ```
/// use antiphon_fs::{OpenFile, remove};
///
/// # let folder = std::env::temp_dir().join(format!("antiphon-remove-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let path = folder.join("report.csv");
/// std::fs::write(&path, "a,b")?;
/// let file = OpenFile::open(&path)?;
/// remove(&path, file.facts())?;
/// assert!(!path.exists());
/// assert_eq!(file.read_at(&mut [0; 8], 0)?, 3);
/// assert!(remove(&path, file.facts()).is_err());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(path: &Path, facts: FileFacts) -> io::Result<()> {
    // Windows removes the name when the last handle is closed, which its handles permit.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let named = fs::metadata(path)?;
        if (named.ino(), named.dev()) != (facts.inode, facts.device) {
            return Err(io::Error::other("another file has its name"));
        }
    }
    #[cfg(not(unix))]
    let _ = facts;
    fs::remove_file(path)
}
