//! The gallery: one page that shows every response live, with the code that made it.
//!
//! `PORT` chooses the port, 8000 by default; `GALLERY_FACES` tells where the same page is served by other
//! faces, as a JSON list of `{"name", "url"}`.

mod files;
mod panels;

use antiphon::channel::EventChannel;
use antiphon::{HtmlResponse, JsonResponse, PlainTextResponse, Server, asgi};
use files::Files;
use http::{Method, StatusCode};
use std::process::ExitCode;
use std::sync::Arc;

/// What lasts from request to request.
struct State {
    files: Files,
    chat: EventChannel,
}

async fn app(
    state: Arc<State>,
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let path = scope.path().to_owned();
    let methods = match path.as_str() {
        "/chat" => "GET, HEAD, POST",
        _ => "GET, HEAD",
    };
    if !methods.split(", ").any(|method| scope.method() == method) {
        return PlainTextResponse::new("Method Not Allowed")
            .status_code(StatusCode::METHOD_NOT_ALLOWED)
            .header("allow", methods)?
            .call(scope, receive, send)
            .await;
    }
    let State { files, chat } = &*state;
    match path.as_str() {
        "/" => HtmlResponse::new(PAGE).call(scope, receive, send).await,
        "/favicon.ico" => panels::status::app(204, scope, receive, send).await,
        "/panels.json" => {
            JsonResponse::new(&panels::description(
                std::env::var("GALLERY_FACES").ok().as_deref(),
            )?)?
            .call(scope, receive, send)
            .await
        }
        "/plain" => panels::plain::app(scope, receive, send).await,
        "/html" => panels::html::app(scope, receive, send).await,
        "/json" => panels::json::app(scope, receive, send).await,
        "/json/custom" => panels::custom_json::app(scope, receive, send).await,
        "/redirect" => panels::redirect::app(scope, receive, send).await,
        "/redirect/landed" => panels::redirect::landed(scope, receive, send).await,
        "/cookies/set" => panels::cookies::set(scope, receive, send).await,
        "/cookies/delete" => panels::cookies::delete(scope, receive, send).await,
        "/cookies/seen" => panels::cookies::seen(scope, receive, send).await,
        "/stream" => panels::stream::app(scope, receive, send).await,
        "/download" => panels::download::app(files.text(), scope, receive, send).await,
        "/audio" => panels::audio::app(files.sound(), scope, receive, send).await,
        "/conditional" => panels::conditional::app(files.text(), scope, receive, send).await,
        "/events" => panels::events::app(scope, receive, send).await,
        "/chart" => panels::chart::app(scope, receive, send).await,
        "/chat" if scope.method() == Method::POST => {
            panels::chat::say(chat, scope, receive, send).await
        }
        "/chat" => panels::chat::listen(chat, scope, receive, send).await,
        _ => match path
            .strip_prefix("/status/")
            .and_then(|code| code.parse().ok())
        {
            Some(code) => panels::status::app(code, scope, receive, send).await,
            None => {
                PlainTextResponse::new("Not Found")
                    .status_code(StatusCode::NOT_FOUND)
                    .call(scope, receive, send)
                    .await
            }
        },
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> asgi::Result {
    let port = match std::env::var("PORT") {
        Err(_) => 8000,
        Ok(text) => text
            .parse::<u16>()
            .map_err(|_| format!("PORT: expected a number from 0 to 65535, but found {text:?}"))?,
    };
    let server = Server::bind(format!("127.0.0.1:{port}"))
        .await
        .map_err(|error| {
            format!(
                "{error}\nAnother port can be chosen: PORT={} make run",
                port.saturating_add(1)
            )
        })?;
    let files =
        Files::make().map_err(|error| format!("the gallery's files cannot be made: {error}"))?;
    let chat = panels::chat::channel()?;
    let state = Arc::new(State { files, chat });
    announce(&format!(
        "The gallery is at http://{}",
        server.local_addr()?
    ));
    server
        .serve(move |scope, receive, send| app(Arc::clone(&state), scope, receive, send))
        .await?;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the address is what the program prints"
)]
fn announce(text: &str) {
    println!("{text}");
}

const PAGE: &str = include_str!("../page/index.html");
