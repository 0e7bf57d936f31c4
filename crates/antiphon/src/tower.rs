//! tower's door: a response that can be sent many times is a [`Service`] that answers each request with
//! it.
//!
//! These are `FixedResponse`, `RedirectResponse` and `FileResponse`. A `StreamingResponse` or an
//! `EventSourceResponse` can be sent once; a service makes one for each request.
//!
//! The services do not fail: a response that contradicts itself is logged, and the client gets 500.

use crate::body::Body;
use crate::request::facts::RequestFacts;
use crate::response::error_pages::or_500;
use crate::response::file::FileResponse;
use crate::response::fixed::FixedResponse;
use crate::response::plannable::Plannable;
use crate::response::redirect::RedirectResponse;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

macro_rules! service {
    (
        $(#[$doc:meta])*
        impl $class:ident$(<$generic:ident>)?;
        type Future = $future:ty;
        $answer:expr
    ) => {
        $(#[$doc])*
        impl<B $(, $generic)?> Service<http::Request<B>> for $class$(<$generic>)? {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = $future;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                $answer(self.clone(), &request)
            }
        }
    };
}

service! {
    /// The service never waits.
    impl FixedResponse<C>;
    type Future = Ready<Result<http::Response<Body>, Infallible>>;
    |response: Self, request| ready(Ok(or_500(response.into_http(request))))
}

service! {
    /// The service never waits.
    impl RedirectResponse;
    type Future = Ready<Result<http::Response<Body>, Infallible>>;
    |response: Self, request| ready(Ok(or_500(response.into_http(request))))
}

service! {
    /// A missing file is 404, one that may not be read 403, and neither is an error of the service.
    impl FileResponse;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;
    answer_with_file
}

fn answer_with_file<B>(
    file: FileResponse,
    request: &http::Request<B>,
) -> Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>> {
    let request = RequestFacts::of(request);
    let method = request.method;
    let plan = file.plan(&request);
    Box::pin(async move {
        Ok(match plan.await {
            Ok(planned) => planned.into_http(),
            Err(error) => error.answer(method),
        })
    })
}
