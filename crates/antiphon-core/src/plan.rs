//! Plans: what a face is to send, as a value.

use crate::headers::HeaderPatch;
use alloc::vec::Vec;

/// A response, decided: its status, what changes in its headers, and what its content is.
///
/// A face applies the patches, in their order, to the headers that the caller has set, and delivers
/// the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The status code.
    pub status: u16,
    /// The changes to the caller's headers.
    pub patches: Vec<HeaderPatch>,
    /// The content.
    pub body: Body,
}

/// The content of a planned response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None: the request or the status forbids it.
    Empty,
    /// The bytes that the caller gave, whole.
    Bytes,
}
