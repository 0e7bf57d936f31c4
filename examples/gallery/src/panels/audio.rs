//! A sound.

use antiphon::{FileResponse, asgi};
use std::path::PathBuf;

pub(crate) async fn app(
    path: PathBuf,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    FileResponse::new(path)
        .filename("antiphon.wav")
        .content_disposition_type("inline")?
        .call(scope, receive, send)
        .await
}
