//! tower's door: every response is a `Service` that gives it to each request.
//!
//! The services do not fail: a response that contradicts itself is logged, and the client gets 500.

use crate::body::Body;
use crate::deliver::or_500;
use crate::fixed::FixedResponse;
use crate::redirect::RedirectResponse;
use std::convert::Infallible;
use std::future::{Ready, ready};
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
