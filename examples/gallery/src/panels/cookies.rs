//! Cookies.

use antiphon::{JsonResponse, PlainTextResponse, SameSite, SetCookie, asgi};
use std::collections::BTreeMap;

pub(crate) async fn set(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let mut response = PlainTextResponse::new("Two cookies are set.");
    let session = SetCookie::new("session", "abc123")
        .max_age(3600)
        .httponly(true);
    response.set_cookie(&session.samesite(SameSite::Strict))?;
    response.set_cookie(&SetCookie::new("flavour", "oat").expires(3600))?;
    response.call(scope, receive, send).await
}

pub(crate) async fn delete(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let mut response = PlainTextResponse::new("Both cookies are deleted.");
    response.delete_cookie("session")?;
    response.delete_cookie("flavour")?;
    response.call(scope, receive, send).await
}

/// What the browser has sent back.
pub(crate) async fn seen(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let fields = scope
        .headers()
        .get_all("cookie")
        .into_iter()
        .flat_map(|field| field.to_str());
    let cookies: BTreeMap<&str, &str> = fields
        .flat_map(|field| field.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .collect();
    JsonResponse::new(&cookies)?
        .call(scope, receive, send)
        .await
}
