//! What a scope asks of a file.

use super::FileResponse;
use crate::{field, scope};
use antiphon_core::asgi::scope::ScopeType;
use antiphon_core::request::preconditions::Preconditions;
use antiphon_core::response::file::RequestFacts;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;

/// What decides how a file is answered.
pub(super) struct Request {
    pub(super) scope_type: ScopeType,
    method: String,
    pub(super) offers_pathsend: bool,
    pub(super) needs_listener: bool,
    fields: [Option<Vec<u8>>; FIELDS.len()],
}

const FIELDS: [&[u8]; 6] = [
    b"range",
    b"if-range",
    b"if-match",
    b"if-none-match",
    b"if-modified-since",
    b"if-unmodified-since",
];

impl Request {
    pub(super) fn of(scope: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = scope.py();
        let scope_type = scope::scope_type(&scope.get_item(intern!(py, "type"))?)?;
        let mut request = Self {
            scope_type,
            method: String::new(),
            offers_pathsend: false,
            needs_listener: false,
            fields: Default::default(),
        };
        // The handshake of a websocket is denied with the whole file.
        if scope_type == ScopeType::Websocket {
            request.method.push_str("GET");
            return Ok(request);
        }
        let method = scope.get_item(intern!(py, "method"))?;
        request.method = method.cast::<PyString>()?.to_str()?.to_ascii_uppercase();
        if let Some(extensions) = scope::entry(scope, intern!(py, "extensions"))?
            && extensions.is_truthy()?
        {
            request.offers_pathsend = extensions.contains(intern!(py, "http.response.pathsend"))?;
        }
        request.needs_listener = scope::needs_listener(scope)?;
        let Some(headers) = scope::entry(scope, intern!(py, "headers"))? else {
            return Ok(request);
        };
        for field in headers.try_iter()? {
            let (name, value) = field::parts(&field?)?;
            let name = name.extract::<PyBackedBytes>()?;
            if let Some(place) = FIELDS.iter().position(|own| *own == &*name) {
                let value = value.extract::<PyBackedBytes>()?;
                match &mut request.fields[place] {
                    // Several lines of a field are one (RFC 9110 §5.3).
                    Some(lines) => lines.extend([b", ", &*value].concat()),
                    none => *none = Some(value.to_vec()),
                }
            }
        }
        Ok(request)
    }

    pub(super) fn facts(&self, slf: &Bound<'_, FileResponse>) -> PyResult<RequestFacts<'_>> {
        let conditional = slf.getattr(intern!(slf.py(), "conditional"))?.is_truthy()?;
        let [range, if_range, conditions @ ..] =
            std::array::from_fn::<_, { FIELDS.len() }, _>(|place| self.fields[place].as_deref());
        let [
            if_match,
            if_none_match,
            if_modified_since,
            if_unmodified_since,
        ] = conditions.map(|field| field.filter(|_| conditional));
        Ok(RequestFacts {
            method: &self.method,
            range,
            preconditions: Preconditions {
                if_match,
                if_unmodified_since,
                if_none_match,
                if_modified_since,
                if_range,
            },
        })
    }

    /// What separates the parts of several ranges, if there may be several.
    pub(super) fn boundary(&self, py: Python<'_>) -> PyResult<String> {
        let several = self.fields[0]
            .as_ref()
            .is_some_and(|range| range.contains(&b','));
        if !several {
            return Ok(String::new());
        }
        let secrets = py.import("secrets")?;
        secrets.call_method1("token_hex", (13,))?.extract()
    }
}
