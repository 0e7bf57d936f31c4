//! Applications whose answers are compressed.

use crate::asgi::{self, App, Receive, Scope, ScopeType, Send};
use crate::negotiation::Negotiation;
use crate::request::facts::RequestFacts;
use antiphon_coding::Compression;
use std::future::Future;
use std::sync::Arc;

/// An application, every answer of which is compressed if it is worth it and the client takes it: those of our
/// classes, and what is sent message by message, such as the answers of a router of axum's
/// ([`ServiceApp`](crate::ServiceApp)).
///
/// One response alone is compressed by its own `.compress(…)`, which is the same but for this: content that lies
/// ready has a `Content-Length` after HEAD, too. What an application has compressed itself, by that or by a layer
/// of tower-http's, is left alone.
///
/// - **Streams and events** go out chunk by chunk as they would without it, each flushed, and the head does not
///   wait for the first. A stream holds 0.4 MiB more for its window in gzip, and 0.4 to 0.7 in
///   brotli, at the levels that are preset; where thousands of event streams are open and that is too much, there is
///   [`exclude_media_types(["text/event-stream"])`](Compression::exclude_media_types).
/// - **Large content** is encoded on tokio's blocking threads, in pieces. It is sent without a length then.
/// - **Validators.** A strong `ETag` becomes one of its own in each coding, `"v1-gzip"`. Requests that name such a
///   tag reach the application with `"v1"` beside it, so that its 304 and 412 are right.
/// - **Ranges** are ranges of content as it is: a 206 is left alone, and compressed content offers none. A `Range`
///   beside a coded tag gets the whole.
///
/// Which secrets must not be compressed is said at [`Compression`].
///
/// # Examples
///
/// ```
/// use antiphon::{Compressed, Compression, JsonResponse, asgi};
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     JsonResponse::new(&vec!["hello"; 1000])?.call(scope, receive, send).await
/// }
///
/// fn is_app(_: impl asgi::App) {}
/// is_app(Compressed::new(app, Compression::new()));
/// ```
///
/// # Starlette
///
/// `GZipMiddleware`, which looks for `gzip` anywhere in `Accept-Encoding`, keeps strong tags and ranges over
/// other bytes, and leaves events alone.
#[derive(Clone, Debug)]
pub struct Compressed<A> {
    app: A,
    compression: Arc<Compression>,
}

impl<A> Compressed<A> {
    /// Puts compression around an application.
    pub fn new(app: A, compression: Compression) -> Self {
        Self {
            app,
            compression: Arc::new(compression),
        }
    }
}

impl<A: App> App for Compressed<A> {
    fn call(
        &self,
        mut scope: Scope,
        receive: Receive,
        mut send: Send,
    ) -> impl Future<Output = asgi::Result> + std::marker::Send + 'static {
        // A handshake is denied as it is.
        if scope.scope_type() == ScopeType::Http {
            let request = RequestFacts::of_scope(&scope).fields();
            let (negotiation, is_changed) = Negotiation::of(&self.compression, request);
            if is_changed {
                scope.ask_for_uncoded(negotiation.request());
            }
            if negotiation.may_agree() {
                scope.withdraw_pathsend();
            }
            send = send.compressing(negotiation.into());
        }
        self.app.call(scope, receive, send)
    }
}
