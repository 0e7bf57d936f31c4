//! The requests of one connection, each a call of the application.

use super::app_call::AppCall;
use super::client::{Answering, Client};
use super::connections::{Connections, Stream};
use super::exchange::Exchange;
use super::limits::{HEAD_FIELDS, HEAD_LEN, Limits};
use super::outgoing::Outgoing;
use super::persistence::Persistence;
use super::request_content::{self, RequestContent};
use super::request_head;
use super::stall;
use super::tasks::Tasks;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::asgi::{self, App, Ends, Receive, Scope};
use crate::body::Body;
use crate::response::error_pages;
use crate::shutdown::Shutdown;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version, header};
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

impl<A: App> hyper::service::Service<Request<Incoming>> for Service<A> {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Respond;

    fn call(&self, request: Request<Incoming>) -> Respond {
        let (parts, content) = request.into_parts();
        if let Some(status) = self.refuse(&parts) {
            return self.refused(status, &parts, &content);
        }
        let Some(answering) = self.client.begin_request() else {
            return self.refused(StatusCode::SERVICE_UNAVAILABLE, &parts, &content);
        };
        if parts.version != Version::HTTP_2 {
            return ask(&self.shared, &self.ends, parts, content, answering, None);
        }
        match self.shared.connections.stream(&self.client) {
            Some(stream) => {
                let stream = Some(stream);
                ask(&self.shared, &self.ends, parts, content, answering, stream)
            }
            None => Respond::Waits(Box::pin(ask_later(
                Arc::clone(&self.shared),
                self.ends.clone(),
                parts,
                content,
                answering,
            ))),
        }
    }
}

/// Calls the application. Over HTTP/2 the answer has a place among all there may be.
fn ask<A: App>(
    shared: &Shared<A>,
    ends: &Ends,
    mut parts: Parts,
    content: Incoming,
    answering: Answering,
    stream: Option<Stream>,
) -> Respond {
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
    let app = catch_unwind(AssertUnwindSafe(|| shared.app.call(scope, receive, send)));
    let app: Pin<Box<dyn Future<Output = asgi::Result> + Send>> = match app {
        Ok(app) => Box::pin(app),
        Err(panic) => Box::pin(async move { std::panic::resume_unwind(panic) }),
    };
    Respond::Asked(Asked {
        call: AppCall::new(app, exchange, asked, shared.tasks.clone()),
        answering: Some(answering),
        stream,
        persistence,
        answer: None,
    })
}

/// Calls the application as soon as there is a place for the answer; 503 if none becomes free soon.
async fn ask_later<A: App>(
    shared: Arc<Shared<A>>,
    ends: Ends,
    parts: Parts,
    content: Incoming,
    answering: Answering,
) -> Respond {
    for _ in 0..PLACE_TRIES {
        tokio::time::sleep(PLACE_PAUSE).await;
        if let Some(stream) = shared.connections.stream(&answering.0) {
            return ask(&shared, &ends, parts, content, answering, Some(stream));
        }
    }
    Respond::Refused(StatusCode::SERVICE_UNAVAILABLE, None)
}

impl<A> Service<A> {
    /// The answer to a request that the application does not see; over HTTP/1 it ends the connection.
    fn refused(&self, status: StatusCode, request: &Parts, content: &Incoming) -> Respond {
        if !content.is_end_stream() {
            self.client.leave_unread();
        }
        let is_http_2 = request.version == Version::HTTP_2;
        Respond::Refused(status, (!is_http_2).then(|| Persistence::of(request)))
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
    Refused(StatusCode, Option<Persistence>),
}

/// A request that the application is asked to answer.
pub(super) struct Asked {
    call: AppCall,
    answering: Option<Answering>,
    stream: Option<Stream>,
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
                Self::Refused(status, persistence) => {
                    let mut answer = error_pages::bare(*status);
                    if let Some(persistence) = persistence {
                        persistence.announce(&mut answer, true);
                    }
                    return Poll::Ready(Ok(answer.map(|body| Outgoing::new(body, None, None))));
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
        Poll::Ready(answer.map(|body| Outgoing::new(body, answering, stream)))
    }
}

/// How long a request waits for others to give way: a little longer than they may.
const PLACE_TRIES: u32 = 30;
const PLACE_PAUSE: Duration = Duration::from_millis(50);
