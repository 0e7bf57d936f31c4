//! A site by axum: a login, files behind it, and a feed of events.
//!
//! `cargo run --example axum_site --features axum`, then `curl -i -d name=ada http://127.0.0.1:8000/login`.

use antiphon::channel::EventChannel;
use antiphon::{
    EventSourceResponse, FileRequest, FileResponse, HtmlResponse, LastEventId, RedirectResponse,
    ResponseError, SameSite, ServerSentEvent, SetCookie,
};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

/// Who was let in is told by a cookie. A site of your own signs it, or keeps the sessions.
const SESSION: &str = "session";

async fn page() -> HtmlResponse {
    HtmlResponse::new(
        "<form method=post action=/login><input name=name><button>Log in</button></form>",
    )
}

async fn login(
    State(news): State<EventChannel>,
    name: String,
) -> Result<RedirectResponse, ResponseError> {
    let name = name.strip_prefix("name=").unwrap_or_default();
    news.publish(&ServerSentEvent::new(format!("{name} is here")).event("login"))?;
    let cookie = SetCookie::new(SESSION, "let in")
        .httponly(true)
        .secure(true)
        .samesite(SameSite::Strict);
    Ok(RedirectResponse::new("/files/readme.txt")
        .status_code(StatusCode::SEE_OTHER)
        .cookie(&cookie)?)
}

async fn file(headers: HeaderMap, request: FileRequest) -> Result<Response, ResponseError> {
    let cookies = headers.get("cookie").and_then(|value| value.to_str().ok());
    if !cookies.is_some_and(|cookies| cookies.contains(SESSION)) {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    let path = request.path().strip_prefix("/files/").unwrap_or_default();
    let answer = request.respond(FileResponse::within("files", path)).await?;
    Ok(answer.into_response())
}

async fn news(State(news): State<EventChannel>, last: LastEventId) -> EventSourceResponse {
    EventSourceResponse::from_subscriber(news.subscribe(last.as_bytes()))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/files/{*path}", get(file))
        .route("/news", get(news))
        .with_state(EventChannel::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
        // Feeds have no end of their own: they end with this.
        antiphon::shutdown();
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(interrupt)
        .await
}
