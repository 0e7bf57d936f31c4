//! What a request asks for.

pub mod accept_encoding;
pub mod directory_path;
pub mod fields;
pub mod file_path;
pub mod last_event_id;
pub mod method;
pub mod navigation;
pub mod preconditions;
pub mod range;
pub mod version;
