//! tower's services as applications.

use crate::asgi::{self, App, Error, Message, Receive, Scope, ScopeType, Send};
use antiphon_core::fields::Headers;
use bytes::Bytes;
use http_body::{Body, Frame};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tower_service::Service;

/// A tower `Service` as an [`App`], so that [`serve`](crate::serve) runs a router of axum's, and whatever
/// tower's layers are put around.
///
/// The service is cloned for each request. It finds the addresses of the connection, the server's shutdown
/// and all else that ASGI tells beside the request as a [`Scope`] in the request's extensions: in axum's
/// handlers `Extension<asgi::Scope>`, where `ConnectInfo` would be with `axum::serve`.
///
/// Event streams that its handlers return end when the server does.
///
/// Trailers are not sent. A service that fails is an application that fails: the client gets 500, unless the
/// head was sent; then the connection is cut.
///
/// # Examples
///
/// ```no_run
/// use antiphon::ServiceApp;
/// use axum::{Router, routing::get};
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let router = Router::new().route("/", get(|| async { "Hello, world!" }));
///     antiphon::serve("127.0.0.1:8000", ServiceApp::new(router)).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ServiceApp<S>(S);

impl<S> ServiceApp<S> {
    /// Makes an application of a service.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S, B> App for ServiceApp<S>
where
    S: Service<http::Request<RequestBody>, Response = http::Response<B>> + Clone,
    S: std::marker::Send + Sync + 'static,
    S::Future: std::marker::Send,
    S::Error: Into<Error>,
    B: Body<Data = Bytes, Error: Into<Error>> + std::marker::Send + 'static,
{
    fn call(
        &self,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> impl Future<Output = asgi::Result> + std::marker::Send + 'static {
        let mut service = self.0.clone();
        let mut parts = scope.parts().clone();
        let scope_type = scope.scope_type();
        let shutdown = scope.shutdown().clone();
        parts.extensions.insert(scope);
        let request = http::Request::from_parts(parts, RequestBody(receive));
        async move {
            poll_fn(|context| service.poll_ready(context))
                .await
                .map_err(Into::into)?;
            // Event streams that its handlers return end with this server.
            let answering = async { service.call(request).await };
            let response = shutdown.around(answering).await.map_err(Into::into)?;
            send_response(response, scope_type, send).await
        }
    }
}

async fn send_response<B>(
    response: http::Response<B>,
    scope_type: ScopeType,
    mut send: Send,
) -> asgi::Result
where
    B: Body<Data = Bytes, Error: Into<Error>>,
{
    let (head, body) = response.into_parts();
    let mut body = pin!(body);
    send.send(Message::Start {
        scope_type,
        status: head.status.as_u16(),
        headers: Headers::from(head.headers),
    })
    .await?;
    let mut more_body = !body.is_end_stream();
    while more_body {
        let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await else {
            break;
        };
        more_body = !body.is_end_stream();
        if let Ok(bytes) = frame.map_err(Into::into)?.into_data() {
            let message = Message::Body {
                scope_type,
                body: bytes,
                more_body,
            };
            send.send(message).await?;
            if !more_body {
                return Ok(());
            }
        }
    }
    let end = Message::Body {
        scope_type,
        body: Bytes::new(),
        more_body: false,
    };
    send.send(end).await
}

/// The content of a request that an application hands to a service.
#[derive(Debug)]
pub struct RequestBody(Receive);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<asgi::Result<Frame<Bytes>>>> {
        self.0
            .poll_data(context)
            .map(|data| data.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.has_all()
    }
}
