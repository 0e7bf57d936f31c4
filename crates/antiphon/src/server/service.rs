//! The requests of one connection, each a call of the application.

use super::app_call::AppCall;
use super::client::{Answering, Client};
use super::connections::{Connections, Stream};
use super::exchange::Exchange;
use super::limits::{HEAD_FIELDS, HEAD_LEN, Limits};
use super::outgoing::Outgoing;
use super::persistence::Persistence;
use super::record::{Record, Watch};
use super::request_content::{self, RequestContent};
use super::request_head;
use super::request_span::RequestSpan;
use super::stall;
use super::tasks::Tasks;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::asgi::{self, App, Ends, Receive, Scope};
use crate::body::Body;
use crate::response::error_pages;
use crate::shutdown::Shutdown;
use http::request::Parts;
use http::{Method, Response, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Shared<A> {
    pub(super) app: A,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
    pub(super) limits: Arc<Limits>,
    pub(super) watch: Watch,
    pub(super) connections: Arc<Connections>,
    pub(super) tasks: Tasks,
    pub(super) stopping: Shutdown,
}

/// The service of one connection.
#[derive(Debug)]
pub(super) struct Service<A> {
    pub(super) shared: Arc<Shared<A>>,
    pub(super) client: Arc<Client>,
    pub(super) ends: Ends,
}

impl<A: App> hyper::service::Service<http::Request<Incoming>> for Service<A> {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Respond;

    fn call(&self, request: http::Request<Incoming>) -> Respond {
        let (parts, content) = request.into_parts();
        let record = self.shared.watch.record(&parts, &self.ends);
        if let Some(status) = self.refuse(&parts) {
            return self.refused(status, &parts, &content, record);
        }
        let Some(answering) = self.client.begin_request() else {
            return self.refused(StatusCode::SERVICE_UNAVAILABLE, &parts, &content, record);
        };
        let is_stream = parts.version == Version::HTTP_2;
        let mut asked = Request {
            parts,
            content,
            answering,
            stream: None,
            record,
        };
        if is_stream {
            asked.stream = self.shared.connections.stream(&self.client);
            if asked.stream.is_none() {
                let (shared, ends) = (Arc::clone(&self.shared), self.ends.clone());
                return Respond::Waits(Box::pin(ask_later(shared, ends, asked)));
            }
        }
        ask(&self.shared, &self.ends, asked)
    }
}

/// A request for the application.
struct Request {
    parts: Parts,
    content: Incoming,
    answering: Answering,
    /// The answer's place among all there may be, over HTTP/2.
    stream: Option<Stream>,
    record: Option<Box<Record>>,
}

/// Calls the application.
fn ask<A: App>(shared: &Shared<A>, ends: &Ends, request: Request) -> Respond {
    let Request {
        mut parts,
        content,
        answering,
        stream,
        record,
    } = request;
    let span = record
        .as_ref()
        .map_or_else(RequestSpan::default, |record| record.span());
    request_head::complete(&mut parts);
    let persistence = Persistence::of(&parts);
    let asked = (parts.method.clone(), parts.uri.path_and_query().cloned());
    let content = RequestContent::new(
        request_content::Incoming::Hyper(content),
        || parts.headers.contains_key(header::EXPECT),
        shared.limits.content_timeout,
        &answering.0,
    );
    let exchange = Arc::new(Exchange::new(parts.method == Method::HEAD, content));
    let stopping = shared.stopping.clone();
    let scope = Scope::new(parts, ends.clone(), stopping);
    let send = asgi::Send::to_peer(exchange.clone());
    let receive = Receive::from_peer(exchange.clone());
    let call = || span.run(|| shared.app.call(scope, receive, send));
    let app = catch_unwind(AssertUnwindSafe(call));
    let app: Pin<Box<dyn Future<Output = asgi::Result> + Send>> = match app {
        Ok(app) => Box::pin(app),
        Err(panic) => Box::pin(async move { std::panic::resume_unwind(panic) }),
    };
    Respond::Asked(Asked {
        call: AppCall::new(app, exchange, asked, shared.tasks.clone(), span),
        answering: Some(answering),
        stream,
        record,
        persistence,
        answer: None,
    })
}

/// Calls the application as soon as there is a place for the answer; 503 if none becomes free soon.
async fn ask_later<A: App>(shared: Arc<Shared<A>>, ends: Ends, mut request: Request) -> Respond {
    for _ in 0..PLACE_TRIES {
        tokio::time::sleep(PLACE_PAUSE).await;
        request.stream = shared.connections.stream(&request.answering.0);
        if request.stream.is_some() {
            return ask(&shared, &ends, request);
        }
    }
    Respond::Refused(StatusCode::SERVICE_UNAVAILABLE, None, request.record)
}

impl<A> Service<A> {
    /// The answer to a request that the application does not see; over HTTP/1 it ends the connection.
    fn refused(
        &self,
        status: StatusCode,
        request: &Parts,
        content: &Incoming,
        record: Option<Box<Record>>,
    ) -> Respond {
        if !content.is_end_stream() {
            self.client.leave_unread();
        }
        let is_http_2 = request.version == Version::HTTP_2;
        let persistence = (!is_http_2).then(|| Persistence::of(request));
        Respond::Refused(status, persistence, record)
    }

    /// Refuses a request by its head. hyper has refused most of those that are too long.
    fn refuse(&self, request: &Parts) -> Option<StatusCode> {
        let limits = &self.shared.limits;
        let is_bounded = limits.head_fields == HEAD_FIELDS && limits.head_len == HEAD_LEN;
        if !(is_bounded && request.version != Version::HTTP_2)
            && (request.headers.len() > limits.head_fields
                || request_head::len(request) > limits.head_len)
        {
            return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        request_head::refuse(request)
    }
}

/// The future of one response.
pub(super) enum Respond {
    Asked(Asked),
    Waits(Pin<Box<dyn Future<Output = Self> + Send>>),
    Refused(StatusCode, Option<Persistence>, Option<Box<Record>>),
}

/// A request that the application is asked to answer.
pub(super) struct Asked {
    call: AppCall,
    answering: Option<Answering>,
    stream: Option<Stream>,
    record: Option<Box<Record>>,
    persistence: Persistence,
    /// The answer, while it is seen what remains of the request.
    answer: Option<Box<Response<Body>>>,
}

impl Future for Respond {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match &mut *self {
                Self::Asked(asked) => return asked.poll(context).map(Ok),
                Self::Waits(place) => ready!(place.as_mut().poll(context)),
                Self::Refused(status, persistence, record) => {
                    let mut answer = error_pages::bare(*status);
                    if let Some(persistence) = persistence {
                        persistence.announce(&mut answer, true);
                    }
                    return Poll::Ready(Ok(outgoing(answer, None, None, record.take())));
                }
            };
            *self = next;
        }
    }
}

