//! JSON, byte for byte as Python's `json.dumps` writes it: the text of plain data.
//!
//! Python's objects are not looked at here. `ffi/json_values.rs` goes through them, and
//! `convert/json.rs` says what is done with those that are unusual.

mod buffer;
mod copy;
pub(crate) mod number;
pub(crate) mod text;

pub(crate) use buffer::Buffer;
