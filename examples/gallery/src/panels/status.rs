//! Status codes.

use antiphon::{PlainTextResponse, asgi};
use http::StatusCode;

pub(crate) async fn app(
    code: u16,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let Ok(status_code) = StatusCode::from_u16(code) else {
        return PlainTextResponse::new("expected a code from 100 to 999")
            .status_code(StatusCode::BAD_REQUEST)
            .call(scope, receive, send)
            .await;
    };
    PlainTextResponse::new(status_code.canonical_reason().unwrap_or("No name"))
        .status_code(status_code)
        .call(scope, receive, send)
        .await
}
