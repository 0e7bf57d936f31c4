//! Responses whose content lies ready and whose program has asked for a tag: the tag, and what the
//! preconditions of a request make of it.

use super::base::Response;
use super::conditions::{Conditions, Strength};
use super::file::validators::now;
use crate::convert::{error, field_list, scope};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::{ContentFacts, InvalidResponse};
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Plan;
use antiphon_core::values::etag;
use antiphon_fs::hash_of;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

/// Adds a tag, unless there is one, and has preconditions answered.
pub(super) fn add_etag(slf: &Bound<'_, Response>, strength: Strength) -> PyResult<()> {
    let py = slf.py();
    if slf.getattr_opt(intern!(py, "body"))?.is_none() {
        return Err(PyTypeError::new_err(format!(
            "{}.add_etag: expected a response whose content lies ready; a FileResponse has a tag \
             already, and a stream can be given one by headers[\"etag\"]",
            slf.get_type().name()?
        )));
    }
    let raw_headers = slf.getattr(intern!(py, "raw_headers"))?;
    let list = field_list::as_list(&raw_headers)?;
    let tag = if field_list::contains(&list, &FieldName::ETAG)? {
        None
    } else {
        made(slf, strength)?
    };
    if let Some(tag) = &tag {
        let patch = HeaderPatch::Append(FieldName::ETAG, tag.clone());
        field_list::apply(&list, patch)?;
        if !list.is(&raw_headers) {
            slf.setattr(intern!(py, "raw_headers"), list)?;
        }
    }
    slf.borrow_mut().conditions = Some(Conditions::Program(strength, tag).into());
    Ok(())
}

/// The tag that `generate_etag` makes of the response.
fn made(slf: &Bound<'_, Response>, strength: Strength) -> PyResult<Option<FieldValue>> {
    let made = slf.call_method0(intern!(slf.py(), "generate_etag"))?;
    if made.is_none() {
        return Ok(None);
    }
    let Ok(text) = made.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!(
            "{}.generate_etag: expected str or None, but it returned {}",
            slf.get_type().name()?,
            made.get_type().name()?
        )));
    };
    let tag = etag::named(&text.to_string_lossy()).map_err(|error| error::etag(&error))?;
    Ok(Some(match strength {
        Strength::Strong => tag,
        Strength::Weak => etag::weak(tag),
    }))
}

/// The strong tag of the content as it is now: what `generate_etag` does unless it is overridden.
pub(super) fn of_content(body: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = body.py();
    let bytes = match body.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) => py
            .get_type::<PyBytes>()
            .call1((body,))?
            .cast_into::<PyBytes>()?,
    };
    Ok(of_bytes(py, bytes.as_bytes()))
}

/// The strong tag of content: of its hash.
pub(super) fn of_bytes(py: Python<'_>, content: &[u8]) -> String {
    // Others need not wait for what takes a millisecond.
    let hash = if content.len() < LONG {
        hash_of(content)
    } else {
        py.detach(|| hash_of(content))
    };
    etag::of_content(&hash).to_text()
}

/// Content of so many bytes is hashed while other threads have the interpreter.
const LONG: usize = 256 * 1024;

/// What the core is told of a response when a request is there.
pub(super) struct Asked<'a, 'py> {
    pub(super) scope: &'a Bound<'py, PyAny>,
    pub(super) scope_type: ScopeType,
    pub(super) method: Method,
    pub(super) status: u16,
}

/// The fields of the response with the tag that is due; `None` if they have it.
pub(super) fn tagged<'py>(
    slf: &Bound<'py, Response>,
    list: &Bound<'py, PyList>,
    asked: &Asked<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyList>>> {
    let (strength, own) = match slf.borrow().conditions.as_deref() {
        None | Some(Conditions::Program(_, None)) => return Ok(None),
        Some(Conditions::Class(strength)) => (*strength, None),
        Some(Conditions::Program(strength, own)) => (*strength, own.clone()),
    };
    let held = field_list::declared(list)?.etag;
    let is_due = match own {
        // Whoever answers another method may not say so of what it has stored (RFC 9110 §9.3.4).
        None => {
            let is_read = matches!(asked.method, Method::Get | Method::Head);
            let can_serve = asked.status == 200 && asked.scope_type == ScopeType::Http;
            held.is_none() && is_read && can_serve
        }
        // It is of content that has been replaced since, unless the program has set another.
        Some(own) => slf.borrow().is_body_changed && held.as_deref() == Some(own.as_bytes()),
    };
    if !is_due {
        return Ok(None);
    }
    let list = field_list::copy(list);
    let patch = match made(slf, strength)? {
        Some(tag) => HeaderPatch::Set(FieldName::ETAG, tag),
        None => HeaderPatch::Remove(FieldName::ETAG),
    };
    field_list::apply(&list, patch)?;
    Ok(Some(list))
}

/// The plan of a response, with the answers to preconditions if somebody has asked for them.
pub(super) fn plan(
    slf: &Bound<'_, Response>,
    facts: ContentFacts<'_>,
    asked: &Asked<'_, '_>,
) -> PyResult<Result<Plan<()>, InvalidResponse>> {
    if slf.borrow().conditions.is_none() || asked.scope_type == ScopeType::Websocket {
        return Ok(fixed::plan(facts, asked.method));
    }
    let request = scope::request_fields(asked.scope, asked.method)?;
    Ok(fixed::plan_conditionally(facts, &request, now()))
}
