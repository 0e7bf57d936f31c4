//! What a request asks for.

pub mod preconditions;
pub mod range;
