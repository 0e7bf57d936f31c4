//! How a server in front is told which file to send.

use super::path::file_path;
use super::{error, field};
use antiphon_core::response::offload::Offload;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyTuple};

/// Has nginx send files, by ``X-Accel-Redirect``.
///
/// nginx keeps ``Content-Type``, ``Content-Disposition``, ``Cache-Control``, ``Expires`` and
/// ``Set-Cookie`` of the response and no other field, and answers ranges and preconditions by
/// validators of its own. What the mapping says counts, and no field of a request.
///
/// Args:
///     mapping: Absolute paths of folders, and the locations of nginx that have them by ``alias`` or
///         ``root``, as a mapping or as pairs. A location is written as in nginx's configuration, not
///         percent-encoded, and is best ``internal``. Whether the two end with ``/`` does not matter.
///         A file in several of the folders is named by the one with the longest path.
///
/// Raises:
///     ValueError: If there is no folder, if one is not absolute, has a part ``..`` or comes twice, or
///         if a location does not begin with ``/``.
///
/// Example:
///     >>> from antiphon.offload import XAccel
///     >>> from antiphon.responses import FileResponse
///     >>> offload = XAccel({"/srv/media/": "/_files/"})
///     >>> response = FileResponse("/srv/media/a b.mp4", offload=offload)
///
/// Source: nginx's module ``ngx_http_proxy_module``, ``X-Accel-Redirect``; Starlette has no such
/// thing.
#[pyclass(frozen, name = "XAccel", module = "antiphon.offload")]
pub(crate) struct XAccel {
    rule: Offload,
    pairs: Vec<(String, String)>,
}

#[pymethods]
impl XAccel {
    #[new]
    #[pyo3(text_signature = "(mapping)")]
    fn new(mapping: &Bound<'_, PyAny>) -> PyResult<Self> {
        let items = match mapping.cast::<PyMapping>() {
            Ok(mapping) => mapping.items()?.into_any(),
            Err(_) => mapping.clone(),
        };
        let mut pairs = Vec::new();
        for pair in items.try_iter()? {
            let (folder, location) = field::parts(&pair?)?;
            let folder = file_path(&folder)?.to_string_lossy().into_owned();
            pairs.push((folder, location.extract()?));
        }
        let rule = Offload::x_accel(pairs.clone()).map_err(|error| error::offload(&error))?;
        Ok(Self { rule, pairs })
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, [self.mapping(py)?])
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("XAccel({})", self.mapping(py)?.repr()?))
    }
}

impl XAccel {
    fn mapping<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mapping = PyDict::new(py);
        for (folder, location) in &self.pairs {
            mapping.set_item(folder, location)?;
        }
        Ok(mapping)
    }
}

/// Has Apache, with ``mod_xsendfile``, or lighttpd send files, by ``X-Sendfile``.
///
/// The field holds the path. Which folders they send from is for their configuration to say.
///
/// Args:
///     server: ``"apache"``, which takes the path as it is, or ``"lighttpd"``, which gets it
///         percent-encoded, since it decodes it. By default a path is to mean the same to both: one with
///         a ``%`` is a ``ValueError`` when the response is sent.
///
/// Raises:
///     ValueError: If ``server`` is none of the two.
///
/// Example:
///     >>> from antiphon.offload import XSendfile
///     >>> from antiphon.responses import FileResponse
///     >>> response = FileResponse("/srv/media/a b.mp4", offload=XSendfile("apache"))
///
/// Source: Apache's ``mod_xsendfile``, lighttpd's ``x-sendfile``; Starlette has no such thing.
#[pyclass(frozen, name = "XSendfile", module = "antiphon.offload")]
pub(crate) struct XSendfile {
    rule: Offload,
    server: Option<String>,
}

#[pymethods]
impl XSendfile {
    #[new]
    #[pyo3(signature = (server=None))]
    fn new(server: Option<String>) -> PyResult<Self> {
        let rule = match server.as_deref() {
            None => Offload::x_sendfile(),
            Some("apache") => Offload::x_sendfile_to_apache(),
            Some("lighttpd") => Offload::x_sendfile_to_lighttpd(),
            Some(found) => {
                return Err(PyValueError::new_err(format!(
                    "server: expected \"apache\" or \"lighttpd\", but found {found:?}"
                )));
            }
        };
        Ok(Self { rule, server })
    }

    fn __getnewargs__(&self) -> (Option<&str>,) {
        (self.server.as_deref(),)
    }

    fn __repr__(&self) -> String {
        match &self.server {
            Some(server) => format!("XSendfile('{server}')"),
            None => "XSendfile()".into(),
        }
    }
}

/// The rule that a program's object stands for.
pub(crate) fn rule<'a>(given: &'a Bound<'_, PyAny>) -> PyResult<&'a Offload> {
    if let Ok(own) = given.cast::<XAccel>() {
        return Ok(&own.get().rule);
    }
    match given.cast::<XSendfile>() {
        Ok(own) => Ok(&own.get().rule),
        Err(_) => Err(PyTypeError::new_err(format!(
            "offload: expected XAccel or XSendfile, but found {}",
            given.get_type().getattr(intern!(given.py(), "__name__"))?
        ))),
    }
}
