//! What a response needs of its request.

use crate::asgi::Scope;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method;
use antiphon_core::request::version::HttpVersion;
use http::header::HeaderMap;
use http::{Method, Version, request::Parts};

/// The head of a request, in whichever form it is at hand: [`http::Request`], its [`Parts`], a
/// [`Scope`], or a framework's own.
pub trait RequestHead {
    /// The method.
    fn method(&self) -> &Method;

    /// The version of HTTP.
    fn version(&self) -> Version;

    /// The header fields.
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

/// The method, as far as a response depends on it.
pub(crate) fn method_of(request: &impl RequestHead) -> method::Method {
    request.method().as_str().into()
}

/// The version of HTTP, as far as a response depends on it.
pub(crate) fn version_of(request: &impl RequestHead) -> HttpVersion {
    if request.version() < Version::HTTP_2 {
        HttpVersion::One
    } else {
        HttpVersion::Later
    }
}

/// The fields that decide how a file is answered, kept while it is opened.
pub(crate) fn fields_of(request: &impl RequestHead) -> RequestFields {
    RequestFields::of(method_of(request), request.headers())
}
