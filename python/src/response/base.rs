//! The base of all responses: what it holds.

use super::conditions::{Conditions, Strength};
use crate::convert::field_list;
use antiphon_core::fields::HeaderPatch;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

/// The state of a response. Its methods are in `methods.rs`.
///
/// See `antiphon.responses.Response`, which is the class that programs use.
#[pyclass(subclass, module = "antiphon._antiphon")]
#[derive(Default)]
pub(crate) struct Response {
    pub(super) status_code: Option<Py<PyAny>>,
    pub(super) background: Option<Py<PyAny>>,
    pub(super) body: Option<Py<PyAny>>,
    pub(super) raw_headers: Option<Py<PyAny>>,
    /// In the place of `raw_headers` until somebody asks for them: the list of all responses like it,
    /// which is copied before anybody can change it.
    pub(super) shared_headers: Option<Py<PyList>>,
    pub(super) headers: Option<Py<PyAny>>,
    /// A program has set `body` since the headers were made.
    pub(super) is_body_changed: bool,
    /// Somebody wants it to have a tag, and preconditions to be answered; its headers are its own then.
    pub(super) conditions: Option<Box<Conditions>>,
}

/// What a constructor is given.
pub(super) struct Arguments<'a, 'py> {
    pub(super) content: Option<Bound<'py, PyAny>>,
    pub(super) status_code: Bound<'py, PyAny>,
    pub(super) headers: Option<&'a Bound<'py, PyAny>>,
    pub(super) media_type: Option<&'a Bound<'py, PyAny>>,
    pub(super) background: Option<&'a Bound<'py, PyAny>>,
}

impl Response {
    /// Sets what every response has.
    pub(super) fn set_common(
        &mut self,
        status_code: Bound<'_, PyAny>,
        background: Option<&Bound<'_, PyAny>>,
    ) {
        let py = status_code.py();
        self.status_code = Some(status_code.unbind());
        self.background = Some(background.map_or_else(|| py.None(), |task| task.clone().unbind()));
    }

    /// Sets the list of its own.
    pub(super) fn set_raw_headers(&mut self, raw_headers: Py<PyAny>) {
        self.shared_headers = None;
        self.raw_headers = Some(raw_headers);
    }

    /// Gives the response headers of its own.
    pub(super) fn make_own(&mut self, py: Python<'_>) {
        if let Some(shared) = self.shared_headers.take() {
            self.raw_headers = Some(field_list::copy(shared.bind(py)).into_any().unbind());
        }
    }

    /// Has a tag added when it is requested, since its class says so.
    pub(super) fn add_etag_for_class(&mut self, py: Python<'_>, strength: Option<Strength>) {
        if let Some(strength) = strength {
            self.make_own(py);
            self.conditions
                .get_or_insert_with(|| Conditions::Class(strength).into());
        }
    }

    /// Changes the headers, in a field that no plan asks about.
    pub(crate) fn patch(slf: &Bound<'_, Self>, patch: HeaderPatch) -> PyResult<()> {
        let py = slf.py();
        let mut state = slf.borrow_mut();
        if let Some(shared) = &mut state.shared_headers {
            let list = field_list::applied(shared.bind(py), patch)?;
            *shared = list.unbind();
            return Ok(());
        }
        drop(state);
        let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
        field_list::apply(raw_headers.cast::<PyList>()?, patch)
    }

    /// The status code, the headers, the content and the background task.
    ///
    /// One that a class keeps elsewhere, in a property or an attribute of its own, is not in its
    /// slot.
    pub(super) fn state<'py>(slf: &Bound<'py, Self>) -> PyResult<[Bound<'py, PyAny>; 4]> {
        let py = slf.py();
        slf.borrow_mut().make_own(py);
        if let Self {
            status_code: Some(status_code),
            raw_headers: Some(raw_headers),
            body: Some(body),
            background: Some(background),
            ..
        } = &*slf.borrow()
        {
            return Ok(
                [status_code, raw_headers, body, background].map(|held| held.bind(py).clone())
            );
        }
        Ok([
            slf.getattr(intern!(py, "status_code"))?,
            slf.getattr(intern!(py, "raw_headers"))?,
            slf.getattr(intern!(py, "body"))?,
            slf.getattr(intern!(py, "background"))?,
        ])
    }
}

/// A status code as the core takes it; what no status code can be stays on its side of 200.
pub(crate) fn status(code: &Bound<'_, PyAny>) -> PyResult<u16> {
    if let Ok(code) = code.extract() {
        return Ok(code);
    }
    Ok(if code.lt(0)? { 0 } else { u16::MAX })
}

pub(super) fn length(body: &Bound<'_, PyAny>) -> PyResult<u64> {
    if let Ok(bytes) = body.cast_exact::<PyBytes>() {
        return Ok(bytes.as_bytes().len() as u64);
    }
    Ok(body.len()? as u64)
}