impl Asked {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Response<Outgoing>> {
        if let Some(stream) = &self.stream {
            stall::enter(&stream.stall);
        }
        let mut answer = match self.answer.take() {
            Some(answer) => *answer,
            None => ready!(self.call.poll_response(context)),
        };
        let patience = self.call.patience();
        if let Some(stream) = &self.stream {
            stream.stall.set_patience(patience);
        } else if let Some(Answering(client)) = &self.answering {
            let Poll::Ready(is_drained) = self.call.poll_drained(context) else {
                self.answer = Some(Box::new(answer));
                return Poll::Pending;
            };
            if !is_drained {
                client.leave_unread();
            }
            let says = answer.headers().contains_key(header::CONNECTION);
            let ends = !is_drained || (says && client.is_stopping());
            self.persistence.announce(&mut answer, ends);
            client.set_patience(patience);
        }
        let (answering, stream) = (self.answering.take(), self.stream.take());
        Poll::Ready(outgoing(answer, answering, stream, self.record.take()))
    }
}

/// Makes what hyper gets of an answer.
fn outgoing(
    answer: Response<Body>,
    answering: Option<Answering>,
    stream: Option<Stream>,
    mut record: Option<Box<Record>>,
) -> Response<Outgoing> {
    if let Some(record) = &mut record {
        record.head(&answer);
    }
    answer.map(|body| Outgoing::new(body, answering, stream, record))
}

/// How long a request waits for others to give way: a little longer than they may.
const PLACE_TRIES: u32 = 30;
const PLACE_PAUSE: Duration = Duration::from_millis(50);
