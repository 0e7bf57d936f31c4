//! The values of a cookie's attributes.

use crate::text::http_date::HttpDate;

/// The value of `Max-Age`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxAge<'a> {
    /// Seconds.
    Seconds(i64),
    /// Text that is sent as it is; empty text sends no attribute.
    Text(&'a str),
}

impl From<i64> for MaxAge<'_> {
    fn from(seconds: i64) -> Self {
        Self::Seconds(seconds)
    }
}

impl<'a> From<&'a str> for MaxAge<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<core::time::Duration> for MaxAge<'_> {
    fn from(age: core::time::Duration) -> Self {
        Self::Seconds(i64::try_from(age.as_secs()).unwrap_or(i64::MAX))
    }
}

/// The value of `expires`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expires<'a> {
    /// So many seconds from now.
    After(i64),
    /// A date.
    At(HttpDate),
    /// Text that is sent as it is; empty text sends no attribute.
    Text(&'a str),
}

impl From<i64> for Expires<'_> {
    fn from(seconds: i64) -> Self {
        Self::After(seconds)
    }
}

impl From<HttpDate> for Expires<'_> {
    fn from(date: HttpDate) -> Self {
        Self::At(date)
    }
}

impl<'a> From<&'a str> for Expires<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// Whether requests that other sites cause carry a cookie ([RFC 6265bis §5.6.7]).
///
/// [RFC 6265bis §5.6.7]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link.
    Lax,
    /// Always; browsers then ask for `Secure`.
    None,
}

impl SameSite {
    /// The word, in lower case as Starlette sends it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lax => "lax",
            Self::None => "none",
        }
    }
}
