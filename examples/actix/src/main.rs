//! Responses of Antiphon in actix-web, by way of `into_http`.
//!
//! actix has types of its own for requests and responses, and those of an older `http`. What a response
//! has to know of its request is little, so [`Head`] copies it; [`Answer`] turns the answer round.
//!
//! `cargo run` here, then `curl -i -H 'range: bytes=0-9' http://127.0.0.1:8000/file`.

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::{App, FromRequest, HttpRequest, HttpResponse, HttpServer, Responder, dev, web};
use antiphon::{Body, FileResponse, LastEventId, PlainTextResponse, RequestHead, ResponseError};
use antiphon::{EventSourceResponse, ServerSentEvent, channel::EventChannel};
use bytes::Bytes;
use http_body::Body as _;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The head of a request, as an extractor of actix.
struct Head(http::request::Parts);

impl RequestHead for Head {
    fn method(&self) -> &http::Method {
        &self.0.method
    }

    fn version(&self) -> http::Version {
        self.0.version
    }

    fn headers(&self) -> &http::HeaderMap {
        &self.0.headers
    }
}

impl FromRequest for Head {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let mut head = http::Request::builder()
            .method(request.method().as_str())
            .version(match request.version() {
                actix_web::http::Version::HTTP_2 => http::Version::HTTP_2,
                actix_web::http::Version::HTTP_11 => http::Version::HTTP_11,
                _ => http::Version::HTTP_10,
            });
        for (name, value) in request.headers() {
            head = head.header(name.as_str(), value.as_bytes());
        }
        let head = head.body(()).map_err(actix_web::error::ErrorBadRequest);
        ready(head.map(|request| Self(request.into_parts().0)))
    }
}

/// What `into_http` makes, as a responder of actix.
struct Answer(http::Response<Body>);

impl Responder for Answer {
    type Body = Content;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<Content> {
        let (head, body) = self.0.into_parts();
        let status = StatusCode::from_u16(head.status.as_u16());
        let mut answer = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        for (name, value) in &head.headers {
            // actix announces the length by itself.
            if name != http::header::CONTENT_LENGTH {
                answer.append_header((name.as_str(), value.as_bytes()));
            }
        }
        let announced = head.headers.get(http::header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        answer
            .message_body(Content { body, announced })
            .unwrap_or_else(|_| {
                HttpResponse::InternalServerError()
                    .finish()
                    .map_body(no_content)
            })
    }
}

fn no_content(_: &mut actix_web::dev::ResponseHead, _: actix_web::body::BoxBody) -> Content {
    Content {
        body: Body::empty(),
        announced: None,
    }
}

/// The content of an answer, as actix asks for it.
struct Content {
    body: Body,
    /// The length that the head announces, also where the content itself is left out.
    announced: Option<u64>,
}

impl MessageBody for Content {
    type Error = antiphon::BodyError;

    fn size(&self) -> BodySize {
        let length = self.announced.or_else(|| self.body.size_hint().exact());
        length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, antiphon::BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }
}

async fn text(head: Head) -> Result<Answer, Failure> {
    Ok(Answer(
        PlainTextResponse::new("Hello, actix!").into_http(&head)?,
    ))
}

async fn file(head: Head) -> Result<Answer, Failure> {
    Ok(Answer(
        FileResponse::new("Cargo.toml").into_http(&head).await?,
    ))
}

async fn missing(head: Head) -> Result<Answer, Failure> {
    Ok(Answer(
        FileResponse::new("no/such/file").into_http(&head).await?,
    ))
}

async fn news(head: Head, channel: web::Data<EventChannel>) -> Result<Answer, Failure> {
    let subscriber = channel.subscribe(LastEventId::of(&head).as_bytes());
    let events = EventSourceResponse::from_subscriber(subscriber);
    Ok(Answer(events.into_http(&head).await?))
}

/// Whatever keeps a handler from answering.
#[derive(Debug)]
struct Failure(ResponseError);

impl<E: Into<ResponseError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl actix_web::ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        let file = self.0.downcast_ref::<antiphon::FileError>();
        let answer =
            file.and_then(|error| error.response().into_http(&http::Request::new(())).ok());
        answer
            .and_then(|answer| StatusCode::from_u16(answer.status().as_u16()).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(text))
        .route("/file", web::get().to(file))
        .route("/file", web::head().to(file))
        .route("/missing", web::get().to(missing))
        .route("/news", web::get().to(news));
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let channel = EventChannel::new();
    let _ = channel.publish(&ServerSentEvent::new("it is on").event("headline"));
    let channel = web::Data::new(channel);
    HttpServer::new(move || App::new().app_data(channel.clone()).configure(routes))
        .bind(("127.0.0.1", 8000))?
        .run()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::Method;
    use actix_web::rt::time::timeout;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use std::future::poll_fn;
    use std::time::Duration;

    fn field(answer: &dev::ServiceResponse<impl MessageBody>, name: &str) -> String {
        let value = answer.headers().get(name).unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[actix_web::test]
    async fn responses_are_answered_as_by_any_other_door() {
        let app = init_service(App::new().configure(routes)).await;
        let answer = call_service(&app, TestRequest::get().to_request()).await;
        assert_eq!(field(&answer, "content-type"), "text/plain; charset=utf-8");
        assert_eq!(read_body(answer).await, "Hello, actix!");

        let file = TestRequest::get().uri("/file").to_request();
        let answer = call_service(&app, file).await;
        let tag = field(&answer, "etag");
        let whole = read_body(answer).await;
        let head = TestRequest::with_uri("/file").method(Method::HEAD);
        let answer = call_service(&app, head.to_request()).await;
        let size = answer.response().body().size();
        assert_eq!(size, BodySize::Sized(whole.len() as u64));

        let part = TestRequest::get().uri("/file");
        let part = part.insert_header(("range", "bytes=2-4")).to_request();
        let answer = call_service(&app, part).await;
        assert_eq!(answer.status(), 206);
        assert_eq!(read_body(answer).await, whole[2..5]);

        let again = TestRequest::get().uri("/file");
        let again = again.insert_header(("if-none-match", tag)).to_request();
        assert_eq!(call_service(&app, again).await.status(), 304);
        let missing = TestRequest::get().uri("/missing").to_request();
        assert_eq!(call_service(&app, missing).await.status(), 404);
    }

    #[actix_web::test]
    async fn a_feed_goes_on_where_its_client_was() {
        let channel = EventChannel::new();
        let first = channel.publish(&ServerSentEvent::new("first")).unwrap();
        channel.publish(&ServerSentEvent::new("second")).unwrap();
        let data = web::Data::new(channel);
        let app = init_service(App::new().app_data(data).configure(routes)).await;
        let request = TestRequest::get().uri("/news");
        let request = request.insert_header(("last-event-id", first)).to_request();
        let answer = call_service(&app, request).await;
        assert_eq!(
            field(&answer, "content-type"),
            "text/event-stream; charset=utf-8"
        );
        let mut content = Box::pin(answer.into_body());
        let mut text = String::new();
        while !text.contains("data: second") {
            let piece = poll_fn(|context| content.as_mut().poll_next(context));
            let piece = timeout(Duration::from_secs(30), piece).await.unwrap();
            text.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap());
        }
        assert!(!text.contains("data: first"), "{text}");
    }
}
