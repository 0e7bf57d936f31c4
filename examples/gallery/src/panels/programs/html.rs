//! HTML.

use antiphon::{HtmlResponse, asgi};

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    HtmlResponse::new("<html><body><h1>Hello, world!</h1></body></html>")
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
