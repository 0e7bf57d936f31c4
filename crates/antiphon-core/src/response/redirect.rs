//! Responses that send the client elsewhere.
//!
//! Their answer is planned as one of [`fixed`](super::fixed) content, which is empty.

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::values::location;

/// Describes a redirect to `url`, which [`location::quote`] makes fit for the `Location` field, when it
/// is built.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::redirect;
///
/// let mut headers = Headers::new();
/// headers.apply(redirect::head("/a b"));
/// assert_eq!(headers.get("location").unwrap(), "/a%20b");
/// ```
///
/// # Starlette
///
/// `RedirectResponse`: a `Location` among the caller's headers is replaced, in its place.
#[must_use]
pub fn head(url: &str) -> HeaderPatch {
    let location = FieldValue::from_visible_ascii(location::quote(url).into_owned());
    HeaderPatch::Set(FieldName::LOCATION, location)
}
