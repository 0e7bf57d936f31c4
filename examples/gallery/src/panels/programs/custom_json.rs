//! JSON by another library.

use antiphon::media_type::MediaType;
use antiphon::{FixedResponse, Render, ResponseClass, asgi};
use bytes::Bytes;
use serde::Serialize;

enum Sonic {}

type SonicResponse = FixedResponse<Sonic>;

impl ResponseClass for Sonic {
    const MEDIA_TYPE: Option<MediaType> = Some(MediaType::JSON);
}

impl<T: Serialize> Render<T> for Sonic {
    type Error = sonic_rs::Error;

    fn render(content: T) -> Result<Bytes, Self::Error> {
        sonic_rs::to_vec(&content).map(Bytes::from)
    }
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    SonicResponse::render([("rendered by", "sonic-rs")])?
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
