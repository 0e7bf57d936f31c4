//! What is known of an open file, and what a read of it gives.

/// What the operating system says of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The number of bytes.
    pub length: u64,
    /// When it was modified: nanoseconds since 1970, negative before.
    pub modified: i128,
}

/// What a read that must not wait gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes; 0 at the end of the file.
    Bytes(usize),
    /// The bytes are not in memory.
    WouldBlock,
}
