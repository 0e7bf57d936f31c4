//! Where content comes from.

pub(crate) mod blocks;
pub(crate) mod chunk;
pub(crate) mod coded;
pub(crate) mod event;
pub(crate) mod file_buffer;
pub(crate) mod file_error;
pub(crate) mod file_reader;
pub(crate) mod gather;
pub(crate) mod kept_alive;
pub(crate) mod media_type;
pub(crate) mod metered;
pub(crate) mod once;
pub(crate) mod opened;
pub(crate) mod place;
pub(crate) mod ready;
pub(crate) mod relief;
pub(crate) mod source;
pub(crate) mod subscribed;
pub(crate) mod threaded_iterator;
mod threads;
