//! The gallery: one page that shows every response live, with the code that made it.
//!
//! `PORT` chooses the port, 8000 by default; `GALLERY_FACES` tells where the same page is served by other
//! faces, as a JSON list of `{"name", "url"}`; with `REDIS_URL`, the chat is the same in all that have it.
//! With `GALLERY_CERTIFICATE` and `GALLERY_KEY`, files in PEM or one with both, it is served by TLS.

mod files;
mod panels;

use antiphon::{HtmlResponse, PlainTextResponse, Response, Server, Tls, asgi};
use files::Files;
use http::header::HOST;
use http::{Method, StatusCode};
use panels::page::{self, Face};
use panels::{programs, recorded};
use std::process::ExitCode;
use std::sync::Arc;

async fn app(
    faces: &[Face],
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let path = scope.path().to_owned();
    let name = path.split('/').nth(1).unwrap_or_default();
    let methods: &[Method] = match name {
        "chat" => &[Method::GET, Method::HEAD, Method::POST],
        _ => &[Method::GET, Method::HEAD],
    };
    if !methods.contains(scope.method()) {
        let allow: Vec<&str> = methods.iter().map(Method::as_str).collect();
        return PlainTextResponse::new("Method Not Allowed")
            .status_code(StatusCode::METHOD_NOT_ALLOWED)
            .header("allow", allow.join(", "))?
            .call(scope, receive, send)
            .await;
    }
    if let Some(program) = programs::find(name) {
        return (program.app)(scope, receive, send).await;
    }
    if let Some((media_type, content)) = page::part(name) {
        return Response::new(content)
            .media_type(media_type)?
            .call(scope, receive, send)
            .await;
    }
    match path.as_str() {
        "/" => {
            let host = scope.headers().get(HOST).map(|host| host.to_str());
            let host = host.transpose()?.unwrap_or("localhost");
            let origin = format!("{}://{host}", scope.scheme());
            HtmlResponse::new(page::page(faces, &origin))
                .call(scope, receive, send)
                .await
        }
        "/recorded" => recorded::app(scope, receive, send).await,
        "/favicon.ico" => {
            PlainTextResponse::new("")
                .status_code(StatusCode::NO_CONTENT)
                .call(scope, receive, send)
                .await
        }
        _ => {
            PlainTextResponse::new("Not Found")
                .status_code(StatusCode::NOT_FOUND)
                .call(scope, receive, send)
                .await
        }
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
    let (server, scheme) = match std::env::var("GALLERY_CERTIFICATE") {
        Err(_) => (server, "http"),
        Ok(certificate) => {
            let key = std::env::var("GALLERY_KEY").unwrap_or_else(|_| certificate.clone());
            (server.tls(Tls::from_pem(certificate, key)?), "https")
        }
    };
    let faces = std::env::var("GALLERY_FACES").unwrap_or_else(|_| "[]".to_owned());
    let faces: Arc<[Face]> = serde_json::from_str(&faces)
        .map_err(|error| format!("GALLERY_FACES: expected a list of faces: {error}"))?;
    // The programs read their files from where they are started.
    let files = Files::make()
        .and_then(|files| std::env::set_current_dir(files.folder()).map(|()| files))
        .map_err(|error| format!("the gallery's files cannot be made: {error}"))?;
    announce(&format!(
        "The gallery is at {scheme}://{}",
        server.local_addr()?
    ));
    let gallery = move |scope, receive, send| {
        let faces = Arc::clone(&faces);
        async move { app(&faces, scope, receive, send).await }
    };
    let served = server.serve(gallery).await;
    // They are there as long as the server is.
    drop(files);
    Ok(served?)
}

#[expect(
    clippy::print_stdout,
    reason = "the address is what the program prints"
)]
fn announce(text: &str) {
    println!("{text}");
}
