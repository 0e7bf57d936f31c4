//! Responses whose content comes over time.
//!
//! What is said of the content when such a response is built is [`content::head`]'s, without a length.

use crate::request::method::Method;
use crate::response::content::{self, ContentFacts, InvalidResponse};
use crate::response::plan::{Base, Plan};
use crate::text::number;

/// Plans the answer to a request of this method; the content is the number of bytes that the caller
/// has announced, if any.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Declared;
/// use antiphon_core::request::method::Method;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response::plan::Body;
/// use antiphon_core::response::streaming;
///
/// let plan = streaming::plan(ContentFacts::default(), Method::Get)?;
/// assert_eq!(plan.body, Body::Content(None));
///
/// let declared = Declared { content_length: Some(&b"7"[..]), ..Default::default() };
/// let announced = ContentFacts { declared, ..Default::default() };
/// assert_eq!(streaming::plan(announced, Method::Get)?.body, Body::Content(Some(7)));
/// assert_eq!(streaming::plan(announced, Method::Head)?.body, Body::Empty);
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// [`InvalidResponse`] if the declared `Content-Length` is no number, or if there is a
/// `Transfer-Encoding`.
///
/// # Starlette
///
/// `StreamingResponse`, which iterates its content after HEAD too (divergence D-7) and with every
/// status (D-3).
pub fn plan(facts: ContentFacts<'_>, method: Method) -> Result<Plan<Option<u64>>, InvalidResponse> {
    let announced = facts.declared.content_length.and_then(number::parse);
    Ok(Plan {
        status: facts.status,
        headers: Base::Callers,
        patches: content::frame(facts, method)?,
        body: content::body(facts.status, method, announced),
    })
}
