//! What a head says of the content: `Content-Length` and `Content-Type` ([RFC 9110 §8.3], [§8.6]),
//! and what it must not say.
//!
//! [RFC 9110 §8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.3
//! [§8.6]: https://www.rfc-editor.org/rfc/rfc9110#section-8.6

use crate::fields::{Declared, FieldName, FieldValue, HeaderPatch};
use crate::request::method::Method;
use crate::response::plan::Body;
use crate::text::number;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Tells whether a response of this status may carry content.
///
/// 1xx, 204 and 304 have none ([RFC 9110 §6.4.1]); with 205 a server must not send any
/// ([§15.3.6]).
///
/// # Examples
///
/// ```
/// use antiphon_core::response::content;
///
/// assert!(content::is_allowed(200));
/// assert!(!content::is_allowed(204));
/// ```
///
/// # Starlette
///
/// Starlette sends whatever content it was given (divergence D-3).
///
/// [RFC 9110 §6.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
/// [§15.3.6]: https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6
#[must_use]
pub const fn is_allowed(status: u16) -> bool {
    !matches!(status, ..200 | 204 | 205 | 304)
}

/// What is known of a response and its content, when it is built and again when it is requested.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::content::ContentFacts;
///
/// let facts = ContentFacts { length: Some(5), ..Default::default() };
/// assert_eq!(facts.status, 200);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ContentFacts<'a> {
    /// The status of the response; 200 by default.
    pub status: u16,
    /// The number of bytes of content, where it is known beforehand.
    pub length: Option<u64>,
    /// What the fields say that are set already.
    pub declared: Declared<&'a [u8]>,
}

impl Default for ContentFacts<'_> {
    fn default() -> Self {
        Self {
            status: 200,
            length: None,
            declared: Declared::default(),
        }
    }
}

/// Describes content when a response is built: adds `Content-Length` where the length is known and
/// the status allows it, and `Content-Type` where there is one. What the caller has set stays.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::content::{self, ContentFacts};
/// use antiphon_core::values::media_type::{Charset, MediaType};
///
/// let facts = ContentFacts { length: Some(5), ..Default::default() };
/// let plain = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
/// let mut headers = Headers::new();
/// content::head(facts, Some(plain))?.into_iter().for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("content-length").unwrap(), "5");
/// assert_eq!(headers.get("content-type").unwrap(), "text/plain; charset=utf-8");
/// # Ok::<(), content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// [`InvalidResponse`] if the caller's `Content-Length` is no number, or if the caller has set
/// `Transfer-Encoding`, which is the connection's business.
///
/// # Starlette
///
/// The order and the rules of `Response.init_headers`. Starlette sends `Transfer-Encoding` beside
/// `Content-Length` (divergence D-6).
pub fn head(
    facts: ContentFacts<'_>,
    content_type: Option<FieldValue>,
) -> Result<Vec<HeaderPatch>, InvalidResponse> {
    facts.refuse_transfer_encoding()?;
    let mut patches = Vec::new();
    if says_length(facts.status)
        && facts.declared_length()?.is_none()
        && let Some(length) = facts.true_length()
    {
        let length = FieldValue::from(length);
        patches.push(HeaderPatch::Append(FieldName::CONTENT_LENGTH, length));
    }
    if facts.declared.content_type.is_none()
        && let Some(content_type) = content_type
    {
        patches.push(HeaderPatch::Append(FieldName::CONTENT_TYPE, content_type));
    }
    Ok(patches)
}

/// Frames content when a response is requested: takes out the `Content-Length` that the status
/// forbids, and holds the one that is declared to the truth. Nothing is added that is not declared.
///
/// # Errors
///
/// [`InvalidResponse`] if the declared `Content-Length` contradicts the content (except for HEAD and
/// 304, where it describes what is not sent), or if there is a `Transfer-Encoding`.
///
/// # Starlette
///
/// Starlette lets a wrong length pass (divergence D-4), and sends `Content-Length` with 1xx and 204
/// (D-5), where RFC 9110 §8.6 forbids it.
pub(super) fn frame(
    facts: ContentFacts<'_>,
    method: Method,
) -> Result<Vec<HeaderPatch>, InvalidResponse> {
    facts.refuse_transfer_encoding()?;
    match facts.status {
        ..200 | 204 if facts.declared.content_length.is_some() => {
            return Ok([HeaderPatch::Remove(FieldName::CONTENT_LENGTH)].into());
        }
        ..200 | 204 | 304 => {}
        _ => {
            let (declared, actual) = (facts.declared_length()?, facts.true_length());
            let differs = declared.is_some() && actual.is_some() && declared != actual;
            if differs && method != Method::Head {
                return Err(facts.wrong_length(actual));
            }
        }
    }
    Ok(Vec::new())
}

