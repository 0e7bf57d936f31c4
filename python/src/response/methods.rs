//! What programs call on a response: what a class of them may override, cookies, and sending.

use super::base::{Arguments, Response};
use super::class_profile::ClassProfile;
use super::conditional;
use super::conditions::{Conditions, Strength};
use super::native::Native;
use super::renderer::Renderer;
use super::{build, fixed_messages, initialise};
use crate::convert::cookie::{self, Text, Word};
use crate::convert::{error, render};
use crate::headers;
use antiphon_core::fields::{FieldName, HeaderPatch};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyMapping, PyString, PySuper, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

#[pymethods]
impl Response {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    pub(crate) fn new(
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> Self {
        Self::default()
    }

    #[classattr]
    fn _native(py: Python<'_>) -> Native {
        Native::of::<Self>(py)
    }

    #[classattr]
    fn _renderer() -> Renderer {
        Renderer(initialise::render_text)
    }

    #[classmethod]
    #[pyo3(signature = (**keywords))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let py = cls.py();
        PySuper::new(&py.get_type::<Self>(), cls.as_any())?.call_method(
            intern!(py, "__init_subclass__"),
            (),
            keywords,
        )?;
        build::inherit(cls)
    }

    /// Build the response: what each class's `__init__` does with its arguments.
    fn _initialise<'py>(
        slf: &Bound<'py, Self>,
        content: Option<Bound<'py, PyAny>>,
        status_code: Bound<'py, PyAny>,
        headers: Option<&Bound<'py, PyAny>>,
        media_type: Option<&Bound<'py, PyAny>>,
        background: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let arguments = Arguments {
            content,
            status_code,
            headers,
            media_type,
            background,
        };
        let profile = ClassProfile::of(&slf.get_type())?;
        initialise::again(slf, &profile, arguments)
    }

    /// Turn content into the bytes that are sent; a class may override it.
    ///
    /// Text is encoded in the class's `charset`, bytes and memory views are sent as they are, and
    /// `None` is no content.
    fn render<'py>(
        slf: &Bound<'py, Self>,
        content: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        render::text(content, || initialise::own_charset(slf), slf.py())
    }

    /// Make `raw_headers` of what the caller gives and of what the content asks for.
    ///
    /// A class may override it.
    #[pyo3(signature = (headers=None))]
    fn init_headers<'py>(
        slf: &Bound<'py, Self>,
        headers: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        initialise::make_headers(slf, headers)
    }

    /// Set a cookie.
    ///
    /// Args:
    ///     key: Its name.
    ///     value: Its value, which is quoted where it needs it.
    ///     max_age: How long it lives, in seconds or as a ``timedelta``; 0 or less discards it.
    ///     expires: When it ends: seconds from now, a date (one without a zone is UTC), or text
    ///         that is sent as it is.
    ///     path: The part of the site that gets it back.
    ///     domain: The host that gets it back, with all below it; ``None`` is this host alone.
    ///     secure: Whether it is sent back over TLS only.
    ///     httponly: Whether scripts cannot see it.
    ///     samesite: Whether requests that other sites cause carry it.
    ///     partitioned: Whether each top-level site has a jar of its own for it; it must be
    ///         ``secure`` then.
    ///
    /// Raises:
    ///     http.cookies.CookieError: If the name cannot be a cookie's.
    ///     AssertionError: If ``samesite`` is none of its three words.
    ///     ValueError: If it is partitioned, but not secure; if an attribute holds ``;`` or a
    ///         control character, so that it would become another attribute or another header; if
    ///         the end lies outside the years 1 to 9999.
    ///     UnicodeEncodeError: If something is not Latin-1.
    ///
    /// Example:
    ///     >>> from antiphon.responses import Response
    ///     >>> response = Response()
    ///     >>> response.set_cookie("session", "abc", max_age=3600, httponly=True)
    ///     >>> response.headers["set-cookie"]
    ///     'session=abc; HttpOnly; Max-Age=3600; Path=/; SameSite=lax'
    ///
    /// Source: RFC 6265, section 4.1; ``starlette.responses.Response.set_cookie``.
    #[expect(clippy::too_many_arguments, reason = "Starlette's parameters")]
    #[pyo3(
        signature = (
            key, value=Text::Static(""), max_age=None, expires=None, path=Text::Static("/"),
            domain=Text::None, secure=None, httponly=None, samesite=Word(Text::Static("lax")),
            partitioned=None,
        ),
        text_signature = "($self, key, value='', max_age=None, expires=None, path='/', domain=None, \
                          secure=False, httponly=False, samesite='lax', partitioned=False)"
    )]
    fn set_cookie<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        value: Text<'_, 'py>,
        max_age: Option<&Bound<'py, PyAny>>,
        expires: Option<&Bound<'py, PyAny>>,
        path: Text<'_, 'py>,
        domain: Text<'_, 'py>,
        secure: Option<&Bound<'py, PyAny>>,
        httponly: Option<&Bound<'py, PyAny>>,
        samesite: Word<'_, 'py>,
        partitioned: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let truthy =
            |flag: Option<&Bound<'py, PyAny>>| flag.map_or(Ok(false), PyAnyMethods::is_truthy);
        let value = cookie::encode(&cookie::Arguments {
            key,
            value,
            max_age,
            expires,
            path,
            domain,
            secure: truthy(secure)?,
            httponly: truthy(httponly)?,
            samesite,
            partitioned: truthy(partitioned)?,
        })?;
        Self::patch(slf, HeaderPatch::Append(FieldName::SET_COOKIE, value))
    }

    /// Add an ``ETag``, and answer the preconditions of requests.
    ///
    /// With status 200, GET and HEAD get 304 by ``If-None-Match`` and ``If-Modified-Since``, and 412
    /// by ``If-Match`` and ``If-Unmodified-Since``; ``Last-Modified`` counts if the program has set
    /// it. An ``ETag`` that is set already stays, and none is made. With another method the action has
    /// been performed by the time there is a response, so its preconditions are the program's to
    /// evaluate, before.
    ///
    /// A class whose responses are all to have one says ``add_etags = True``.
    ///
    /// Args:
    ///     weak: Whether the tag is weak: for content whose form something between changes, such as a
    ///         middleware that compresses it. It never matches an ``If-Match``.
    ///
    /// Raises:
    ///     TypeError: If the content does not lie ready, as that of a file or a stream.
    ///     ValueError: If the class's ``generate_etag`` makes something else.
    ///
    /// Example:
    ///     >>> from antiphon.responses import PlainTextResponse
    ///     >>> response = PlainTextResponse("hello")
    ///     >>> response.add_etag()
    ///     >>> response.headers["etag"]
    ///     '"ea8f163db38682925e4491c5e58d4bb3"'
    ///
    /// Source: RFC 9110, sections 8.8.3 and 13; Starlette has no such method.
    #[pyo3(signature = (weak=false))]
    fn add_etag(slf: &Bound<'_, Self>, weak: bool) -> PyResult<()> {
        let strength = if weak {
            Strength::Weak
        } else {
            Strength::Strong
        };
        conditional::add_etag(slf, strength)
    }

    /// Make the tag that ``add_etag`` and ``add_etags`` add; a class may override it.
    ///
    /// A class that knows a version of what it sends saves the hash.
    ///
    /// Returns:
    ///     The tag, in quotes or, if it is strong, without: 128 bits of BLAKE3 of the content, as of a file with the same bytes
    ///     and ``etag="content"``. ``None`` adds no tag.
    ///
    /// Example:
    ///     >>> from antiphon.responses import JSONResponse
    ///     >>> class Article(JSONResponse):
    ///     ...     add_etags = True
    ///     ...     version = 7
    ///     ...     def generate_etag(self):
    ///     ...         return f'"{self.version}"'
    ///     >>> Article({"title": "Antiphon"}).generate_etag()
    ///     '"7"'
    ///
    /// Source: RFC 9110, section 8.8.3; Starlette has no such method.
    fn generate_etag(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        let body = slf.getattr(intern!(slf.py(), "body"))?;
        conditional::of_content(&body).map(Some)
    }

    /// What is sent to whoever `scope` describes: the two messages, and what runs after them.
    fn _messages<'py>(
        slf: &Bound<'py, Self>,
        scope: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        fixed_messages::of(slf, scope)
    }

    /// The header fields, to be read and changed.
    #[getter]
    fn headers<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let raw = slf.getattr(intern!(py, "raw_headers"))?;
        if let Some(own) = &slf.borrow().headers
            && headers::holds(own.bind(py), &raw)
        {
            return Ok(own.bind(py).clone());
        }
        let own = headers::mutable(&raw)?;
        slf.borrow_mut().headers = Some(own.clone().unbind());
        Ok(own)
    }

    /// The status code.
    #[getter]
    fn status_code(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        held(slf, "status_code", |state| &state.status_code)
    }

    #[setter]
    fn set_status_code(&mut self, py: Python<'_>, status_code: Py<PyAny>) {
        self.make_own(py);
        self.status_code = Some(status_code);
    }

    /// The task that runs after the response was sent, or `None`.
    #[getter]
    fn background(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        held(slf, "background", |state| &state.background)
    }

    #[setter]
    fn set_background(&mut self, background: Py<PyAny>) {
        self.background = Some(background);
    }

    /// The content, as it is sent.
    #[getter]
    fn body(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        held(slf, "body", |state| &state.body)
    }

    #[setter]
    fn set_body(&mut self, py: Python<'_>, body: Py<PyAny>) {
        self.make_own(py);
        self.is_body_changed = true;
        self.body = Some(body);
    }

    /// The header fields as they are sent: a list of pairs of byte strings, names in lower case.
    #[getter]
    fn raw_headers(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.borrow_mut().make_own(slf.py());
        held(slf, "raw_headers", |state| &state.raw_headers)
    }

    #[setter(raw_headers)]
    fn py_set_raw_headers(&mut self, raw_headers: Py<PyAny>) {
        self.set_raw_headers(raw_headers);
    }

    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let state = PyDict::new(py);
        if let Some(own) = slf.getattr_opt(intern!(py, "__dict__"))? {
            state.update(own.cast::<PyMapping>()?)?;
        }
        slf.borrow_mut().make_own(py);
        let response = slf.borrow();
        let slots = [
            ("status_code", &response.status_code),
            ("background", &response.background),
            ("body", &response.body),
            ("raw_headers", &response.raw_headers),
        ];
        for (name, value) in slots {
            if let Some(value) = value {
                state.set_item(name, value)?;
            }
        }
        if let Some(conditions) = &response.conditions {
            state.set_item("_conditions", conditions.state())?;
        }
        Ok(state)
    }

    fn __setstate__(slf: &Bound<'_, Self>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        for (name, value) in state.copy()?.iter() {
            if name.eq("_conditions")? {
                let (whose, strength) = value.extract::<(PyBackedStr, PyBackedStr)>()?;
                let conditions = Conditions::of_state((&whose, &strength));
                slf.borrow_mut().conditions = Some(conditions.into());
                continue;
            }
            slf.setattr(name.cast::<PyString>()?, value)?;
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [
            &self.status_code,
            &self.background,
            &self.body,
            &self.raw_headers,
            &self.headers,
        ] {
            visit.call(held)?;
        }
        visit.call(&self.shared_headers)
    }

    fn __clear__(&mut self) {
        *self = Self::default();
    }
}

fn held(
    slf: &Bound<'_, Response>,
    name: &str,
    slot: impl FnOnce(&Response) -> &Option<Py<PyAny>>,
) -> PyResult<Py<PyAny>> {
    match slot(&slf.borrow()) {
        Some(value) => Ok(value.clone_ref(slf.py())),
        None => Err(error::no_attribute(slf, name)),
    }
}
