//! A chat: GET listens, POST says something to all. Processes with one `REDIS_URL` share it.

use antiphon::channel::redis::{BuildError, Channel, Channels};
use antiphon::channel::{EventChannel, Newcomers, Subscriber};
use antiphon::{
    EventSourceResponse, LastEventId, PlainTextResponse, ServerSentEvent, asgi, json_event,
};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use std::time::Duration;

const MAX_LEN: usize = 4096;

static CHAT: LazyLock<Result<Chat, BuildError>> = LazyLock::new(chat);

enum Chat {
    Own(EventChannel),
    Shared(Channel),
}

fn chat() -> Result<Chat, BuildError> {
    let options = EventChannel::builder().newcomers(Newcomers::History);
    let Ok(url) = std::env::var("REDIS_URL") else {
        return Ok(Chat::Own(options.build()));
    };
    let channels = Channels::builder(&url).channels(options).build()?;
    let channel = channels.channel("chat").expect("the name has no blanks");
    Ok(Chat::Shared(channel))
}

impl Chat {
    fn subscribe(&self, last: Option<&[u8]>) -> Subscriber {
        match self {
            Self::Own(channel) => channel.subscribe(last),
            Self::Shared(channel) => channel.subscribe(last),
        }
    }

    async fn publish(&self, event: ServerSentEvent<'_>) -> asgi::Result {
        match self {
            Self::Own(channel) => channel.publish(&event)?,
            Self::Shared(channel) => channel.publish(&event).await?,
        };
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Message {
    text: String,
}

pub async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    if scope.method() == Method::POST {
        say(scope, receive, send).await
    } else {
        listen(scope, receive, send).await
    }
}

/// What is said, from where the client was.
async fn listen(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let header = LastEventId::of(&scope);
    let mut parameters = scope.query_string().split('&');
    let parameter = parameters.find_map(|pair| pair.strip_prefix("last_event_id="));
    // The browser keeps the URL when it calls again, so the header is the newer one.
    let last = header.as_bytes().or_else(|| parameter.map(str::as_bytes));
    EventSourceResponse::from_subscriber(CHAT.as_ref()?.subscribe(last))
        .retry(Duration::from_millis(500))
        // A page that another process has served may listen here.
        .header("access-control-allow-origin", "*")?
        .call(scope, receive, send)
        .await
}

async fn say(scope: asgi::Scope, mut receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let mut content = Vec::new();
    while let asgi::Event::Request { body, more_body } = receive.receive().await? {
        content.extend_from_slice(&body);
        if !more_body || content.len() > MAX_LEN {
            break;
        }
    }
    let (status_code, text) = if content.len() > MAX_LEN {
        let text = format!("expected at most {MAX_LEN} bytes");
        (StatusCode::PAYLOAD_TOO_LARGE, text)
    } else {
        match serde_json::from_slice::<Message>(&content) {
            Ok(message) => {
                CHAT.as_ref()?.publish(json_event(&message)?).await?;
                (StatusCode::NO_CONTENT, String::new())
            }
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
        }
    };
    PlainTextResponse::new(text)
        .status_code(status_code)
        .call(scope, receive, send)
        .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    antiphon::serve("127.0.0.1:8080", app).await
}
