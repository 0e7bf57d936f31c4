//! Responses that send the client elsewhere.

use super::doors::{into_response, service};
use super::parameters::{Parameters, parameter_methods};
use super::plannable::{PlannableAtOnce, answer_methods};
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::response::content::{self, InvalidResponse};
use antiphon_core::response::{fixed, redirect};
use antiphon_core::values::location::{self, NotLocal};
use bytes::Bytes;
use http::StatusCode;

/// A redirect, by default 307 (Temporary Redirect).
///
/// # Examples
///
/// ```
/// use antiphon::RedirectResponse;
/// use http::StatusCode;
///
/// let response = RedirectResponse::new("/grüße").status_code(StatusCode::SEE_OTHER);
/// let http = response.into_http(&http::Request::new(()))?;
/// assert_eq!(http.headers()["location"], "/gr%C3%BC%C3%9Fe");
/// # Ok::<(), antiphon::InvalidResponse>(())
/// ```
#[must_use = "a response does nothing until it is sent or returned"]
#[derive(Clone, Debug)]
pub struct RedirectResponse {
    url: String,
    parameters: Parameters,
}

impl RedirectResponse {
    /// Makes a redirect to `url`, in which every character that cannot stand in a URL is percent-encoded.
    ///
    /// A `url` that comes from a request can lead anywhere; [`local`](Self::local) refuses that.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            parameters: Parameters::new(StatusCode::TEMPORARY_REDIRECT, None),
        }
    }

    /// Makes a redirect to `path`, if it can only lead to this site.
    ///
    /// # Errors
    ///
    /// [`NotLocal`] for another site (`//host`, `/\host`, `https://host`), another scheme
    /// (`javascript:`) or a path with control characters.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::RedirectResponse;
    ///
    /// assert!(RedirectResponse::local("/account").is_ok());
    /// assert!(RedirectResponse::local("//evil.example").is_err());
    /// ```
    pub fn local(path: impl Into<String>) -> Result<Self, NotLocal> {
        let path = path.into();
        location::quote_local(&path)?;
        Ok(Self::new(path))
    }

    parameter_methods!();
}

impl PlannableAtOnce for RedirectResponse {
    type Error = InvalidResponse;

    fn plan_at_once(self, request: &RequestFacts<'_>) -> Result<Planned, InvalidResponse> {
        let facts = self.parameters.facts(Some(0))?;
        let content = content::head(facts, self.parameters.content_type())?;
        let plan = fixed::plan(facts, request.method)?;
        let head = content.into_iter().chain([redirect::head(&self.url)]);
        Ok(self
            .parameters
            .planned(head, plan, |()| Content::Bytes(Bytes::new())))
    }
}

answer_methods! {
    impl RedirectResponse;

    /// Sends the redirect to whoever `scope` describes, then runs the background task.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if a header contradicts the empty content, before anything is sent;
    /// whatever `send` returns.
    fn call;

    /// Makes the redirect an [`http::Response`].
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if a header contradicts the empty content.
    fn into_http -> InvalidResponse;
}

into_response! {
    /// A response that contradicts itself is logged, and the client gets 500.
    impl RedirectResponse;
}

service! {
    /// A response that contradicts itself is logged, and the client gets 500. The service never waits.
    impl RedirectResponse;
}
