//! Responses whose content comes over time.

use crate::response::content::{ContentFacts, InvalidResponse};
use crate::response::fixed;
use crate::response::plan::{Body, Plan};
use crate::text::number;

/// Plans a response of a stream, whose length nobody knows unless the caller announces it.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::{response::plan, response};
///
/// let facts = ContentFacts {
///     status: 200,
///     head: false,
///     length: None,
///     media_type: Some("text/html"),
///     charset: "utf-8",
///     declared_length: None,
///     declares_transfer_encoding: false,
/// };
/// let mut plan = response::streaming::plan(facts)?;
/// assert_eq!(plan.body, plan::Body::Stream(None));
/// assert!(!plan.patch(Headers::new()).contains("content-length"));
///
/// let announced = ContentFacts { declared_length: Some(b"7"), ..facts };
/// assert_eq!(response::streaming::plan(announced)?.body, plan::Body::Stream(Some(7)));
///
/// let head = ContentFacts { head: true, ..facts };
/// assert_eq!(response::streaming::plan(head)?.body, plan::Body::Empty);
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`ContentFacts::populate`].
///
/// # Starlette
///
/// `StreamingResponse`, which iterates its content after HEAD too (divergence D-7) and with every
/// status (D-3).
pub fn plan(facts: ContentFacts<'_>) -> Result<Plan, InvalidResponse> {
    let mut plan = fixed::plan(facts)?;
    if plan.body == Body::Bytes {
        plan.body = Body::Stream(facts.declared_length.and_then(number::parse));
    }
    Ok(plan)
}
