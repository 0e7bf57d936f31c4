//! The extension module of the Python package `antiphon`.
//!
//! Each binding converts what Python gives, asks `antiphon-core` once, and converts what comes back:
//! no rule of HTTP is written here. What waits (`async def __call__`) is written in Python, beside
//! the classes that a program imports; see `antiphon/responses.py`.

mod channel;
mod convert;
mod ffi;
mod headers;
mod json;
mod response;

/// What `antiphon.responses` and `antiphon.datastructures` are built on.
#[pyo3::pymodule(gil_used = true)]
mod _antiphon {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::channel::{EventChannel, Subscriber};
    #[pymodule_export]
    use crate::convert::event::{ServerSentEvent, ensure_bytes, json_text};
    #[pymodule_export]
    use crate::convert::scope::{is_head, needs_listener};
    #[pymodule_export]
    use crate::headers::{Headers, MutableHeaders};
    #[pymodule_export]
    use crate::response::base::Response;
    #[pymodule_export]
    use crate::response::build::construct_natively;
    #[pymodule_export]
    use crate::response::event_source::EventSourceResponse;
    #[pymodule_export]
    use crate::response::file::FileResponse;
    #[pymodule_export]
    use crate::response::file::messages::Delivery;
    #[pymodule_export]
    use crate::response::json::JSONResponse;
    #[pymodule_export]
    use crate::response::redirect::RedirectResponse;
    #[pymodule_export]
    use crate::response::streaming::{Stream, StreamingResponse};

    #[pymodule_init]
    fn load(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::convert::media_type::load(module.py())
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
