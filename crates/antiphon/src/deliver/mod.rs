//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

pub(crate) mod http;
mod messages;
pub(crate) mod planned;
