//! Responses whose content is known as a whole: plain, HTML, JSON and the like.
//!
//! What is said of the content when such a response is built is [`content::head`]'s.

use crate::request::method::Method;
use crate::response::content::{self, ContentFacts, InvalidResponse};
use crate::response::plan::{Base, Plan};

/// Plans the answer to a request of this method.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::method::Method;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response::fixed;
/// use antiphon_core::response::plan::Body;
///
/// let facts = ContentFacts { length: Some(5), ..Default::default() };
/// assert_eq!(fixed::plan(facts, Method::Get)?.body, Body::Content(()));
/// assert_eq!(fixed::plan(facts, Method::Head)?.body, Body::Empty);
/// let nothing = ContentFacts { status: 204, ..facts };
/// assert_eq!(fixed::plan(nothing, Method::Get)?.body, Body::Empty);
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// [`InvalidResponse`] if the declared `Content-Length` contradicts the content, except for HEAD and
/// 304, or if there is a `Transfer-Encoding`.
///
/// # Starlette
///
/// `Response.__call__`, which sends the content after HEAD too (divergence D-7) and with every
/// status (D-3).
pub fn plan(facts: ContentFacts<'_>, method: Method) -> Result<Plan<()>, InvalidResponse> {
    Ok(Plan {
        status: facts.status,
        headers: Base::Callers,
        patches: content::frame(facts, method)?,
        body: content::body(facts.status, method, ()),
    })
}
