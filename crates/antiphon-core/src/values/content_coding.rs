//! Content codings: how content is compressed for its transfer ([RFC 9110 §8.4.1]).
//!
//! [RFC 9110 §8.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1

use crate::fields::FieldValue;
use alloc::string::String;
use core::fmt;

/// A content coding that Antiphon knows.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_coding::ContentCoding;
///
/// assert_eq!("Zstd".parse(), Ok(ContentCoding::Zstd));
/// assert_eq!(ContentCoding::Zstd.token(), "zstd");
/// assert_eq!(ContentCoding::Zstd.extension(), ".zst");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentCoding {
    /// Brotli, `br` ([RFC 7932](https://www.rfc-editor.org/rfc/rfc7932))
    Br,
    /// Zstandard, `zstd` ([RFC 8878](https://www.rfc-editor.org/rfc/rfc8878))
    Zstd,
    /// `gzip` ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952))
    Gzip,
}

impl ContentCoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Br, Self::Zstd, Self::Gzip];

    /// Returns its name in header fields.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Br => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// Returns what the name of a file ends in that holds content in this coding, with its dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Br => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Tells whether a file of this name holds content in a coding, so that it has no coded copy itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::content_coding::ContentCoding;
    ///
    /// assert_eq!(ContentCoding::of_name("app.js.GZ"), Some(ContentCoding::Gzip));
    /// assert_eq!(ContentCoding::of_name("app.js"), None);
    /// ```
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let ends_in = |coding: &Self| {
            let (name, extension) = (name.as_bytes(), coding.extension().as_bytes());
            let start = name.len().checked_sub(extension.len());
            start.is_some_and(|start| name[start..].eq_ignore_ascii_case(extension))
        };
        Self::ALL.into_iter().find(ends_in)
    }
}

impl From<ContentCoding> for FieldValue {
    fn from(coding: ContentCoding) -> Self {
        Self::of_plain(coding.token())
    }
}

impl core::str::FromStr for ContentCoding {
    type Err = UnknownCoding;

    fn from_str(text: &str) -> Result<Self, UnknownCoding> {
        let named = |coding: &Self| coding.token().eq_ignore_ascii_case(text);
        let known = Self::ALL.into_iter().find(named);
        known.ok_or_else(|| UnknownCoding(text.into()))
    }
}

/// The error of a name that no [`ContentCoding`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCoding(String);

impl fmt::Display for UnknownCoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "expected \"br\", \"zstd\" or \"gzip\", but found {:?}",
            self.0
        )
    }
}

impl core::error::Error for UnknownCoding {}
