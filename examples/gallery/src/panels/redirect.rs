//! A redirect.

use antiphon::{PlainTextResponse, RedirectResponse, asgi};

pub(crate) async fn app(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    RedirectResponse::new("/redirect/landed")
        .call(scope, receive, send)
        .await
}

pub(crate) async fn landed(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    PlainTextResponse::new("You have landed.")
        .call(scope, receive, send)
        .await
}
