//! The status code that is asked for.

use antiphon::{PlainTextResponse, asgi};
use http::StatusCode;

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let code = scope.query_string().strip_prefix("code=");
    let (code, text) = match code.and_then(|code| code.parse::<StatusCode>().ok()) {
        Some(code) => (code, code.canonical_reason().unwrap_or("No name")),
        None => (StatusCode::BAD_REQUEST, "expected ?code= and three digits"),
    };
    PlainTextResponse::new(text)
        .status_code(code)
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
