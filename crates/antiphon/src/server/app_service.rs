//! Applications as tower's services, under any server.

use super::app_call::AppCall;
use super::client::Client;
use super::exchange::Exchange;
use super::request_content::{Incoming, RequestContent};
use super::request_span::RequestSpan;
use super::tasks::Tasks;
use crate::asgi::{self, App, Receive, Scope, Send};
use crate::body::Body;
use crate::shutdown::Shutdown;
use bytes::Bytes;
use http::{Method, Request, Response};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// An [`App`] as a tower `Service`, so that axum mounts it, and tower's layers go around it.
///
/// What the embedded server does for an application holds: content that is not as long as its head says, an
/// error or a panic is 500, or cuts the connection; what the application does after its answer is finished
/// on the runtime. Bounds on time are the other server's.
///
/// # Examples
///
/// ```
/// use antiphon::{AppService, PlainTextResponse, asgi};
/// use axum::Router;
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     let path = scope.path().to_owned();
///     PlainTextResponse::new(path).call(scope, receive, send).await
/// }
///
/// let router: Router = Router::new().nest_service("/app", AppService::new(app));
/// # let _ = router;
/// ```
#[derive(Debug)]
pub struct AppService<A>(Arc<A>);

impl<A: App> AppService<A> {
    /// Makes a service of an application.
    pub fn new(app: A) -> Self {
        Self(Arc::new(app))
    }
}

impl<A> Clone for AppService<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A, B> Service<Request<B>> for AppService<A>
where
    A: App,
    B: http_body::Body<Data = Bytes, Error: Into<asgi::Error>> + std::marker::Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + std::marker::Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, content) = request.into_parts();
        let asked = (parts.method.clone(), parts.uri.path_and_query().cloned());
        let content = Incoming::Other(Box::pin(OwnError(Box::pin(content))));
        let client = Arc::new(Client::new(Shutdown::of_process().clone()));
        let content = RequestContent::new(content, || false, Duration::MAX, &client);
        let exchange = Arc::new(Exchange::new(parts.method == Method::HEAD, content));
        let receive = Receive::from_peer(exchange.clone());
        let send = Send::to_peer(exchange.clone());
        let app = Arc::clone(&self.0);
        // Called inside, where a panic is caught.
        let app = async move { app.call(Scope::from(parts), receive, send).await };
        let mut call = AppCall::new(
            Box::pin(app),
            exchange,
            asked,
            TASKS.clone(),
            RequestSpan::default(),
        );
        Box::pin(async move { Ok(poll_fn(|context| call.poll_response(context)).await) })
    }
}

/// What applications do after their answers, under servers that are not ours.
static TASKS: LazyLock<Tasks> = LazyLock::new(Tasks::default);

/// A body whose errors are boxed.
struct OwnError<B>(Pin<Box<B>>);

impl<B: http_body::Body<Data = Bytes, Error: Into<asgi::Error>>> http_body::Body for OwnError<B> {
    type Data = Bytes;
    type Error = asgi::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<asgi::Result<http_body::Frame<Bytes>>>> {
        self.0.as_mut().poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}
