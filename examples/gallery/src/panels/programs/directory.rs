//! A folder, whose files have copies beside them that are compressed: `site/antiphon.txt.gz`.

use antiphon::{ContentCoding, Directory, asgi};

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    Directory::new("site")
        .mounted_at("/directory")
        .precompressed([ContentCoding::Gzip])
        .cache_control("*.txt", "no-cache")?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
