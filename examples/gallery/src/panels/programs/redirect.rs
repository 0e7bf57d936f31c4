//! A redirect, and where it leads.

use antiphon::{PlainTextResponse, RedirectResponse, asgi};

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    if scope.path() == "/redirect" {
        return RedirectResponse::new("/redirect/landed")
            .call(scope, receive, send)
            .await;
    }
    PlainTextResponse::new("You have landed.")
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
