//! Plans: what a face is to send, as a value.

use crate::body::segment::Segment;
use crate::fields::{HeaderPatch, Headers};
use alloc::vec::Vec;

/// A response, decided: its status, what changes in its headers, and what its content is.
///
/// A face applies the patches, in their order, to the headers that the caller has set, and delivers
/// the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The status code.
    pub status: u16,
    /// Whether the headers that the caller has set are left out.
    pub anew: bool,
    /// The changes to the caller's headers.
    pub patches: Vec<HeaderPatch>,
    /// The content.
    pub body: Body,
}

/// The content of a planned response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None: the request or the status forbids it.
    Empty,
    /// The bytes that the caller gave, whole.
    Bytes,
    /// The whole file, of this many bytes.
    File(u64),
    /// These pieces, in order.
    Segments(Vec<Segment>),
    /// What the caller's stream brings: this many bytes if a length was announced, else any number.
    Stream(Option<u64>),
}

impl Plan {
    /// Makes the headers that are sent of those that the caller has set.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
    /// use antiphon_core::response::plan::{Body, Plan};
    ///
    /// let patches = vec![HeaderPatch::Set(FieldName::CONTENT_LENGTH, FieldValue::from(0))];
    /// let mut plan = Plan { status: 200, anew: false, patches, body: Body::Empty };
    /// assert_eq!(plan.patch(Headers::new()).len(), 1);
    /// ```
    #[must_use]
    pub fn patch(&mut self, callers: Headers) -> Headers {
        let mut headers = if self.anew { Headers::new() } else { callers };
        headers.reserve(self.patches.len());
        self.patches
            .drain(..)
            .for_each(|patch| headers.apply(patch));
        headers
    }
}
