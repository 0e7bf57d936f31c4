//! What every class does: it is planned for a request, and the plan is carried out.
//!
//! | class                               | is                                 | can be sent |
//! |-------------------------------------|------------------------------------|-------------|
//! | `FixedResponse`, `RedirectResponse` | [`PlannableAtOnce`]                | many times  |
//! | a stream                            | [`Plannable`], [`PlannableAtOnce`] | once        |
//! | `FileResponse`                      | [`Plannable`]                      | many times  |
//!
//! A new class implements one of the traits and invokes `answer_methods!`.

use crate::asgi;
use crate::body::Body;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use crate::request::head::RequestHead;
use pin_project_lite::pin_project;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A response that can be planned without waiting, so that a fixed one costs no future of a plan.
pub(crate) trait PlannableAtOnce: Sized {
    /// Why there is no plan.
    type Error: Into<asgi::Error> + Send;

    /// Plans the answer.
    fn plan_at_once(self, request: &RequestFacts<'_>) -> Result<Planned, Self::Error>;
}

/// A response whose plan waits: for a file to be opened, for a stream that is asked for its first chunk.
pub(crate) trait Plannable: Sized {
    /// Why there is no plan.
    type Error: Into<asgi::Error>;

    /// Plans the answer.
    fn plan(
        self,
        request: &RequestFacts<'_>,
    ) -> impl Future<Output = Result<Planned, Self::Error>> + Send + use<Self>;

    /// Plans the answer and sends it.
    fn call(
        self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + use<Self>;

    /// Returns a response for one request: a copy, or, of what can be sent once, the only one.
    fn for_one_request(&self) -> Self;
}

pub(crate) fn call_at_once<T: PlannableAtOnce>(
    response: T,
    scope: asgi::Scope,
    receive: asgi::Receive,
    mut send: asgi::Send,
) -> impl Future<Output = asgi::Result> + Send + use<T> {
    let mut planned = response.plan_at_once(&RequestFacts::of_scope(&scope));
    // Here, so that the future is no larger for it.
    if let Ok(planned) = &mut planned {
        planned.compress_for(&mut send);
    }
    let offers = scope.offers();
    drop((scope, receive));
    async move { planned.map_err(Into::into)?.send(offers, send).await }
}

pub(crate) fn into_http_at_once<T: PlannableAtOnce>(
    response: T,
    request: &impl RequestHead,
) -> Result<http::Response<Body>, T::Error> {
    let planned = response.plan_at_once(&RequestFacts::of(request))?;
    Ok(planned.into_http())
}

pub(crate) fn into_http<T, R, E>(
    response: T,
    request: &R,
    error: fn(T::Error) -> E,
) -> impl Future<Output = Result<http::Response<Body>, E>> + Send + use<T, R, E>
where
    T: Plannable,
    R: RequestHead,
{
    IntoHttp {
        plan: response.plan(&RequestFacts::of(request)),
        error,
    }
}

/// Asks the stream of a plan for its first chunk, so that an error can still become an answer. Does not
/// wait for the chunk.
pub(crate) fn with_first(
    planned: asgi::Result<Planned>,
) -> impl Future<Output = asgi::Result<Planned>> + Send {
    let mut planned = Some(planned);
    poll_fn(move |context| {
        let Some(mut planned) = planned.take() else {
            return Poll::Pending;
        };
        if let Ok(unasked) = &mut planned
            && let Err(error) = unasked.poll_first(context)
        {
            planned = Err(error);
        }
        Poll::Ready(planned)
    })
}

pin_project! {
    /// A plan that becomes a value. No `async` block: that would move the plan once more, and a file's is
    /// large.
    struct IntoHttp<F, P, E> {
        #[pin]
        plan: F,
        error: fn(P) -> E,
    }
}

impl<F, P, E> Future for IntoHttp<F, P, E>
where
    F: Future<Output = Result<Planned, P>>,
{
    type Output = Result<http::Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let planned = ready!(this.plan.poll(context));
        Poll::Ready(planned.map(Planned::into_http).map_err(this.error))
    }
}

/// The ways by which each class answers a request, with the documentation of the class's own:
/// `call`, `into_http`, and [`App`](asgi::App).
///
/// A class whose `into_http` is `async` is [`Plannable`]; another is [`PlannableAtOnce`], and can be
/// cloned.
macro_rules! answer_methods {
    (
        impl $class:ident$(<$generic:ident>)?;
        $(#[$call:meta])* fn call;
        $(#[$into_http:meta])* fn into_http -> $error:ty;
    ) => {
        impl$(<$generic>)? $class$(<$generic>)? {
            $(#[$into_http])*
            pub fn into_http(
                self,
                request: &impl $crate::RequestHead,
            ) -> Result<http::Response<$crate::Body>, $error> {
                $crate::response::plannable::into_http_at_once(self, request)
            }
        }

        answer_methods! {
            impl $class$(<$generic>)?;
            $(#[$call])* fn call: $crate::response::plannable::call_at_once, Clone::clone;
        }
    };
    (
        impl $class:ident;
        $(#[$call:meta])* fn call;
        $(#[$into_http:meta])* async fn into_http -> $error:ty, by $convert:path;
    ) => {
        impl $class {
            $(#[$into_http])*
            pub fn into_http<R: $crate::RequestHead>(
                self,
                request: &R,
            ) -> impl Future<Output = Result<http::Response<$crate::Body>, $error>> + Send + use<R> {
                $crate::response::plannable::into_http(self, request, $convert)
            }
        }

        answer_methods! {
            impl $class;
            $(#[$call])* fn call: $crate::response::plannable::Plannable::call,
                $crate::response::plannable::Plannable::for_one_request;
        }
    };
    (
        impl $class:ident$(<$generic:ident>)?;
        $(#[$docs:meta])* fn call: $call:path, $for_one_request:path;
    ) => {
        impl$(<$generic>)? $class$(<$generic>)? {
            $(#[$docs])*
            pub fn call(
                self,
                scope: $crate::asgi::Scope,
                receive: $crate::asgi::Receive,
                send: $crate::asgi::Send,
            ) -> impl Future<Output = $crate::asgi::Result> + Send + use<$($generic)?> {
                $call(self, scope, receive, send)
            }
        }

        impl$(<$generic: 'static>)? $crate::asgi::App for $class$(<$generic>)? {
            fn call(
                &self,
                scope: $crate::asgi::Scope,
                receive: $crate::asgi::Receive,
                send: $crate::asgi::Send,
            ) -> impl Future<Output = $crate::asgi::Result> + Send + 'static {
                $for_one_request(self).call(scope, receive, send)
            }
        }
    };
}

pub(crate) use answer_methods;
