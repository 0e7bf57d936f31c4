//! The extension module of the Python package `antiphon`.
//!
//! Each binding converts what Python gives, asks `antiphon-core` once, and converts what comes back:
//! no rule of HTTP is written here. What waits (`async def __call__`) is written in Python, beside
//! the classes that a program imports; see `antiphon/responses.py`.

mod channel;
mod chunk;
mod class;
mod construct;
mod cookie;
mod delivery;
mod error;
mod event;
mod field;
mod field_list;
mod fields;
mod file;
mod headers;
mod json;
mod media_type;
mod memo;
mod message;
mod redirect;
mod render;
mod response;
mod scope;
mod stream;

/// What `antiphon.responses` and `antiphon.datastructures` are built on.
#[pyo3::pymodule(gil_used = true)]
mod _antiphon {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::channel::{EventChannel, Subscriber};
    #[pymodule_export]
    use crate::construct::construct_natively;
    #[pymodule_export]
    use crate::delivery::Delivery;
    #[pymodule_export]
    use crate::event::{EventSourceResponse, ServerSentEvent, ensure_bytes, json_text};
    #[pymodule_export]
    use crate::file::FileResponse;
    #[pymodule_export]
    use crate::headers::{Headers, MutableHeaders};
    #[pymodule_export]
    use crate::json::JSONResponse;
    #[pymodule_export]
    use crate::redirect::RedirectResponse;
    #[pymodule_export]
    use crate::response::Response;
    #[pymodule_export]
    use crate::scope::{is_head, needs_listener};
    #[pymodule_export]
    use crate::stream::{Stream, StreamingResponse};

    #[pymodule_init]
    fn load(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::media_type::load(module.py())
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
