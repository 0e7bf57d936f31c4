//! A file that the client may have already.

use antiphon::{FileResponse, asgi};

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    FileResponse::new("antiphon.txt")
        .cache_control("no-cache")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
