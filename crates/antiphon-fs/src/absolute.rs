//! A path as another program takes it.

use std::path::Path;

/// Returns the absolute path as bytes, with `/` between its parts on every system; nothing is looked up.
///
/// Where the folder of the process is gone, a relative path stays as it is.
///
/// # Examples
///
/// ```
/// use std::path::Path;
///
/// let folder = std::env::current_dir()?;
/// let path = antiphon_fs::absolute_bytes(Path::new("a/b"));
/// assert!(path.ends_with(b"/a/b"));
/// assert_eq!(antiphon_fs::absolute_bytes(&folder.join("a/b")), path);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn absolute_bytes(path: &Path) -> Vec<u8> {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
    if cfg!(windows) {
        let separators = bytes.iter_mut().filter(|byte| **byte == b'\\');
        separators.for_each(|byte| *byte = b'/');
    }
    bytes
}
