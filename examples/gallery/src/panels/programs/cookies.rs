//! Cookies: set, deleted, and what the client sends back.

use antiphon::{JsonResponse, PlainTextResponse, SameSite, SetCookie, asgi};
use http::HeaderMap;
use http::header::COOKIE;
use std::collections::BTreeMap;

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    match scope.path() {
        "/cookies/set" => set()?.call(scope, receive, send).await,
        "/cookies/delete" => delete()?.call(scope, receive, send).await,
        _ => {
            JsonResponse::new(&sent_back(scope.headers()))?
                .call(scope, receive, send)
                .await
        }
    }
}

fn set() -> asgi::Result<PlainTextResponse> {
    let mut response = PlainTextResponse::new("Two cookies are set.");
    let session = SetCookie::new("session", "abc123")
        .max_age(3600)
        .httponly(true)
        .samesite(SameSite::Strict);
    response.set_cookie(&session)?;
    response.set_cookie(&SetCookie::new("flavour", "oat").expires(3600))?;
    Ok(response)
}

fn delete() -> asgi::Result<PlainTextResponse> {
    let mut response = PlainTextResponse::new("Both cookies are deleted.");
    response.delete_cookie("session")?;
    response.delete_cookie("flavour")?;
    Ok(response)
}

fn sent_back(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    let fields = headers.get_all(COOKIE).into_iter();
    fields
        .flat_map(|field| field.to_str())
        .flat_map(|field| field.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .collect()
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
