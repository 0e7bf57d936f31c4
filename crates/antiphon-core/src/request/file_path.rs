//! Paths of files that requests name.

use crate::text::percent;
use alloc::borrow::Cow;

/// Returns the path of a file beneath some folder, of the path that a request names it by; `None` if no
/// file beneath a folder can have that path.
///
/// The percent-encoding is undone once. Then each part has to be a plain name: not empty, neither `.` nor
/// `..`, without a NUL or a `\`, which separates names on some systems. So a path that begins with `/` is
/// none. What symbolic links do is for the file system to tell.
///
/// On Windows (`is_windows`) a name holds no `:` either, which begins a drive or a stream, and does not end
/// with a space or a dot, which would be left out.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::file_path;
///
/// assert_eq!(file_path::beneath("css/gr%C3%BCn.css", false).as_deref(), Some("css/grün.css"));
/// for path in ["../secret", "%2e%2e/secret", "css/..%2Fsecret", "/etc/passwd", "a//b", "a%00", r"..\a"] {
///     assert_eq!(file_path::beneath(path, false), None);
/// }
/// ```
#[must_use]
pub fn beneath(path: &str, is_windows: bool) -> Option<Cow<'_, str>> {
    let path = percent::unquote(path);
    is_beneath(&path, is_windows).then_some(path)
}

/// Tells whether a file beneath some folder can have this path, whose percent-encoding is undone; see
/// [`beneath`].
///
/// # Examples
///
/// ```
/// use antiphon_core::request::file_path;
///
/// assert!(file_path::is_beneath("css/a.css", false));
/// assert!(!file_path::is_beneath("css/../a.css", false));
/// ```
#[must_use]
pub fn is_beneath(path: &str, is_windows: bool) -> bool {
    path.split('/').all(|name| is_plain(name, is_windows))
}

fn is_plain(name: &str, is_windows: bool) -> bool {
    !matches!(name, "" | "." | "..")
        && !name.contains(['\0', '\\'])
        && !(is_windows && (name.contains(':') || name.ends_with([' ', '.'])))
}

#[cfg(test)]
mod tests {
    use super::beneath;

    #[test]
    fn plain_names_are_taken_and_decoded_once() {
        for (path, name) in [
            ("a", "a"),
            ("a/b.txt", "a/b.txt"),
            ("a%20b", "a b"),
            ("a%2Fb", "a/b"),
            ("%252e%252e", "%2e%2e"),
            ("100%", "100%"),
            ("...", "..."),
            ("..a/b..", "..a/b.."),
            (".well-known/x", ".well-known/x"),
            ("12:30.log", "12:30.log"),
        ] {
            assert_eq!(beneath(path, false).as_deref(), Some(name), "{path}");
        }
    }

    #[test]
    fn what_could_leave_the_folder_is_refused() {
        for path in [
            "",
            "/",
            ".",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a/./b",
            "a//b",
            "a/",
            "//a",
            "/a",
            "%2e%2e",
            "%2E./a",
            ".%2e/a",
            "a/%2e%2e%2f%2e%2e%2fb",
            "%2fetc",
            "a%00",
            "a%00/../b",
            "..\\a",
            "%5c%5chost%5cshare",
            "a%5c..%5cb",
            "a/%2e",
            "\0",
        ] {
            assert_eq!(beneath(path, false), None, "{path}");
        }
    }

    #[test]
    fn windows_has_more_that_is_no_plain_name() {
        for path in ["C:", "c%3a/x", "a.txt::$DATA", "a.", "a ", "a%20/b", ". ."] {
            assert_eq!(beneath(path, true), None, "{path}");
        }
        assert_eq!(beneath("a.b/c d", true).as_deref(), Some("a.b/c d"));
    }
}
