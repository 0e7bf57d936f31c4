//! Files that a server in front sends.

use crate::convert::path::file_path;
use crate::convert::{error, field_list, message, offload, scope};
use crate::response::base::{self, Response};
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::offload::{InvalidOffload, plan};
use antiphon_fs::absolute_bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// Refuses what no server in front can do: to send what is no rule of ours, or what is removed by then.
pub(super) fn check(slf: &Bound<'_, Response>) -> PyResult<()> {
    let py = slf.py();
    offload::rule(&slf.getattr(intern!(py, "offload"))?)?;
    if slf.getattr(intern!(py, "delete_after"))?.is_truthy()? {
        return Err(error::offload(&InvalidOffload::of_deletion()));
    }
    Ok(())
}

/// The two messages that tell a server in front which file to send.
pub(super) fn messages<'py>(
    slf: &Bound<'py, Response>,
    scope: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    check(slf)?;
    let (scope_type, _) = scope::request(scope)?;
    let status_code = slf.getattr(intern!(py, "status_code"))?;
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::copy(&field_list::as_list(&raw_headers)?);
    let declared = field_list::declared(&list)?;
    let facts = ContentFacts {
        status: base::status(&status_code)?,
        length: None,
        declared: declared.borrowed(),
    };
    let given = slf.getattr(intern!(py, "offload"))?;
    let path = absolute_bytes(&file_path(&slf.getattr(intern!(py, "path"))?)?);
    let plan =
        plan(offload::rule(&given)?, &path, facts).map_err(|error| error::offload(&error))?;
    field_list::apply_plan(&list, plan)?;
    let start = message::start(py, scope_type, &status_code, list.as_any())?;
    let nothing = PyBytes::new(py, b"");
    let end = message::body(py, scope_type, nothing.as_any(), false)?;
    PyTuple::new(py, [start, end])
}
