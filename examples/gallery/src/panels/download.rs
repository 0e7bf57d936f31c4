//! A download.

use antiphon::{FileResponse, asgi};
use std::path::PathBuf;

pub(crate) async fn app(
    path: PathBuf,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    FileResponse::new(path)
        .filename("Größe – prüfung.txt")
        .call(scope, receive, send)
        .await
}
