//! axum, with tower-http's file service.

mod streams;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use peer_common::{Arguments, COOKIE_HEADER, HELLO, User};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let users: Arc<[User]> = arguments.users()?.into();
    let router = Router::new()
        .route("/plaintext", get(async || HELLO))
        .route("/json", get(json))
        .route(
            "/cookie",
            get(async || ([(SET_COOKIE, COOKIE_HEADER)], HELLO)),
        )
        .nest_service("/file", ServeDir::new(&arguments.data))
        .nest_service("/static", ServeDir::new(&arguments.data))
        .nest_service(
            "/site",
            ServeDir::new(arguments.data.join("site")).precompressed_gzip(),
        )
        .with_state(users)
        .merge(streams::router());
    let listener = TcpListener::bind(arguments.address()).await?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("TCP_NODELAY cannot be set: {error}");
        }
    });
    axum::serve(listener, router).await
}

async fn json(State(users): State<Arc<[User]>>) -> Response {
    Json(&*users).into_response()
}
