//! What a request asks for.

pub mod fields;
pub mod file_path;
pub mod last_event_id;
pub mod method;
pub mod preconditions;
pub mod range;
pub mod version;
