//! The fields that describe the content: `Content-Length` and `Content-Type` ([RFC 9110 §8.3],
//! [§8.6]).
//!
//! [RFC 9110 §8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.3
//! [§8.6]: https://www.rfc-editor.org/rfc/rfc9110#section-8.6

use crate::fields::{FieldName, FieldValue, HeaderPatch, InvalidHeader};
use crate::text::number;
use crate::values::media_type;
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
/// assert!(content::carries_content(200));
/// assert!(!content::carries_content(204));
/// ```
///
/// # Starlette
///
/// Starlette sends whatever content it was given (divergence D-3).
///
/// [RFC 9110 §6.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
/// [§15.3.6]: https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6
#[must_use]
pub const fn carries_content(status: u16) -> bool {
    !matches!(status, ..200 | 204 | 205 | 304)
}

/// What is known of the content when the head is planned.
#[derive(Clone, Copy, Debug)]
pub struct ContentFacts<'a> {
    /// The status of the response.
    pub status: u16,
    /// Whether the request's method is HEAD.
    pub head: bool,
    /// The number of bytes of content, where it is known beforehand.
    pub length: Option<u64>,
    /// The media type of the content.
    pub media_type: Option<&'a str>,
    /// The charset that text is encoded in.
    pub charset: &'a str,
    /// The `Content-Length` that the caller has set, if any.
    pub declared_length: Option<&'a [u8]>,
    /// Whether the caller has set `Transfer-Encoding`.
    pub declares_transfer_encoding: bool,
}

impl ContentFacts<'_> {
    /// Adds to `patches` what makes the head tell the truth about the content.
    ///
    /// `Content-Length` is added where it is known and the status allows it, `Content-Type` where
    /// there is a media type; what the caller has set stays.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if the caller's `Content-Length` contradicts the content (but for HEAD and
    /// 304, where it describes what is not sent), if the caller has set `Transfer-Encoding`, which is
    /// the connection's business, or if the media type cannot stand in a header.
    ///
    /// # Starlette
    ///
    /// The order and the rules of `Response.init_headers`. Starlette lets a wrong length pass
    /// (divergence D-4), sends the caller's `Content-Length` with 1xx and 204 (D-5), where RFC 9110
    /// §8.6 forbids it, and `Transfer-Encoding` beside `Content-Length` (D-6).
    pub fn populate(self, patches: &mut Vec<HeaderPatch>) -> Result<(), InvalidResponse> {
        if self.declares_transfer_encoding {
            return Err(InvalidResponse(Fault::TransferEncoding));
        }
        let length = if self.status == 205 {
            Some(0)
        } else {
            self.length
        };
        match (self.status, self.declared_length, length) {
            (..200 | 204, None, _) => {}
            (..200 | 204, Some(_), _) => {
                patches.push(HeaderPatch::Remove(FieldName::CONTENT_LENGTH));
            }
            (304, ..) => {}
            (_, None, Some(length)) => patches.push(HeaderPatch::SetDefault(
                FieldName::CONTENT_LENGTH,
                FieldValue::from(length),
            )),
            (_, None, None) => {}
            (_, Some(declared), length) => {
                if number::parse(declared).is_none_or(|declared| {
                    !self.head && length.is_some_and(|length| length != declared)
                }) {
                    return Err(InvalidResponse(Fault::ContentLength {
                        declared: declared.iter().copied().map(char::from).collect(),
                        actual: length,
                    }));
                }
            }
        }
        if let Some(media_type) = self.media_type {
            let value = content_type(media_type, self.charset)?;
            patches.push(HeaderPatch::SetDefault(FieldName::CONTENT_TYPE, value));
        }
        Ok(())
    }
}

/// The value of `Content-Type`, without an allocation for the media types that most responses have.
pub(crate) fn content_type(media_type: &str, charset: &str) -> Result<FieldValue, InvalidResponse> {
    let value = match (media_type, charset) {
        ("text/plain", "utf-8") => FieldValue::from_static("text/plain; charset=utf-8"),
        ("text/html", "utf-8") => FieldValue::from_static("text/html; charset=utf-8"),
        ("application/json", _) => FieldValue::from_static("application/json"),
        ("application/octet-stream", _) => FieldValue::from_static("application/octet-stream"),
        _ => FieldValue::try_from(media_type::with_charset(media_type, charset).into_owned()),
    };
    value.map_err(InvalidResponse::media_type)
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
    MediaType(InvalidHeader),
}

impl InvalidResponse {
    pub(crate) const fn media_type(error: InvalidHeader) -> Self {
        Self(Fault::MediaType(error))
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
            Fault::TransferEncoding => formatter.write_str(
                "header `transfer-encoding`: expected none, since the server chooses it for each \
                 connection; leave the header out",
            ),
            Fault::MediaType(error) => write!(formatter, "media type: {error}"),
        }
    }
}

impl core::error::Error for InvalidResponse {}
