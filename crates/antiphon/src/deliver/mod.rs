//! Carrying out a plan: into ASGI messages, or into an [`http::Response`].

mod compressed;
pub(crate) mod http;
mod messages;
pub(crate) mod planned;
