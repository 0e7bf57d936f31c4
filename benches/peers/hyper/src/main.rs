//! Plain hyper, HTTP/1.1 only, without timeouts: as little as can answer.

mod streams;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use peer_common::{Arguments, COOKIE_HEADER, HELLO, User};
use std::io;
use std::sync::Arc;
use streams::{Fan, Stream};
use tokio::net::TcpListener;

/// A whole content, or one that is made bit by bit.
type Body = Either<Full<Bytes>, Stream>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse()?;
    let users: Arc<[User]> = arguments.users()?.into();
    let fan = streams::fan();
    let listener = TcpListener::bind(arguments.address()).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let users = Arc::clone(&users);
        let fan = fan.clone();
        let service = service_fn(move |request| {
            let response = answer(&users, &fan, &request);
            async { response }
        });
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("a connection ended early: {error}");
            }
        });
    }
}

fn answer(
    users: &[User],
    fan: &Fan,
    request: &Request<Incoming>,
) -> Result<Response<Body>, serde_json::Error> {
    Ok(match request.uri().path() {
        "/plaintext" => text(HELLO),
        "/json" => {
            let content = serde_json::to_vec(users)?;
            typed("application/json", whole(content.into()))
        }
        "/cookie" => {
            let mut response = text(HELLO);
            let cookie = HeaderValue::from_static(COOKIE_HEADER);
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        "/stream/async" => Response::new(Either::Right(streams::chunks())),
        "/stream/sync" => Response::new(Either::Right(streams::blocking_chunks())),
        "/sse" => typed("text/event-stream", Either::Right(streams::events())),
        "/fan" => typed("text/event-stream", Either::Right(streams::subscribe(fan))),
        "/publish" => {
            tokio::spawn(streams::publish(fan.clone()));
            text("published")
        }
        _ => {
            let mut response = text("Not Found");
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}

fn text(content: &'static str) -> Response<Body> {
    let content = Bytes::from_static(content.as_bytes());
    typed("text/plain; charset=utf-8", whole(content))
}

fn whole(content: Bytes) -> Body {
    Either::Left(Full::new(content))
}

fn typed(media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let value = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
