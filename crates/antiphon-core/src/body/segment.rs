//! Segments: the pieces that a body is put together from.

use alloc::vec::Vec;
use core::ops::Range;

/// A piece of a body: bytes that are known, or a range of a file that is not read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of the file from the start of the range to before its end.
    File(Range<u64>),
}

impl Segment {
    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(range) => range.end - range.start,
        }
    }

    /// Tells whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The number of bytes of a body: the only sum that a `Content-Length` is made of.
///
/// # Examples
///
/// ```
/// use antiphon_core::body::segment::{self, Segment};
///
/// let body = [Segment::Bytes(b"--x\r\n".to_vec()), Segment::File(10..20)];
/// assert_eq!(segment::total(&body), 15);
/// ```
#[must_use]
pub fn total(segments: &[Segment]) -> u64 {
    segments
        .iter()
        .map(Segment::len)
        .fold(0, u64::saturating_add)
}
