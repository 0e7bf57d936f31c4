//! Preconditions: whether a request still wants what there is ([RFC 9110 §13]).
//!
//! [RFC 9110 §13]: https://www.rfc-editor.org/rfc/rfc9110#section-13

use crate::fields::Declared;
use crate::request::method::Method;
use crate::text::http_date::HttpDate;
use crate::values::etag::{Comparison, EntityTag, TagList};

/// The fields of a request that hold preconditions, as they came; several lines of one field are
/// joined with `, `.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preconditions<'a> {
    /// `If-Match`
    pub if_match: Option<&'a [u8]>,
    /// `If-Unmodified-Since`
    pub if_unmodified_since: Option<&'a [u8]>,
    /// `If-None-Match`
    pub if_none_match: Option<&'a [u8]>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<&'a [u8]>,
    /// `If-Range`
    pub if_range: Option<&'a [u8]>,
}

/// The validators of the representation that would be sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validators<'a> {
    /// The value of its `ETag`.
    pub etag: Option<&'a [u8]>,
    /// The value of its `Last-Modified`.
    pub last_modified: Option<&'a [u8]>,
}

impl<'a> From<Declared<&'a [u8]>> for Validators<'a> {
    /// Reads them from the fields that would be sent.
    fn from(declared: Declared<&'a [u8]>) -> Self {
        Self {
            etag: declared.etag,
            last_modified: declared.last_modified,
        }
    }
}

/// What the preconditions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on with the request.
    Proceed,
    /// 304: the client has it already.
    NotModified,
    /// 412: it is not what the client expects.
    PreconditionFailed,
}

impl Preconditions<'_> {
    /// Tells whether there is none that [`evaluate`](Self::evaluate) looks at.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.if_match.is_none()
            && self.if_modified_since.is_none()
            && self.if_none_match.is_none()
            && self.if_unmodified_since.is_none()
    }

    /// Evaluates all but `If-Range`, in the order of [RFC 9110 §13.2.2]:
    ///
    /// 1. `If-Match`, by strong comparison; where it is missing,
    /// 2. `If-Unmodified-Since`;
    /// 3. `If-None-Match`, by weak comparison; where it is missing,
    /// 4. `If-Modified-Since`, for GET and HEAD only.
    ///
    /// A date that cannot be read is as good as none. `now`, in seconds since 1970, tells the century of
    /// one with a year of two digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::method::Method;
    /// use antiphon_core::request::preconditions::{Outcome, Preconditions, Validators};
    ///
    /// let validators = Validators { etag: Some(b"\"1\""), last_modified: None };
    /// let request = Preconditions { if_none_match: Some(b"W/\"1\", \"2\""), ..Default::default() };
    /// let now = 1_800_000_000;
    /// assert_eq!(request.evaluate(validators, Method::Get, now), Outcome::NotModified);
    /// assert_eq!(request.evaluate(validators, Method::Other, now), Outcome::PreconditionFailed);
    /// ```
    ///
    /// [RFC 9110 §13.2.2]: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    #[must_use]
    pub fn evaluate(&self, validators: Validators<'_>, method: Method, now: i64) -> Outcome {
        let safe = matches!(method, Method::Get | Method::Head);
        let own = validators.etag.and_then(EntityTag::parse);
        let modified_after = |field: Option<&[u8]>| {
            let field = parse_date(field?, now)?;
            Some(parse_date(validators.last_modified?, now)? > field)
        };

        if let Some(field) = self.if_match {
            if !TagList::parse(field).holds(own, Comparison::Strong) {
                return Outcome::PreconditionFailed;
            }
        } else if modified_after(self.if_unmodified_since) == Some(true) {
            return Outcome::PreconditionFailed;
        }

        if let Some(field) = self.if_none_match {
            if TagList::parse(field).holds(own, Comparison::Weak) {
                return if safe {
                    Outcome::NotModified
                } else {
                    Outcome::PreconditionFailed
                };
            }
        } else if safe && modified_after(self.if_modified_since) == Some(false) {
            return Outcome::NotModified;
        }
        Outcome::Proceed
    }

    /// Tells whether a `Range` may be honoured: there is no `If-Range`, or it holds the validator of
    /// what would be sent ([RFC 9110 §13.1.5]).
    ///
    /// A tag must match strongly. A date must be that of `Last-Modified`, and lie at least a second
    /// before `now` (seconds since 1970), since something modified within this second may be modified
    /// again.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::preconditions::{Preconditions, Validators};
    ///
    /// let validators = Validators { etag: Some(b"\"1\""), last_modified: None };
    /// let range_if = |field| Preconditions { if_range: Some(field), ..Default::default() };
    /// assert!(range_if(b"\"1\"").permits_range(validators, 0));
    /// assert!(!range_if(b"W/\"1\"").permits_range(validators, 0));
    /// ```
    ///
    /// # Starlette
    ///
    /// Starlette compares the text (divergence D-13).
    ///
    /// [RFC 9110 §13.1.5]: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
    #[must_use]
    pub fn permits_range(&self, validators: Validators<'_>, now: i64) -> bool {
        let Some(field) = self.if_range.map(<[u8]>::trim_ascii) else {
            return true;
        };
        if let Some(date) = parse_date(field, now) {
            let own = validators.last_modified;
            let own = own.and_then(|own| parse_date(own, now));
            return own == Some(date) && date.unix() < now;
        }
        let (own, asked) = (
            validators.etag.and_then(EntityTag::parse),
            EntityTag::parse(field),
        );
        own.zip(asked)
            .is_some_and(|(own, asked)| own.matches(asked, Comparison::Strong))
    }
}

fn parse_date(field: &[u8], now: i64) -> Option<HttpDate> {
    HttpDate::parse(core::str::from_utf8(field.trim_ascii()).ok()?, now).ok()
}
