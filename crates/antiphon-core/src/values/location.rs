//! Redirect targets: the `Location` field ([RFC 9110 §10.2.2]).
//!
//! [RFC 9110 §10.2.2]: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.2

use crate::text::percent::{self, SafeSet};
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// Quotes `url` for a `Location` field: whatever cannot stand in a URI, line breaks and `\` among
/// it, is percent-encoded.
///
/// A `%` stays, so that what is encoded already is not encoded twice.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::location;
///
/// assert_eq!(location::quote("/grüße?a=1&b=2#c"), "/gr%C3%BC%C3%9Fe?a=1&b=2#c");
/// assert_eq!(location::quote("/\r\nSet-Cookie: a=b"), "/%0D%0ASet-Cookie:%20a=b");
/// ```
///
/// # Starlette
///
/// Byte for byte what `RedirectResponse` sends.
#[must_use]
pub fn quote(url: &str) -> Cow<'_, str> {
    percent::quote(url, &REDIRECT_SAFE)
}

/// Quotes `path` as [`quote`] does, if it can lead nowhere but to the site that sends it.
///
/// For targets that come from a request (`?next=…`). The path must begin with exactly one `/`, and
/// neither `/` nor `\` may follow it: browsers take `//host`, `/\host` and what a tab or line break
/// hides between them for another site.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::location;
///
/// assert_eq!(location::quote_local("/account?tab=2").unwrap(), "/account?tab=2");
/// assert!(location::quote_local("//evil.example").is_err());
/// assert!(location::quote_local("javascript:alert(1)").is_err());
/// ```
///
/// # Errors
///
/// [`NotLocal`] for everything else, for a path that holds a control character, and for `%2F` or
/// `%5C` right behind the first `/`.
pub fn quote_local(path: &str) -> Result<Cow<'_, str>, NotLocal> {
    let refuse = || NotLocal { url: path.into() };
    let rest = path.strip_prefix('/').ok_or_else(refuse)?;
    let another_host = |text: &str| text.starts_with(['/', '\\']);
    if another_host(rest) || another_host(&percent::unquote(rest)) {
        return Err(refuse());
    }
    if rest.contains(char::is_control) {
        return Err(refuse());
    }
    Ok(quote(path))
}

/// The error of [`quote_local`]: the target could lead to another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLocal {
    url: String,
}

impl fmt::Display for NotLocal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "expected a path of this site that begins with one '/', but found {:?}",
            self.url
        )
    }
}

impl core::error::Error for NotLocal {}

/// What stays unquoted, beside letters, digits and `_ . - ~`: Starlette's set.
static REDIRECT_SAFE: SafeSet = SafeSet::with(":/%#?=@[]!$&'()*+,;");
