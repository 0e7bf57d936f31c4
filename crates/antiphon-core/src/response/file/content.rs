//! What is sent of a file.

use crate::body::segment::Segment;
use alloc::vec::Vec;

/// What is sent of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// The whole file, of this many bytes.
    Whole(u64),
    /// The whole file, to wherever it ends.
    UntilEnd,
    /// These pieces, in order.
    Segments(Vec<Segment>),
}
