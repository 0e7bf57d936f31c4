//! HTML.

use antiphon::{HtmlResponse, asgi};

pub(crate) async fn app(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    HtmlResponse::new("<html><body><h1>Hello, world!</h1></body></html>")
        .call(scope, receive, send)
        .await
}
