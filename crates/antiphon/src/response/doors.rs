//! The doors of frameworks: axum's `IntoResponse` and tower's `Service`.
//!
//! A class opens them with these macros, which make nothing without the feature.
//!
//! | class                               | as an `IntoResponse`                              | as a `Service`        |
//! |-------------------------------------|---------------------------------------------------|-----------------------|
//! | `FixedResponse`, `RedirectResponse` | the same as with the request                      | never waits           |
//! | a stream                            | its first error cuts the connection               | none: it is sent once |
//! | `FileResponse`                      | none: it needs the request and waits for the disk | waits for the disk    |
//!
//! A handler of axum that has a `FileRequest` returns `request.respond(file)`, and one that has the request
//! `response.into_http(&request)`. axum leaves the content out of the answer to HEAD itself. A service that
//! can be sent once would be of no use; a service of one's own makes a response for each request.

#[cfg(feature = "axum")]
macro_rules! into_response {
    ($(#[$doc:meta])* impl $class:ident$(<$generic:ident>)?;) => {
        $(#[$doc])*
        impl$(<$generic>)? axum_core::response::IntoResponse for $class$(<$generic>)? {
            fn into_response(self) -> axum_core::response::Response {
                $crate::response::doors::without_request(self)
            }
        }
    };
}

#[cfg(not(feature = "axum"))]
macro_rules! into_response {
    ($($ignored:tt)*) => {};
}

#[cfg(feature = "tower")]
macro_rules! service {
    (
        $(#[$doc:meta])*
        impl $class:ident$(<$generic:ident>)?;
        type Future = $future:ty;
        $answer:expr
    ) => {
        $(#[$doc])*
        impl<B $(, $generic)?> tower_service::Service<http::Request<B>> for $class$(<$generic>)? {
            type Response = http::Response<$crate::Body>;
            type Error = std::convert::Infallible;
            type Future = $future;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                $answer(self.clone(), &request)
            }
        }
    };
    ($(#[$doc:meta])* impl $class:ident$(<$generic:ident>)?;) => {
        $crate::response::doors::service! {
            $(#[$doc])*
            impl $class$(<$generic>)?;
            type Future = std::future::Ready<Result<http::Response<$crate::Body>, Self::Error>>;
            |response: Self, request| {
                let answer = response.into_http(request);
                std::future::ready(Ok($crate::response::error_pages::or_500(answer)))
            }
        }
    };
}

#[cfg(not(feature = "tower"))]
macro_rules! service {
    ($($ignored:tt)*) => {};
}

pub(crate) use {into_response, service};

/// Answers a request of which nothing is known but that it takes content.
#[cfg(feature = "axum")]
pub(crate) fn without_request(
    response: impl super::plannable::PlannableAtOnce<Error: std::fmt::Display>,
) -> axum_core::response::Response {
    use crate::deliver::planned::Planned;
    use crate::request::facts::RequestFacts;
    use antiphon_core::request::method::Method;

    let planned = response.plan_at_once(&RequestFacts::of_method(Method::Get));
    super::error_pages::or_500(planned.map(Planned::into_http)).map(axum_core::body::Body::new)
}
