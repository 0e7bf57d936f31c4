//! Python's objects as the core takes them, and what the core returns as Python's objects.

pub(crate) mod channel_options;
pub(crate) mod compression;
pub(crate) mod cookie;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod field;
pub(crate) mod field_cache;
pub(crate) mod field_list;
pub(crate) mod json;
mod json_fault;
pub(crate) mod link;
pub(crate) mod media_type;
pub(crate) mod message;
pub(crate) mod mimetypes;
pub(crate) mod offload;
pub(crate) mod path;
pub(crate) mod render;
pub(crate) mod scope;
