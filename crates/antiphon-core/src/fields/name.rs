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
    /// `accept-encoding`
    pub const ACCEPT_ENCODING: Self = Self(Cow::Borrowed("accept-encoding"));
    /// `allow`
    pub const ALLOW: Self = Self(Cow::Borrowed("allow"));
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
    /// `if-match`
    pub const IF_MATCH: Self = Self(Cow::Borrowed("if-match"));
    /// `if-modified-since`
    pub const IF_MODIFIED_SINCE: Self = Self(Cow::Borrowed("if-modified-since"));
    /// `if-none-match`
    pub const IF_NONE_MATCH: Self = Self(Cow::Borrowed("if-none-match"));
    /// `if-range`
    pub const IF_RANGE: Self = Self(Cow::Borrowed("if-range"));
    /// `if-unmodified-since`
    pub const IF_UNMODIFIED_SINCE: Self = Self(Cow::Borrowed("if-unmodified-since"));
    /// `last-event-id`
    pub const LAST_EVENT_ID: Self = Self(Cow::Borrowed("last-event-id"));
    /// `last-modified`
    pub const LAST_MODIFIED: Self = Self(Cow::Borrowed("last-modified"));
    /// `location`
    pub const LOCATION: Self = Self(Cow::Borrowed("location"));
    /// `range`
    pub const RANGE: Self = Self(Cow::Borrowed("range"));
    /// `set-cookie`
    pub const SET_COOKIE: Self = Self(Cow::Borrowed("set-cookie"));
    /// `transfer-encoding`
    pub const TRANSFER_ENCODING: Self = Self(Cow::Borrowed("transfer-encoding"));
    /// `vary`
    pub const VARY: Self = Self(Cow::Borrowed("vary"));
    /// `x-accel-buffering`
    pub const X_ACCEL_BUFFERING: Self = Self(Cow::Borrowed("x-accel-buffering"));

    /// `x-accel-redirect`
    pub const X_ACCEL_REDIRECT: Self = Self(Cow::Borrowed("x-accel-redirect"));
    /// `x-sendfile`
    pub const X_SENDFILE: Self = Self(Cow::Borrowed("x-sendfile"));

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as bytes, as ASGI has it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Makes one of a token in lower case.
    #[cfg(feature = "http")]
    pub(super) const fn from_checked(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl AsRef<str> for FieldName {
    fn as_ref(&self) -> &str {
        self.as_str()
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
