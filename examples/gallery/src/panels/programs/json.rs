//! JSON.

use antiphon::{JsonResponse, asgi};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    hello: &'static str,
    languages: [&'static str; 2],
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    JsonResponse::new(&Greeting {
        hello: "world",
        languages: ["Rust", "Python"],
    })?
    .call(scope, receive, send)
    .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
