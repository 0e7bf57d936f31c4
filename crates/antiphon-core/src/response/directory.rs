//! Directories: which file answers a request, and what is said of it beside what is said of every file.
//!
//! A file may have copies beside it that are compressed already, `app.js.br` beside `app.js`. Which one a
//! client gets depends on its `Accept-Encoding`, so each answer for such a path says so by `Vary`, also the
//! one without a coding: a cache would give it to everybody else ([RFC 9110 §12.5.5]).
//!
//! [RFC 9110 §12.5.5]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::request::accept_encoding::AcceptEncoding;
use crate::request::navigation::Navigation;
use crate::values::content_coding::ContentCoding;

/// What a request says that decides which file of a directory answers it.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::directory::DirectoryRequest;
/// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip};
///
/// let mut request = DirectoryRequest::default();
/// request.note(b"accept-encoding", b"gzip, br");
/// request.note(b"accept", b"text/html");
/// assert_eq!(request.codings_of("app.js", &[Br, Gzip]).collect::<Vec<_>>(), [Br, Gzip]);
/// assert_eq!(request.codings_of("app.js.gz", &[Br, Gzip]).next(), None);
/// assert!(request.navigation.leads_to("/users"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryRequest {
    /// The content codings that the client takes.
    pub accepted: AcceptEncoding,
    /// Whether it is a person who opens a page.
    pub navigation: Navigation,
}

impl DirectoryRequest {
    /// Reads a line of the request's header, whose name is in lower case.
    pub fn note(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"accept" => self.navigation.note_accept(value),
            b"accept-encoding" => self.accepted.note(value),
            b"sec-fetch-mode" => self.navigation.note_mode(value),
            _ => {}
        }
    }

    /// Names the codings whose copy of the file `path` is to be looked for, the best first; if there is none
    /// of them, the file itself is sent.
    pub fn codings_of(
        &self,
        path: &str,
        offered: &[ContentCoding],
    ) -> impl Iterator<Item = ContentCoding> + use<> {
        let offered = if has_copies(path, offered) {
            offered
        } else {
            &[]
        };
        self.accepted.ranked(offered)
    }
}

/// Tells whether a file may have copies in the codings that are offered: all may but those that are such
/// copies themselves.
#[must_use]
pub fn has_copies(path: &str, offered: &[ContentCoding]) -> bool {
    !offered.is_empty() && ContentCoding::of_name(path).is_none()
}

/// Tells whether a copy is as new as what it is a copy of; both times in nanoseconds since 1970.
///
/// One that is older was made of what was there before.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::directory;
///
/// assert!(directory::is_current(7, 7));
/// assert!(!directory::is_current(7, 6));
/// ```
#[must_use]
pub const fn is_current(original: i128, copy: i128) -> bool {
    copy >= original
}

/// What is said of a file of a directory: that the coding depends on the request, where it
/// [may](has_copies), and which it is in.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::directory;
/// use antiphon_core::values::content_coding::ContentCoding;
///
/// let mut headers = Headers::new();
/// directory::head(true, Some(ContentCoding::Br)).for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("vary").unwrap(), "Accept-Encoding");
/// assert_eq!(headers.get("content-encoding").unwrap(), "br");
/// ```
pub fn head(has_copies: bool, coding: Option<ContentCoding>) -> impl Iterator<Item = HeaderPatch> {
    let vary = has_copies.then_some((FieldName::VARY, FieldValue::ACCEPT_ENCODING));
    let coding = coding.map(|coding| (FieldName::CONTENT_ENCODING, coding.into()));
    let fields = [vary, coding].into_iter().flatten();
    fields.map(|(name, value)| HeaderPatch::Append(name, value))
}

/// What is said to a request with another method than GET and HEAD, which is 405: those two
/// ([RFC 9110 §15.5.6]).
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::directory;
///
/// let mut headers = Headers::new();
/// directory::refusal_head().for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("allow").unwrap(), "GET, HEAD");
/// ```
///
/// [RFC 9110 §15.5.6]: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
pub fn refusal_head() -> impl Iterator<Item = HeaderPatch> {
    let allowed = FieldValue::of_plain("GET, HEAD");
    core::iter::once(HeaderPatch::Set(FieldName::ALLOW, allowed))
}
