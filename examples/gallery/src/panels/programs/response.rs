//! Bytes of any kind: here a picture.

use antiphon::{Response, asgi};

const SQUARE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" height="90">
  <path d="M1 1h7v7h-7z" fill="#a8201a"/>
</svg>"##;

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    Response::new(SQUARE)
        .media_type("image/svg+xml")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
