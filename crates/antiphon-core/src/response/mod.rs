//! The response classes' plans: facts in, [`Plan`](crate::plan::Plan) out.

pub mod file;
pub mod fixed;
pub mod redirect;
