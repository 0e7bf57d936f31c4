//! A JSON class with another library: Starlette's `render`, overridden.
//!
//! `cargo run --example custom_json`, then `curl -i http://127.0.0.1:8000/`.

use antiphon::media_type::MediaType;
use antiphon::{FixedResponse, Render, ResponseClass, asgi};
use bytes::Bytes;

/// The class: its media type, and how content becomes bytes.
enum Sonic {}

type SonicResponse = FixedResponse<Sonic>;

impl ResponseClass for Sonic {
    const MEDIA_TYPE: Option<MediaType> = Some(MediaType::JSON);
}

impl<T: serde::Serialize> Render<T> for Sonic {
    type Error = sonic_rs::Error;

    fn render(content: T) -> Result<Bytes, Self::Error> {
        sonic_rs::to_vec(&content).map(Bytes::from)
    }
}

#[derive(serde::Serialize)]
struct Greeting {
    hello: &'static str,
}

async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    SonicResponse::render(Greeting { hello: "world" })?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8000", app).await
}
