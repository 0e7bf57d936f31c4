//! Applications.

use super::{Receive, Result, Scope, Send};
use std::future::Future;

/// An ASGI application: any `async fn(Scope, Receive, Send) -> asgi::Result`, and any response.
///
/// A response answers each request. A stream answers the first; after that it fails with
/// [`AlreadySent`](crate::AlreadySent).
///
/// # Examples
///
/// ```
/// use antiphon::{PlainTextResponse, asgi};
///
/// fn is_app(_: impl asgi::App) {}
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     PlainTextResponse::new("hi").call(scope, receive, send).await
/// }
/// is_app(app);
/// is_app(PlainTextResponse::new("hi"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no application",
    note = "an application is a response, or a function of `(Scope, Receive, Send)`",
    note = "a tower service, such as a router of axum's, becomes one by `antiphon::ServiceApp::new` (feature `tower`)"
)]
pub trait App: std::marker::Send + Sync + 'static {
    /// Answers one request.
    ///
    /// # Errors
    ///
    /// Whatever kept the application from answering. The server answers 500, or cuts the connection
    /// if the head was sent.
    fn call(
        &self,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> impl Future<Output = Result> + std::marker::Send + 'static;
}

impl<F, Fut> App for F
where
    F: Fn(Scope, Receive, Send) -> Fut + std::marker::Send + Sync + 'static,
    Fut: Future<Output = Result> + std::marker::Send + 'static,
{
    fn call(
        &self,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> impl Future<Output = Result> + std::marker::Send + 'static {
        self(scope, receive, send)
    }
}
