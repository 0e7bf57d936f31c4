//! What a response needs of its request.

use super::head::RequestHead;
use crate::asgi::{Scope, ScopeType};
use crate::shutdown::Shutdown;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::request::version::HttpVersion;
use antiphon_core::response::directory::DirectoryRequest;
use http::{HeaderMap, Version};

/// The facts of a request that decide how a response answers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) method: Method,
    pub(crate) version: HttpVersion,
    /// The shutdown of the request's server, if the server has one of its own.
    pub(crate) shutdown: Option<&'a Shutdown>,
    headers: Option<&'a HeaderMap>,
}

impl<'a> RequestFacts<'a> {
    pub(crate) fn of(request: &'a impl RequestHead) -> Self {
        Self {
            method: request.method().as_str().into(),
            version: version_of(request),
            shutdown: None,
            headers: Some(request.headers()),
        }
    }

    /// Reads a scope. A websocket handshake is answered as a GET without conditions and ranges.
    pub(crate) fn of_scope(scope: &'a Scope) -> Self {
        Self {
            method: scope.method_facts(),
            version: version_of(scope),
            shutdown: Some(scope.shutdown()),
            headers: match scope.scope_type() {
                ScopeType::Http => Some(scope.headers()),
                ScopeType::Websocket => None,
            },
        }
    }

    /// Makes the facts of a request of which only the method is known.
    pub(crate) const fn of_method(method: Method) -> Self {
        Self {
            method,
            version: HttpVersion::Later,
            shutdown: None,
            headers: None,
        }
    }

    /// Returns the fields that decide how a file is answered, to be kept while the file is opened.
    pub(crate) fn fields(&self) -> RequestFields {
        self.headers.map_or_else(RequestFields::default, |headers| {
            RequestFields::of(self.method, headers)
        })
    }

    /// Returns what decides which file of a directory answers.
    pub(crate) fn of_directory(&self) -> DirectoryRequest {
        let mut request = DirectoryRequest::default();
        for (name, value) in self.headers.into_iter().flatten() {
            request.note(name.as_str().as_bytes(), value.as_bytes());
        }
        request
    }
}

fn version_of(request: &impl RequestHead) -> HttpVersion {
    if request.version() < Version::HTTP_2 {
        HttpVersion::One
    } else {
        HttpVersion::Later
    }
}
