//! How much there is to encode.

/// How much content there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many bytes, which lie ready or soon will.
    Bytes(u64),
    /// A stream: nobody knows, and it may go on for hours.
    Stream,
}
