//! Text.

use antiphon::{PlainTextResponse, asgi};

pub(crate) async fn app(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    PlainTextResponse::new("Hello, world!")
        .call(scope, receive, send)
        .await
}
