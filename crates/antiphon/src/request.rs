//! What a file's response needs of its request.

use crate::asgi::Scope;
use crate::file::FileError;
use antiphon_core::request::preconditions::Preconditions;
use antiphon_core::response::file::RequestFacts;
use antiphon_core::text::number;
use http::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, RANGE,
};
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

/// The fields that decide how a file is answered, kept while it is opened.
#[derive(Debug, Default)]
pub(crate) struct RequestFields {
    method: Method,
    range: Option<HeaderValue>,
    if_match: Option<HeaderValue>,
    if_unmodified_since: Option<HeaderValue>,
    if_none_match: Option<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
    if_range: Option<HeaderValue>,
}

impl RequestFields {
    pub(crate) fn of(request: &impl RequestHead) -> Self {
        let field = |name| joined(request.headers(), &name);
        Self {
            method: request.method().clone(),
            range: field(RANGE),
            if_match: field(IF_MATCH),
            if_unmodified_since: field(IF_UNMODIFIED_SINCE),
            if_none_match: field(IF_NONE_MATCH),
            if_modified_since: field(IF_MODIFIED_SINCE),
            if_range: field(IF_RANGE),
        }
    }

    pub(crate) fn facts(&self) -> RequestFacts<'_> {
        fn bytes(field: &Option<HeaderValue>) -> Option<&[u8]> {
            field.as_ref().map(HeaderValue::as_bytes)
        }
        RequestFacts {
            method: self.method.as_str(),
            range: bytes(&self.range),
            preconditions: Preconditions {
                if_match: bytes(&self.if_match),
                if_unmodified_since: bytes(&self.if_unmodified_since),
                if_none_match: bytes(&self.if_none_match),
                if_modified_since: bytes(&self.if_modified_since),
                if_range: bytes(&self.if_range),
            },
        }
    }

    /// What separates the parts of several ranges: 104 random bits, if there may be several.
    pub(crate) fn boundary(&self) -> Result<String, FileError> {
        let several = self
            .range
            .as_ref()
            .is_some_and(|range| range.as_bytes().contains(&b','));
        if !several {
            return Ok(String::new());
        }
        let mut random = [0; 13];
        getrandom::fill(&mut random).map_err(FileError::random)?;
        let mut boundary = String::with_capacity(2 * random.len());
        number::push_hex_bytes(&mut boundary, &random);
        Ok(boundary)
    }
}

/// The lines of a field as one (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    let mut rest = lines.peekable();
    if rest.peek().is_none() {
        return Some(first.clone());
    }
    let mut joined = first.as_bytes().to_vec();
    for line in rest {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(line.as_bytes());
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(joined)).ok()
}
