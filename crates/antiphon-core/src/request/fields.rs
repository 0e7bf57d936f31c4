//! The fields of a request that decide how it is answered.

use crate::fields::{FieldName, FieldValue};
use crate::request::accept_encoding::AcceptEncoding;
use crate::request::method::Method;
use crate::request::preconditions::Preconditions;
use crate::values::content_coding::ContentCoding;
use crate::values::etag;
use alloc::vec::Vec;
use core::convert::Infallible;

/// What a request says of the representation that it wants: its method, its `Range`, its preconditions, and
/// the codings that it takes.
///
/// Several lines of one field are read as one, joined with `, ` ([RFC 9110 §5.3]). All other fields
/// are passed over.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::fields::RequestFields;
/// use antiphon_core::request::method::Method;
///
/// let lines = [("range", "bytes=0-4"), ("accept", "*/*"), ("range", "7-9")];
/// let request = RequestFields::of(Method::Get, lines);
/// assert_eq!(request.range(), Some(&b"bytes=0-4, 7-9"[..]));
/// assert!(request.may_want_parts());
/// ```
///
/// # Starlette
///
/// Starlette heeds the first line of a field (divergence D-39).
///
/// [RFC 9110 §5.3]: https://www.rfc-editor.org/rfc/rfc9110#section-5.3
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFields {
    method: Method,
    range: Option<Vec<u8>>,
    if_match: Option<Vec<u8>>,
    if_modified_since: Option<Vec<u8>>,
    if_none_match: Option<Vec<u8>>,
    if_range: Option<Vec<u8>>,
    if_unmodified_since: Option<Vec<u8>>,
    accepted: AcceptEncoding,
    /// `If-None-Match` as it came, if [`uncode`](RequestFields::uncode) has changed it.
    came_with: Option<Vec<u8>>,
}

impl RequestFields {
    /// A request without such fields.
    #[must_use]
    pub fn new(method: Method) -> Self {
        Self {
            method,
            ..Self::default()
        }
    }

    /// The same request with another method.
    #[must_use]
    pub const fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Reads the lines of a request's header: names in lower case, and values.
    #[must_use]
    pub fn of<N, V>(method: Method, lines: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let mut fields = Self::new(method);
        for (name, value) in lines {
            let Ok(()) = fields.note::<_, Infallible>(name.as_ref(), || Ok(value));
        }
        fields
    }

    /// Reads one more line, whose name is in lower case; `value` is asked for if it counts.
    ///
    /// # Errors
    ///
    /// That of `value`.
    pub fn note<V: AsRef<[u8]>, E>(
        &mut self,
        name: &[u8],
        value: impl FnOnce() -> Result<V, E>,
    ) -> Result<(), E> {
        if name == FieldName::ACCEPT_ENCODING.as_bytes() {
            self.accepted.note(value()?.as_ref());
            return Ok(());
        }
        let Some(field) = self.field(name) else {
            return Ok(());
        };
        let value = value()?;
        match field {
            Some(lines) => {
                lines.extend_from_slice(b", ");
                lines.extend_from_slice(value.as_ref());
            }
            none => *none = Some(value.as_ref().to_vec()),
        }
        Ok(())
    }

    fn field(&mut self, name: &[u8]) -> Option<&mut Option<Vec<u8>>> {
        let is = |own: FieldName| own.as_bytes() == name;
        // Nearly all fields of nearly all requests are told apart by the first byte.
        match name.first() {
            Some(b'r') if is(FieldName::RANGE) => Some(&mut self.range),
            Some(b'i') if is(FieldName::IF_MATCH) => Some(&mut self.if_match),
            Some(b'i') if is(FieldName::IF_MODIFIED_SINCE) => Some(&mut self.if_modified_since),
            Some(b'i') if is(FieldName::IF_NONE_MATCH) => Some(&mut self.if_none_match),
            Some(b'i') if is(FieldName::IF_RANGE) => Some(&mut self.if_range),
            Some(b'i') if is(FieldName::IF_UNMODIFIED_SINCE) => Some(&mut self.if_unmodified_since),
            _ => None,
        }
    }

