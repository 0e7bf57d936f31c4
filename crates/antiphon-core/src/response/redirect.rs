//! Responses that send the client elsewhere.

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::response::content::{ContentFacts, InvalidResponse};
use crate::response::fixed;
use crate::response::plan::Plan;
use crate::values::location;

/// Plans a redirect to `url`, which [`location::quote`] makes fit for the `Location` field.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response;
///
/// let facts = ContentFacts {
///     status: 307,
///     head: false,
///     length: Some(0),
///     media_type: None,
///     charset: "utf-8",
///     declared_length: None,
///     declares_transfer_encoding: false,
/// };
/// let headers = response::redirect::plan(facts, "/a b")?.patch(Headers::new());
/// assert_eq!(headers.get("location").unwrap(), "/a%20b");
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`ContentFacts::populate`].
///
/// # Starlette
///
/// `RedirectResponse`: a `Location` among the caller's headers is replaced, in its place.
pub fn plan(facts: ContentFacts<'_>, url: &str) -> Result<Plan, InvalidResponse> {
    let mut plan = fixed::plan(facts)?;
    let location = FieldValue::from_visible_ascii(location::quote(url).into_owned());
    plan.patches
        .push(HeaderPatch::Set(FieldName::LOCATION, location));
    Ok(plan)
}