/// Refuses a status from 100 to 199, which comes before a response (RFC 9110 §15.2): a client would go on
/// waiting, or read what follows as the response.
///
/// # Errors
///
/// [`InvalidResponse`], which names the status.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::content;
///
/// assert!(content::refuse_interim(200).is_ok());
/// assert!(content::refuse_interim(103).is_err());
/// ```
///
/// # Starlette
///
/// Starlette sends such a response, and so does the Python face.
pub const fn refuse_interim(status: u16) -> Result<(), InvalidResponse> {
    match status {
        100..200 => Err(InvalidResponse(Fault::Interim { status })),
        _ => Ok(()),
    }
}

/// The length that a head announces of content of `length` bytes, if this status lets it announce one.
pub(super) const fn announced_length(status: u16, length: u64) -> Option<u64> {
    match status {
        205 => Some(0),
        status if says_length(status) => Some(length),
        _ => None,
    }
}

/// 1xx and 204 must not have a `Content-Length` (RFC 9110 §8.6); with 304 it would be that of content
/// which is not at hand.
const fn says_length(status: u16) -> bool {
    !matches!(status, ..200 | 204 | 304)
}

/// The body of an answer: `content`, unless the method or the status forbids it.
pub(super) const fn body<T: Copy>(status: u16, method: Method, content: T) -> Body<T> {
    if is_allowed(status) && !matches!(method, Method::Head) {
        Body::Content(content)
    } else {
        Body::Empty
    }
}

impl ContentFacts<'_> {
    pub(super) const fn refuse_transfer_encoding(&self) -> Result<(), InvalidResponse> {
        if self.declared.has_transfer_encoding {
            return Err(InvalidResponse(Fault::TransferEncoding));
        }
        Ok(())
    }

    /// The length that the caller has set.
    fn declared_length(&self) -> Result<Option<u64>, InvalidResponse> {
        let length = self
            .declared
            .content_length
            .map(|text| number::parse(text).ok_or_else(|| self.wrong_length(self.true_length())));
        length.transpose()
    }

    /// The length that the content will have: with 205 there is none, whatever was given.
    const fn true_length(&self) -> Option<u64> {
        if self.status == 205 {
            Some(0)
        } else {
            self.length
        }
    }

    fn wrong_length(&self, actual: Option<u64>) -> InvalidResponse {
        let declared = self.declared.content_length.unwrap_or_default();
        InvalidResponse(Fault::ContentLength {
            declared: declared.iter().copied().map(char::from).collect(),
            actual,
        })
    }
}

/// The error of a response whose head would lie about its content.
///
/// Nothing has been sent when it is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidResponse(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    ContentLength {
        declared: String,
        actual: Option<u64>,
    },
    TransferEncoding,
    Interim {
        status: u16,
    },
}

impl InvalidResponse {
    /// Returns the length that is declared, and that of the content, if they differ.
    #[must_use]
    pub fn length_mismatch(&self) -> Option<(&str, u64)> {
        match &self.0 {
            Fault::ContentLength {
                declared,
                actual: Some(actual),
            } => Some((declared, *actual)),
            _ => None,
        }
    }
}

impl fmt::Display for InvalidResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::ContentLength {
                declared,
                actual: Some(actual),
            } => write!(
                formatter,
                "header `content-length`: expected {actual}, the length of the content, but found \
                 {declared:?}; leave the header out to have it set"
            ),
            Fault::ContentLength {
                declared,
                actual: None,
            } => write!(
                formatter,
                "header `content-length`: expected a number of bytes, but found {declared:?}"
            ),
            Fault::Interim { status } => write!(
                formatter,
                "status code: expected one from 200 to 999, which ends a request, but found {status}"
            ),
            Fault::TransferEncoding => formatter.write_str(
                "header `transfer-encoding`: expected none, since the server chooses it for each \
                 connection; leave the header out",
            ),
        }
    }
}

impl core::error::Error for InvalidResponse {}
