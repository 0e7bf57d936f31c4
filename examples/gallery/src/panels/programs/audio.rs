//! A sound, to be played where it is.

use antiphon::{FileResponse, asgi};

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    FileResponse::new("antiphon.wav")
        .filename("antiphon.wav")
        .content_disposition_type("inline")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
