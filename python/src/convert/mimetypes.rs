//! Python's `mimetypes`, and what of it our own table knows better.

use crate::convert::path::file_path;
use antiphon_core::fields::FieldValue;
use antiphon_core::values::media_type::MediaType;
use antiphon_core::values::media_types::{self, Guess};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyString};

/// The module, and its function; a program may put another there.
pub(super) struct Mimetypes {
    pub(super) module: Py<PyModule>,
    pub(super) guess_type: Py<PyAny>,
}

pub(super) fn module(py: Python<'_>) -> PyResult<&'static Mimetypes> {
    static MIMETYPES: PyOnceLock<Mimetypes> = PyOnceLock::new();
    MIMETYPES.get_or_try_init(py, || {
        let module = py.import("mimetypes")?;
        let guess_type = module.getattr("guess_type")?.unbind();
        Ok(Mimetypes {
            module: module.unbind(),
            guess_type,
        })
    })
}

/// Where our table differs from what `mimetypes` says on this machine before a program has changed it.
struct Correction {
    /// With its dot.
    extension: String,
    of_machine: Option<Py<PyAny>>,
    /// `None` if what lies beside the file tells.
    ours: Option<Py<PyString>>,
}

/// The type of an extension, in lower case and with its dot, of which `mimetypes` says `found`: that, if the
/// program itself has said so or our table knows none, else the table's.
pub(super) fn corrected<'py>(
    py: Python<'py>,
    extension: &str,
    found: Option<Bound<'py, PyAny>>,
    path: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // There are few, and a dictionary would cost each file more.
    let mut corrections = corrections(py)?.iter();
    let Some(correction) = corrections.find(|correction| correction.extension == extension) else {
        return Ok(found);
    };
    let is_machines = match (&found, &correction.of_machine) {
        (Some(found), Some(of_machine)) => found.eq(of_machine)?,
        (found, of_machine) => found.is_none() && of_machine.is_none(),
    };
    if !is_machines {
        return Ok(found);
    }
    match &correction.ours {
        Some(ours) => Ok(Some(ours.bind(py).clone().into_any())),
        None => of_ts(py, path).map(Some),
    }
}

/// The type of the file at `path`, if it lies in a folder, whose name ends in `.ts`. The folder is read, unless
/// it is known what it holds.
fn of_ts<'py>(py: Python<'py>, path: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let place = path.map(file_path).transpose()?;
    let is_beside_playlist = place.is_some_and(|place| {
        let known = antiphon_fs::known_playlist_beside(&place);
        known.unwrap_or_else(|| py.detach(|| antiphon_fs::playlist_beside(&place)))
    });
    Ok(as_text(py, media_types::of_ts(is_beside_playlist)).into_any())
}

/// A media type as a program has it.
pub(crate) fn as_text(py: Python<'_>, media_type: MediaType) -> Bound<'_, PyString> {
    PyString::new(py, &FieldValue::from(media_type).to_text())
}

fn corrections(py: Python<'_>) -> PyResult<&'static Vec<Correction>> {
    static CORRECTIONS: PyOnceLock<Vec<Correction>> = PyOnceLock::new();
    CORRECTIONS.get_or_try_init(py, || {
        let of_machine = types_of_machine(py)?;
        let mut corrections = Vec::new();
        for extension in media_types::extensions() {
            let ours = match media_types::of_extension(extension) {
                Guess::Type(media_type) => Some(as_text(py, media_type)),
                Guess::Neighbours | Guess::Unknown => None,
            };
            let extension = format!(".{extension}");
            let theirs = of_machine.call_method1(intern!(py, "get"), (&extension,))?;
            if !matches!(&ours, Some(ours) if theirs.eq(ours)?) {
                corrections.push(Correction {
                    extension,
                    of_machine: (!theirs.is_none()).then(|| theirs.unbind()),
                    ours: ours.map(Bound::unbind),
                });
            }
        }
        Ok(corrections)
    })
}

/// What `mimetypes` would say if no program had added to it: the table of a copy of the module.
fn types_of_machine(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let util = py.import("importlib.util")?;
    let spec = util.call_method1("find_spec", ("mimetypes",))?;
    let copy = util.call_method1("module_from_spec", (&spec,))?;
    spec.getattr("loader")?
        .call_method1("exec_module", (&copy,))?;
    copy.call_method0("init")?;
    copy.getattr("types_map")
}
