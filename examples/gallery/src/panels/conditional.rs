//! A file that the client may have already.

use antiphon::{FileResponse, asgi};
use std::path::PathBuf;

pub(crate) async fn app(
    path: PathBuf,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    FileResponse::new(path)
        .cache_control("no-cache")?
        .call(scope, receive, send)
        .await
}
