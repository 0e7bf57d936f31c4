//! Media types and the charset that text is sent with ([RFC 9110 §8.3]).
//!
//! [RFC 9110 §8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.3

use alloc::borrow::Cow;
use alloc::string::String;

/// The value of `Content-Type` for content of `media_type` that is encoded in `charset`.
///
/// | `media_type`                | value                         |
/// |-----------------------------|-------------------------------|
/// | `text/plain`                | `text/plain; charset=utf-8`   |
/// | `text/html; charset=latin-1`| as given                      |
/// | `application/json`          | as given                      |
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_type;
///
/// assert_eq!(media_type::with_charset("text/csv", "utf-8"), "text/csv; charset=utf-8");
/// assert_eq!(media_type::with_charset("image/png", "utf-8"), "image/png");
/// ```
///
/// # Starlette
///
/// The rule of `Response.init_headers`: the prefix `text/` in lower case, and `charset=` anywhere,
/// in any case, counts as given.
#[must_use]
pub fn with_charset<'a>(media_type: &'a str, charset: &str) -> Cow<'a, str> {
    if !media_type.starts_with("text/") || names_charset(media_type) {
        return Cow::Borrowed(media_type);
    }
    let mut value = String::with_capacity(media_type.len() + CHARSET.len() + charset.len() + 2);
    value.push_str(media_type);
    value.push_str("; ");
    value.push_str(CHARSET);
    value.push_str(charset);
    Cow::Owned(value)
}

fn names_charset(media_type: &str) -> bool {
    media_type
        .as_bytes()
        .windows(CHARSET.len())
        .any(|part| part.eq_ignore_ascii_case(CHARSET.as_bytes()))
}

const CHARSET: &str = "charset=";
