//! From a response whose content lies ready to messages.

use super::base::{Response, length, status};
use super::conditional::{self, Asked};
use crate::convert::{error, field_list, message, scope};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::plan::Body;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// What is sent to whoever `scope` describes: the two messages, and what runs after them.
pub(super) fn of<'py>(
    slf: &Bound<'py, Response>,
    scope: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    let (scope_type, method) = scope::request(scope)?;
    if method != Method::Head
        && let Response {
            shared_headers: Some(shared),
            status_code: Some(status_code),
            body: Some(body),
            background: Some(background),
            ..
        } = &*slf.borrow()
    {
        let [status_code, body, background] =
            [status_code, body, background].map(|held| held.bind(py));
        let raw_headers = field_list::copy(shared.bind(py)).into_any();
        return message::whole(scope_type, status_code, &raw_headers, body, background);
    }

    let [status_code, raw_headers, content, background] = Response::state(slf)?;
    let asked = Asked {
        scope,
        scope_type,
        method,
        status: status(&status_code)?,
    };
    let list = field_list::as_list(&raw_headers)?;
    let (list, raw_headers) = match conditional::tagged(slf, &list, &asked)? {
        Some(tagged) => (tagged.clone(), tagged.into_any()),
        None => (list, raw_headers),
    };
    let declared = field_list::declared(&list)?;
    let facts = ContentFacts {
        status: asked.status,
        // A length that the program has taken out stays out.
        length: match declared.content_length {
            Some(_) => Some(length(&content)?),
            None => None,
        },
        declared: declared.borrowed(),
    };
    let plan = conditional::plan(slf, facts, &asked)?.map_err(|error| {
        if slf.borrow().is_body_changed {
            error::changed_body(&error)
        } else {
            error::response(&error)
        }
    })?;
    let status_code = if plan.status == asked.status {
        status_code
    } else {
        plan.status.into_pyobject(py)?.into_any()
    };
    let (raw_headers, body) = if plan.keeps_headers() {
        (raw_headers, plan.body)
    } else {
        let (list, body) = field_list::planned(&list, plan)?;
        (list.into_any(), body)
    };
    let body = match body {
        Body::Content(()) => content,
        Body::Empty => PyBytes::new(py, b"").into_any(),
    };
    message::whole(scope_type, &status_code, &raw_headers, &body, &background)
}
