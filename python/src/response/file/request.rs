//! What a scope asks of a file.

use crate::convert::scope;
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::request::fields::RequestFields;
use pyo3::intern;
use pyo3::prelude::*;

/// What decides how a file is answered.
pub(in crate::response) struct Request {
    pub(in crate::response) scope_type: ScopeType,
    pub(in crate::response) fields: RequestFields,
    pub(in crate::response) offers_pathsend: bool,
    pub(in crate::response) needs_listener: bool,
}

impl Request {
    pub(in crate::response) fn of(scope: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = scope.py();
        let scope_type = scope::scope_type(&scope.get_item(intern!(py, "type"))?)?;
        // The handshake of a websocket is denied with the whole file.
        if scope_type == ScopeType::Websocket {
            return Ok(Self {
                scope_type,
                fields: RequestFields::default(),
                offers_pathsend: false,
                needs_listener: false,
            });
        }
        let method = scope.get_item(intern!(py, "method"))?;
        let method = scope::method_in_any_case(scope_type, scope::text(&method)?);
        let fields = scope::request_fields(scope, method)?;
        let extensions = scope::entry(scope, intern!(py, "extensions"))?;
        Ok(Self {
            scope_type,
            fields,
            offers_pathsend: match extensions {
                Some(extensions) if extensions.is_truthy()? => {
                    extensions.contains(intern!(py, "http.response.pathsend"))?
                }
                _ => false,
            },
            needs_listener: scope::needs_listener(scope)?,
        })
    }
}