    /// Makes of a request for content in a coding, which it names by a tag of [`etag::in_coding`], one for
    /// the content as it is. Returns whether it was one.
    ///
    /// The tags of the content as it is are added to `If-Match` and `If-None-Match`, so that they match what
    /// a response has by itself; for GET and HEAD, the second only for codings that the client takes now. A
    /// `Range` is left out: it would be one of the coded bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::fields::RequestFields;
    /// use antiphon_core::request::method::Method;
    /// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip};
    ///
    /// let lines = [("accept-encoding", "gzip"), ("if-none-match", "\"1-gzip\"")];
    /// let mut request = RequestFields::of(Method::Get, lines);
    /// assert!(request.uncode(&[Br, Gzip]));
    /// assert_eq!(request.preconditions().if_none_match.unwrap(), b"\"1\", \"1-gzip\"");
    /// assert_eq!(request.coded_tag(b"\"1\"").unwrap(), "\"1-gzip\"");
    /// ```
    pub fn uncode(&mut self, codings: &[ContentCoding]) -> bool {
        let if_match = self.if_match.as_deref();
        let if_match = if_match.and_then(|field| etag::with_uncoded(field, codings));
        let known = self.codings_for_if_none_match(codings);
        let if_none_match = self.if_none_match.as_deref();
        let if_none_match = if_none_match.and_then(|field| etag::with_uncoded(field, &known));
        let is_coded = if_match.is_some() || if_none_match.is_some();
        if is_coded {
            self.range = None;
        }
        if if_match.is_some() {
            self.if_match = if_match;
        }
        if if_none_match.is_some() {
            self.came_with = core::mem::replace(&mut self.if_none_match, if_none_match);
        }
        is_coded
    }

    /// The codings whose tags say that the client has what there is.
    fn codings_for_if_none_match(&self, codings: &[ContentCoding]) -> Vec<ContentCoding> {
        let is_read = matches!(self.method, Method::Get | Method::Head);
        let mut known = codings.to_vec();
        known.retain(|coding| !is_read || self.accepted.weight(*coding) > 0);
        known
    }

    /// Finds which coded form of the content that has this tag the client has, by what
    /// [`uncode`](Self::uncode) has found; `None` if it has none, or the content as it is, too.
    #[must_use]
    pub fn coded_tag(&self, tag: &[u8]) -> Option<FieldValue> {
        let known = self.codings_for_if_none_match(&ContentCoding::ALL);
        etag::coded_in(self.came_with.as_deref()?, tag, &known)
    }

    /// The codings that the client takes.
    #[must_use]
    pub const fn accepted(&self) -> AcceptEncoding {
        self.accepted
    }

    /// The same request without preconditions, for a response that evaluates none; an `If-Range` stays.
    #[must_use]
    pub fn unconditional(self) -> Self {
        Self {
            method: self.method,
            range: self.range,
            if_range: self.if_range,
            accepted: self.accepted,
            ..Self::default()
        }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The value of `Range`.
    #[must_use]
    pub fn range(&self) -> Option<&[u8]> {
        self.range.as_deref()
    }

    /// Tells whether the answer may hold several parts of the content, so that it takes a boundary.
    #[must_use]
    pub fn may_want_parts(&self) -> bool {
        self.range().is_some_and(|range| range.contains(&b','))
    }

    /// The preconditions.
    #[must_use]
    pub fn preconditions(&self) -> Preconditions<'_> {
        Preconditions {
            if_match: self.if_match.as_deref(),
            if_modified_since: self.if_modified_since.as_deref(),
            if_none_match: self.if_none_match.as_deref(),
            if_range: self.if_range.as_deref(),
            if_unmodified_since: self.if_unmodified_since.as_deref(),
        }
    }
}
