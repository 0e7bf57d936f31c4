//! The response classes' plans: facts in, [`Plan`](crate::plan::Plan) out.

pub mod event_source;
pub mod file;
pub mod fixed;
pub mod redirect;
pub mod streaming;
