//! Paths that requests name in a directory that is served: files, and folders with a page for each.

use super::file_path;
use crate::text::percent::{self, SafeSet};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// A path in a directory: plain names, and whether a `/` follows them.
///
/// | the request's path | the path  | is a folder's          |
/// |--------------------|-----------|------------------------|
/// | `/`, or nothing    |           | yes                    |
/// | `/docs/`           | `docs`    | yes                    |
/// | `/docs`, `docs`    | `docs`    | no, or not yet known   |
/// | `/gr%C3%BCn.css`   | `grün.css`| no                     |
///
/// # Examples
///
/// ```
/// use antiphon_core::request::directory_path::DirectoryPath;
///
/// let docs = DirectoryPath::parse("/docs/", false).unwrap();
/// assert_eq!((docs.path(), docs.is_folder()), ("docs", true));
/// assert_eq!(docs.inside("index.html"), "docs/index.html");
/// for outside in ["//evil.example", "/../a", "/%2e%2e/a", "/a%5cb", "/a//b", "/a%00", "/..%2fa"] {
///     assert_eq!(DirectoryPath::parse(outside, false), None);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPath<'a> {
    path: Cow<'a, str>,
    is_folder: bool,
}

impl<'a> DirectoryPath<'a> {
    /// Reads what is left of a request's path behind that of the directory; `None` if nothing in a
    /// directory can have it. It is percent-decoded once, and its names are held to the rules of
    /// [`file_path::beneath`].
    #[must_use]
    pub fn parse(path: &'a str, is_windows: bool) -> Option<Self> {
        Self::split(path, |path| file_path::beneath(path, is_windows))
    }

    /// Reads a path whose percent-encoding is undone already, as that of an ASGI scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::directory_path::DirectoryPath;
    ///
    /// assert_eq!(DirectoryPath::of_decoded("/%2e", false).unwrap().path(), "%2e");
    /// assert_eq!(DirectoryPath::of_decoded("/../a", false), None);
    /// ```
    #[must_use]
    pub fn of_decoded(path: &'a str, is_windows: bool) -> Option<Self> {
        Self::split(path, |path| {
            file_path::is_beneath(path, is_windows).then_some(Cow::Borrowed(path))
        })
    }

    fn split(path: &'a str, checked: impl FnOnce(&'a str) -> Option<Cow<'a, str>>) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            let path = Cow::Borrowed("");
            let is_folder = true;
            return Some(Self { path, is_folder });
        }
        let (path, is_folder) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let path = checked(path)?;
        Some(Self { path, is_folder })
    }

    /// Returns the names, decoded, with a `/` between them; empty for the directory itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Tells whether it can be the path of a folder only.
    #[must_use]
    pub const fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// Returns the path with its `/`, if it has one.
    #[must_use]
    pub fn whole(&self) -> Cow<'_, str> {
        if self.is_folder {
            Cow::Owned(self.inside(""))
        } else {
            Cow::Borrowed(&self.path)
        }
    }

    /// Returns the path of what has this name in the folder.
    #[must_use]
    pub fn inside(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.into()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    /// Returns where a request for a folder is sent whose path lacks the `/` at its end, so that what its
    /// page refers to is looked for in the folder.
    ///
    /// It is relative to the path that the client has asked for, so it needs neither the host nor where
    /// the directory is mounted, and no path leads to another site.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::directory_path::DirectoryPath;
    ///
    /// let docs = DirectoryPath::parse("/a/gr%C3%BCn:1", false).unwrap();
    /// assert_eq!(docs.with_slash(b"page=2"), "./gr%C3%BCn%3A1/?page=2");
    /// ```
    ///
    /// Source: [RFC 3986 §4.2](https://www.rfc-editor.org/rfc/rfc3986#section-4.2)
    #[must_use]
    pub fn with_slash(&self, query: &[u8]) -> String {
        with_slash(&self.path, query)
    }
}

/// Returns what [`DirectoryPath::with_slash`] does, for any decoded path.
#[must_use]
pub fn with_slash(path: &str, query: &[u8]) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = percent::quote(name, &NAME_SAFE);
    let slash = if name.is_empty() { "" } else { "/" };
    let query = String::from_utf8_lossy(query);
    let query = percent::quote(&query, &QUERY_SAFE);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("./{name}{slash}{mark}{query}")
}

static NAME_SAFE: SafeSet = SafeSet::with("");
/// What a query may hold (RFC 3986 §3.4), and what is encoded already.
static QUERY_SAFE: SafeSet = SafeSet::with("%!$&'()*+,;=:@/?");
