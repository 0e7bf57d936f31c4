//! The response classes: facts in, a [`Plan`](plan::Plan) out.

pub mod compression;
mod conditional;
pub mod content;
pub mod directory;
pub mod event_source;
pub mod file;
pub mod fixed;
pub mod json_lines;
pub mod offload;
pub mod plan;
pub mod redirect;
pub mod streaming;
