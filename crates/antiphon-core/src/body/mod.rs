//! The pieces that a body is put together from.

pub mod gather;
pub mod multipart;
pub mod segment;
