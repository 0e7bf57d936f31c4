//! Navigations: whether a request is a person's, who opens a page, or a page's, which wants a script or an
//! image.
//!
//! Only the former may be answered with a page that stands for paths that there are not, as those of
//! single-page applications: a page in the place of a script that is missing breaks the program that asked
//! for it, and is kept in its place.
//!
//! Source: [RFC 9110 §12.5.1] and [Fetch Metadata §2.2].
//!
//! [RFC 9110 §12.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
//! [Fetch Metadata §2.2]: https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header

use crate::text::weight;

/// What a request says of who has made it.
///
/// | what                                            | it is a navigation                                 |
/// |-------------------------------------------------|----------------------------------------------------|
/// | `Accept`                                        | only if it names `text/html` itself, not only `*/*` |
/// | `Sec-Fetch-Mode`                                | only if it is `navigate`, where it is sent         |
/// | the last name of the path                       | only if it holds no dot, which begins an extension |
///
/// # Examples
///
/// ```
/// use antiphon_core::request::navigation::Navigation;
///
/// let mut request = Navigation::default();
/// request.note_accept(b"text/html,application/xhtml+xml,*/*;q=0.8");
/// assert!(request.leads_to("/users/7"));
/// assert!(!request.leads_to("/assets/app.1f3a.js"));
/// request.note_mode(b"cors");
/// assert!(!request.leads_to("/users/7"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Navigation {
    takes_html: bool,
    has_other_mode: bool,
}

impl Navigation {
    /// Reads one line of `Accept`; several are read as one.
    pub fn note_accept(&mut self, line: &[u8]) {
        self.takes_html |= weight::members(line).any(is_html);
    }

    /// Reads `Sec-Fetch-Mode`.
    pub fn note_mode(&mut self, line: &[u8]) {
        self.has_other_mode |= line.trim_ascii() != b"navigate";
    }

    /// Tells whether the request is a navigation to this path.
    #[must_use]
    pub fn leads_to(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.takes_html && !self.has_other_mode && !name.contains('.')
    }
}

/// Tells whether a member of `Accept` names `text/html`, and does not refuse it.
fn is_html(member: &[u8]) -> bool {
    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let names = parts
        .next()
        .is_some_and(|range| range.eq_ignore_ascii_case(b"text/html"));
    names && parts.find_map(weight::weight) != Some(0)
}
