//! Responses whose content is known as a whole: plain, HTML, JSON and the like.

use crate::response::content::{self, ContentFacts, InvalidResponse};
use crate::response::plan::{Body, Plan};
use alloc::vec::Vec;

/// Plans a response whose content lies ready.
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
///     length: Some(5),
///     media_type: Some("text/plain"),
///     charset: "utf-8",
///     declared_length: None,
///     declares_transfer_encoding: false,
/// };
/// let mut plan = response::fixed::plan(facts)?;
/// let headers = plan.patch(Headers::new());
/// assert_eq!(headers.get("content-length").unwrap(), "5");
/// assert_eq!(headers.get("content-type").unwrap(), "text/plain; charset=utf-8");
/// assert_eq!(plan.body, plan::Body::Bytes);
///
/// let head = response::fixed::plan(ContentFacts { head: true, ..facts })?;
/// assert_eq!(head.body, plan::Body::Empty);
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`ContentFacts::populate`].
///
/// # Starlette
///
/// `Response.__call__`, which sends the content after HEAD too (divergence D-7) and with every
/// status (D-3).
pub fn plan(facts: ContentFacts<'_>) -> Result<Plan, InvalidResponse> {
    let mut patches = Vec::new();
    facts.populate(&mut patches)?;
    let carries = !facts.head && content::carries_content(facts.status);
    Ok(Plan {
        status: facts.status,
        anew: false,
        patches,
        body: if carries { Body::Bytes } else { Body::Empty },
    })
}
