//! The extension module of the Python package `antiphon`.
//!
//! Each binding converts what Python gives, asks `antiphon-core` once, and converts what comes back:
//! no rule of HTTP is written here. What waits (`async def __call__`) is written in Python, beside
//! the classes that a program imports; see `antiphon/responses.py`.
//!
//! | layer           | what it holds                                                            |
//! |-----------------|--------------------------------------------------------------------------|
//! | `direct_mapped` | the cache that all others are made of                                    |
//! | `json`          | JSON of plain data                                                       |
//! | `ffi`           | all unsafe code                                                          |
//! | `convert`       | Python's objects as the core takes them, and back                        |
//! | `compressor`    | what compresses the messages of an answer                                |
//! | `headers`       | `Headers` and `MutableHeaders`                                           |
//! | `response`      | the response classes                                                     |
//! | `subscriber`    | those who read what is published, in one channel or several              |
//! | `channel`       | `EventChannel`                                                           |
//! | `follower`      | channels that follow the streams of an engine                            |
//!
//! A file uses only its own layer and those above it in the table.

mod channel;
mod compressor;
mod convert;
mod direct_mapped;
mod ffi;
mod follower;
mod headers;
mod json;
mod response;
mod subscriber;

/// What `antiphon.responses` and `antiphon.datastructures` are built on.
#[pyo3::pymodule(gil_used = true)]
mod _antiphon {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::channel::EventChannel;
    #[pymodule_export]
    use crate::compressor::{Compressor, compressor};
    #[pymodule_export]
    use crate::convert::compression::PyCompression;
    #[pymodule_export]
    use crate::convert::event::{ServerSentEvent, ensure_bytes, json_text};
    #[pymodule_export]
    use crate::convert::link::Link;
    #[pymodule_export]
    use crate::convert::offload::{XAccel, XSendfile};
    #[pymodule_export]
    use crate::convert::scope::{expect_request, is_head, needs_listener};
    #[pymodule_export]
    use crate::follower::{Follower, entry_fields};
    #[pymodule_export]
    use crate::headers::{Headers, MutableHeaders};
    #[pymodule_export]
    use crate::response::Response;
    #[pymodule_export]
    use crate::response::build::{decorate, is_native};
    #[pymodule_export]
    use crate::response::event_source::EventSourceResponse;
    #[pymodule_export]
    use crate::response::file::directory::{
        Directory, DirectoryFile, folder_target, is_navigation,
    };
    #[pymodule_export]
    use crate::response::file::messages::FileMessages;
    #[pymodule_export]
    use crate::response::file::multipart::part_head;
    #[pymodule_export]
    use crate::response::file::{FileResponse, content_disposition_of};
    #[pymodule_export]
    use crate::response::json::{JSONResponse, render_json};
    #[pymodule_export]
    use crate::response::json_lines::JsonLinesResponse;
    #[pymodule_export]
    use crate::response::redirect::RedirectResponse;
    #[pymodule_export]
    use crate::response::source::{
        etag_of, guessed_media_type, likely_range, named_etag, plan_source,
    };
    #[pymodule_export]
    use crate::response::stream_messages::StreamMessages;
    #[pymodule_export]
    use crate::response::streaming::StreamingResponse;
    #[pymodule_export]
    use crate::subscriber::{Joined, Subscriber, join};

    #[pymodule_init]
    fn load(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::response::stream_messages::load();
        crate::convert::media_type::load(module.py())
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    const IMMUTABLE: &str = antiphon_core::values::cache_rules::IMMUTABLE;
}
