//! The head of a request.

use crate::asgi::Scope;
use http::header::HeaderMap;
use http::{Method, Version, request::Parts};

/// The head of a request, in whichever form it is at hand: [`http::Request`], its [`Parts`], a
/// [`Scope`], or a framework's own.
pub trait RequestHead {
    /// Returns the method.
    fn method(&self) -> &Method;

    /// Returns the version of HTTP.
    fn version(&self) -> Version;

    /// Returns the header fields.
    fn headers(&self) -> &HeaderMap;
}

impl<B> RequestHead for http::Request<B> {
    fn method(&self) -> &Method {
        self.method()
    }

    fn version(&self) -> Version {
        self.version()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

impl RequestHead for Parts {
    fn method(&self) -> &Method {
        &self.method
    }

    fn version(&self) -> Version {
        self.version
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl RequestHead for Scope {
    fn method(&self) -> &Method {
        self.method()
    }

    fn version(&self) -> Version {
        self.http_version()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}
