//! Antiphon's own server and response classes.

mod streams;

use antiphon::channel::EventChannel;
use antiphon::{
    ContentCoding, Directory, FileResponse, JsonResponse, PlainTextResponse, SameSite, SetCookie,
    asgi,
};
use http::StatusCode;
use peer_common::{
    Arguments, COOKIE_DOMAIN, COOKIE_NAME, COOKIE_SECONDS, COOKIE_VALUE, HELLO, User,
};
use std::io;
use std::path::Path;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let users: Arc<[User]> = arguments.users()?.into();
    let address = arguments.address();
    let folder: Arc<Path> = arguments.data.into();
    let site = Directory::new(folder.join("site"))
        .mounted_at("/site")
        .precompressed([ContentCoding::Gzip]);
    let fan = streams::fan();
    antiphon::serve(address, move |scope, receive, send| {
        answer(
            Arc::clone(&users),
            Arc::clone(&folder),
            site.clone(),
            fan.clone(),
            scope,
            receive,
            send,
        )
    })
    .await
}

async fn answer(
    users: Arc<[User]>,
    folder: Arc<Path>,
    site: Directory,
    fan: EventChannel,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let response = match scope.path() {
        "/plaintext" => PlainTextResponse::new(HELLO),
        "/json" => {
            let response = JsonResponse::new(&*users)?;
            return response.call(scope, receive, send).await;
        }
        "/cookie" => with_cookie()?,
        "/stream/async" => return streams::chunks().call(scope, receive, send).await,
        "/stream/sync" => return streams::blocking_chunks().call(scope, receive, send).await,
        "/sse" => return streams::events().call(scope, receive, send).await,
        "/fan" => return streams::subscribe(&fan).call(scope, receive, send).await,
        "/publish" => streams::publish(fan),
        path if path.starts_with("/site/") => {
            return site.call(scope, receive, send).await;
        }
        path if file_name(path).is_some() => {
            let path = folder.join(file_name(path).unwrap_or_default());
            return FileResponse::new(path).call(scope, receive, send).await;
        }
        _ => PlainTextResponse::new("Not Found").status_code(StatusCode::NOT_FOUND),
    };
    response.call(scope, receive, send).await
}

fn file_name(path: &str) -> Option<&str> {
    let name = path
        .strip_prefix("/file/")
        .or_else(|| path.strip_prefix("/static/"))?;
    (!name.contains('/')).then_some(name)
}

fn with_cookie() -> Result<PlainTextResponse, antiphon::cookie::InvalidCookie> {
    let mut response = PlainTextResponse::new(HELLO);
    response.set_cookie(
        &SetCookie::new(COOKIE_NAME, COOKIE_VALUE)
            .max_age(COOKIE_SECONDS)
            .expires(COOKIE_SECONDS)
            .domain(COOKIE_DOMAIN)
            .path("/")
            .secure(true)
            .httponly(true)
            .samesite(SameSite::Lax),
    )?;
    Ok(response)
}
