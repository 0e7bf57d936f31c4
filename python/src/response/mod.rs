//! The response classes, a file each, and how they are built.

pub(crate) mod base;
pub(crate) mod build;
mod class_profile;
pub(crate) mod event_source;
pub(crate) mod file;
mod head_cache;
mod initialise;
pub(crate) mod json;
pub(crate) mod redirect;
pub(crate) mod streaming;
