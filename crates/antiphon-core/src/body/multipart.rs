//! Several ranges in one body: `multipart/byteranges` ([RFC 9110 §14.6]).
//!
//! [RFC 9110 §14.6]: https://www.rfc-editor.org/rfc/rfc9110#section-14.6

use crate::body::segment::Segment;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

/// The segments of a body that holds `parts` of a file of `length` bytes.
///
/// The head of a part, the part, and the line break behind it are segments of their own, as is the
/// last delimiter. `content_type` is that of each part, if it
/// is known. `boundary` is a fact: whoever plans takes it from a source of randomness.
///
/// # Examples
///
/// ```
/// use antiphon_core::body::multipart;
/// use antiphon_core::body::segment::Segment;
///
/// let body = multipart::body(&[0..1, 5..9], 10, Some(b"text/plain"), "b0");
/// assert_eq!(body.len(), 7);
/// assert_eq!(
///     body[0],
///     Segment::Bytes(b"--b0\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/10\r\n\r\n".to_vec()),
/// );
/// assert_eq!(body[1], Segment::File(0..1));
/// ```
///
/// # Starlette
///
/// Byte for byte what `FileResponse` sends.
#[must_use]
pub fn body(
    parts: &[Range<u64>],
    length: u64,
    content_type: Option<&[u8]>,
    boundary: &str,
) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(3 * parts.len() + 1);
    for part in parts {
        let head = part_head(part, length, content_type, boundary);
        segments.push(Segment::Bytes(head));
        segments.push(Segment::File(part.clone()));
        segments.push(Segment::Bytes(b"\r\n".to_vec()));
    }
    segments.push(Segment::Bytes(format!("--{boundary}--").into_bytes()));
    segments
}

/// The head of one part, with the delimiter before it; see [`body`].
#[must_use]
pub fn part_head(
    part: &Range<u64>,
    length: u64,
    content_type: Option<&[u8]>,
    boundary: &str,
) -> Vec<u8> {
    let mut head = format!("--{boundary}\r\n").into_bytes();
    if let Some(content_type) = content_type {
        head.extend_from_slice(b"Content-Type: ");
        head.extend_from_slice(content_type);
        head.extend_from_slice(b"\r\n");
    }
    let (first, last) = (part.start, part.end.saturating_sub(1));
    let range = format!("Content-Range: bytes {first}-{last}/{length}\r\n\r\n");
    head.extend_from_slice(range.as_bytes());
    head
}
