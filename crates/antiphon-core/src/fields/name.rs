//! Names of fields.

use super::InvalidHeader;
use crate::text::token;
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// The name of a field: a token in lower case ([RFC 9110 §5.1]).
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::FieldName;
///
/// let name = FieldName::try_from("X-Request-Id")?;
/// assert_eq!(name.as_str(), "x-request-id");
/// assert!(FieldName::try_from("x request id").is_err());
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
///
/// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldName(Cow<'static, str>);

impl FieldName {
    /// `accept-ranges`
    pub const ACCEPT_RANGES: Self = Self(Cow::Borrowed("accept-ranges"));
    /// `cache-control`
    pub const CACHE_CONTROL: Self = Self(Cow::Borrowed("cache-control"));
    /// `connection`
    pub const CONNECTION: Self = Self(Cow::Borrowed("connection"));
    /// `content-disposition`
    pub const CONTENT_DISPOSITION: Self = Self(Cow::Borrowed("content-disposition"));
    /// `content-encoding`
    pub const CONTENT_ENCODING: Self = Self(Cow::Borrowed("content-encoding"));
    /// `content-language`
    pub const CONTENT_LANGUAGE: Self = Self(Cow::Borrowed("content-language"));
    /// `content-length`
    pub const CONTENT_LENGTH: Self = Self(Cow::Borrowed("content-length"));
    /// `content-range`
    pub const CONTENT_RANGE: Self = Self(Cow::Borrowed("content-range"));
    /// `content-type`
    pub const CONTENT_TYPE: Self = Self(Cow::Borrowed("content-type"));
    /// `etag`
    pub const ETAG: Self = Self(Cow::Borrowed("etag"));
    /// `last-modified`
    pub const LAST_MODIFIED: Self = Self(Cow::Borrowed("last-modified"));
    /// `location`
    pub const LOCATION: Self = Self(Cow::Borrowed("location"));
    /// `set-cookie`
    pub const SET_COOKIE: Self = Self(Cow::Borrowed("set-cookie"));
    /// `x-accel-buffering`
    pub const X_ACCEL_BUFFERING: Self = Self(Cow::Borrowed("x-accel-buffering"));

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl TryFrom<&str> for FieldName {
    type Error = InvalidHeader;

    fn try_from(name: &str) -> Result<Self, InvalidHeader> {
        Self::try_from(String::from(name))
    }
}

impl TryFrom<String> for FieldName {
    type Error = InvalidHeader;

    fn try_from(mut name: String) -> Result<Self, InvalidHeader> {
        if !token::is_token(&name) {
            let found = name
                .char_indices()
                .find(|(_, c)| !c.is_ascii() || !token::is_tchar(*c as u8));
            return Err(InvalidHeader::in_name(name, found));
        }
        name.make_ascii_lowercase();
        Ok(Self(Cow::Owned(name)))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
