//! Responses whose content is known as a whole: plain, HTML, JSON and the like.
//!
//! What is said of the content when such a response is built is [`content::head`]'s.

use crate::request::fields::RequestFields;
use crate::request::method::Method;
use crate::response::conditional::instead_of_content;
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

/// Plans the answer of a response that has validators because its program asked for them
/// (`add_etag()`): what [`plan`] says, or 304 or 412 if the request's preconditions want that.
///
/// Only GET and HEAD have preconditions here. [RFC 9110 §13.2.1] has them evaluated before the action is
/// performed; when there is a response to any other method, it has been, and a 412 would say that it has
/// not. With a status other than 200 they are ignored.
///
/// `facts.declared` holds the validators; `now` is the time, in seconds since 1970.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Declared;
/// use antiphon_core::request::fields::RequestFields;
/// use antiphon_core::request::method::Method;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response::fixed;
///
/// let declared = Declared { etag: Some(&b"\"1\""[..]), ..Default::default() };
/// let facts = ContentFacts { length: Some(5), declared, ..Default::default() };
/// let status = |method| {
///     let request = RequestFields::of(method, [("if-none-match", "\"1\"")]);
///     fixed::plan_conditionally(facts, &request, 0).map(|plan| plan.status)
/// };
/// assert_eq!(status(Method::Get)?, 304);
/// assert_eq!(status(Method::Other)?, 200);
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`plan`].
///
/// # Starlette
///
/// `Response` has no validators of its own.
///
/// [RFC 9110 §13.2.1]: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.1
pub fn plan_conditionally(
    facts: ContentFacts<'_>,
    request: &RequestFields,
    now: i64,
) -> Result<Plan<()>, InvalidResponse> {
    let method = request.method();
    facts.refuse_transfer_encoding()?;
    if matches!(method, Method::Get | Method::Head)
        && let Some(plan) = instead_of_content(facts.status, facts.declared, request, now)
    {
        return Ok(plan);
    }
    plan(facts, method)
}
