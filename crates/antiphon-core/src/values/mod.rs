//! Values of single fields: how each is read and written.

pub mod cache_rules;
pub mod compressible;
pub mod content_coding;
pub mod content_disposition;
pub mod cookie;
pub mod etag;
pub mod event;
pub mod file_version;
pub mod link;
pub mod location;
pub mod media_range;
pub mod media_type;
pub mod media_types;
