//! All that safe code cannot do: the only folder that may hold unsafe code.

pub(crate) mod borrowed_items;
pub(crate) mod uninit_bytes;
