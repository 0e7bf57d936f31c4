//! Ranges of media types, as `text/*` ([RFC 9110 §12.5.1]).
//!
//! [RFC 9110 §12.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1

use crate::text::token;
use crate::values::compressible::essence;
use alloc::string::String;
use core::fmt;

/// A media type, or all of a kind: `application/json`, `text/*` or `*/*`.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_range::MediaRange;
///
/// let range: MediaRange = "text/*".parse()?;
/// assert!(range.holds(b"Text/HTML; charset=utf-8"));
/// assert!(!range.holds(b"application/json"));
/// assert!("text".parse::<MediaRange>().is_err());
/// # Ok::<(), antiphon_core::values::media_range::InvalidMediaRange>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange {
    /// In lower case, and without the `*`.
    text: String,
    is_open: bool,
}

impl MediaRange {
    /// Tells whether the value of a `Content-Type` is one of them.
    #[must_use]
    pub fn holds(&self, content_type: &[u8]) -> bool {
        let essence = essence(content_type);
        let compared = if self.is_open {
            essence.get(..self.text.len()).unwrap_or_default()
        } else {
            essence
        };
        compared.eq_ignore_ascii_case(self.text.as_bytes())
    }
}

impl core::str::FromStr for MediaRange {
    type Err = InvalidMediaRange;

    fn from_str(text: &str) -> Result<Self, InvalidMediaRange> {
        let refused = || InvalidMediaRange(text.into());
        let (kind, subtype) = text.split_once('/').ok_or_else(refused)?;
        let is_open = subtype == "*";
        let is_kind = token::is_token(kind) && (kind != "*" || is_open);
        if !is_kind || !token::is_token(subtype) {
            return Err(refused());
        }
        let kept = match (kind, is_open) {
            ("*", _) => "",
            (_, true) => &text[..=kind.len()],
            (_, false) => text,
        };
        Ok(Self {
            text: kept.to_ascii_lowercase(),
            is_open,
        })
    }
}

/// The error of text that is no [`MediaRange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMediaRange(String);

impl fmt::Display for InvalidMediaRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "expected a media type without parameters such as \"text/css\" or \"text/*\", but found {:?}",
            self.0
        )
    }
}

impl core::error::Error for InvalidMediaRange {}
