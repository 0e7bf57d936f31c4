//! tower's door: every response is a `Service` that gives it to each request.
//!
//! The services do not fail: a response that contradicts itself is logged, and the client gets 500.

use crate::body::Body;
use crate::deliver::error_pages::or_500;
use crate::request::head;
use crate::response::file::FileResponse;
use crate::response::fixed::FixedResponse;
use crate::response::redirect::RedirectResponse;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

impl<B, C> Service<http::Request<B>> for FixedResponse<C> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        ready(Ok(or_500(self.clone().into_http(&request))))
    }
}

impl<B> Service<http::Request<B>> for RedirectResponse {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        ready(Ok(or_500(self.clone().into_http(&request))))
    }
}

/// A missing file is 404, one that may not be read 403, and neither is an error of the service.
impl<B> Service<http::Request<B>> for FileResponse {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let fields = head::fields_of(&request);
        let method = fields.method();
        let response = self.clone().answer(fields);
        Box::pin(async move { Ok(response.await.unwrap_or_else(|error| error.answer(method))) })
    }
}
