//! tower's door: every response is a `Service` that gives it to each request.

use crate::body::Body;
use crate::fixed::FixedResponse;
use crate::redirect::RedirectResponse;
use antiphon_core::populate::InvalidResponse;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tower_service::Service;

impl<B, C> Service<http::Request<B>> for FixedResponse<C> {
    type Response = http::Response<Body>;
    type Error = InvalidResponse;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        ready(self.clone().into_http(&request))
    }
}

impl<B> Service<http::Request<B>> for RedirectResponse {
    type Response = http::Response<Body>;
    type Error = InvalidResponse;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        ready(self.clone().into_http(&request))
    }
}
