//! How a response is made of what a constructor is given.

use super::base::{Arguments, Response, length, status};
use super::class_profile::{ClassProfile, DefaultContent};
use super::head_cache::Head;
use super::native::{Given, NativeClass};
use crate::convert::{error, field_list, media_type, render, scope};
use antiphon_core::fields::FieldValue;
use antiphon_core::response::content::{self, ContentFacts};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString};
use std::borrow::Cow;

impl NativeClass for Response {
    const PARAMETERS: &'static [&'static str] = &[
        "content",
        "status_code",
        "headers",
        "media_type",
        "background",
    ];
    const REQUIRED: usize = 0;

    fn build<'py>(
        response: &Bound<'py, PyAny>,
        profile: &ClassProfile,
        given: Given<'_, 'py>,
    ) -> PyResult<()> {
        fresh(response.cast()?, profile, arguments(response.py(), given))
    }
}

/// The arguments of a constructor with the parameters of [`Response`].
pub(super) fn arguments<'a, 'py>(py: Python<'py>, given: Given<'a, 'py>) -> Arguments<'a, 'py> {
    let [content, status_code, headers, media_type, background, ..] = given;
    Arguments {
        content: unless_none(content).cloned(),
        status_code: status_code_or(py, status_code, 200),
        headers: unless_none(headers),
        media_type: unless_none(media_type),
        background: unless_none(background),
    }
}

/// An argument whose default is `None`.
pub(super) fn unless_none<'a, 'py>(
    argument: Option<&'a Bound<'py, PyAny>>,
) -> Option<&'a Bound<'py, PyAny>> {
    argument.filter(|argument| !argument.is_none())
}

/// The argument `status_code`, or the class's default.
pub(super) fn status_code_or<'py>(
    py: Python<'py>,
    argument: Option<&Bound<'py, PyAny>>,
    default: u16,
) -> Bound<'py, PyAny> {
    match argument {
        Some(code) => code.clone(),
        None => PyInt::new(py, default).into_any(),
    }
}

/// `Response.render`, for classes that have it.
pub(super) fn render_text<'py>(
    content: Option<&Bound<'py, PyAny>>,
    charset: &str,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    render::text(content, || Ok(Cow::Borrowed(charset)), py)
}

/// Makes a response of an instance of which somebody may have set an attribute.
pub(super) fn again<'py>(
    response: &Bound<'py, Response>,
    profile: &ClassProfile,
    arguments: Arguments<'_, 'py>,
) -> PyResult<()> {
    if overrides(response)? {
        return by_attributes(response, arguments);
    }
    fresh(response, profile, arguments)
}

/// Makes a response of an instance on which nobody has set anything yet.
pub(super) fn fresh<'py>(
    response: &Bound<'py, Response>,
    profile: &ClassProfile,
    arguments: Arguments<'_, 'py>,
) -> PyResult<()> {
    let Some(own) = profile.default_content() else {
        return by_attributes(response, arguments);
    };
    let py = response.py();
    if let Some(media_type) = arguments.media_type {
        response.setattr(intern!(py, "media_type"), media_type)?;
    }
    let Some(render) = profile.render else {
        return by_render(response, arguments);
    };
    let body = render(arguments.content.as_ref(), &own.charset, py)?;
    let (status, length) = (status(&arguments.status_code)?, length(&body)?);
    let head = head(
        py,
        own,
        (status, length),
        arguments.headers,
        arguments.media_type,
    )?;
    let mut state = response.borrow_mut();
    state.set_common(arguments.status_code, arguments.background);
    state.body = Some(body.unbind());
    match head {
        Head::Own(list) => state.set_raw_headers(list.into_any()),
        Head::Shared(list) => state.shared_headers = Some(list),
    }
    state.add_etag_for_class(py, profile.add_etags);
    Ok(())
}

/// The header of a response of this status and length.
fn head<'py>(
    py: Python<'py>,
    own: &DefaultContent,
    (status, length): (u16, u64),
    headers: Option<&Bound<'py, PyAny>>,
    media_type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Head> {
    let describe = |callers| {
        let content = Content {
            status,
            length: Some(length),
        };
        content.describe(py, callers, || match media_type {
            Some(given) => {
                let charset = || Ok(Cow::Borrowed(&*own.charset));
                media_type::content_type(py, as_media_type(given)?, charset).map(Some)
            }
            None => Ok(own.content_type.clone()),
        })
    };
    let cache = Some(&own.heads).filter(|_| media_type.is_none());
    let without_callers = || match cache {
        Some(cache) => cache.without_callers(py, (status, length), || describe(Vec::new())),
        None => Ok(Head::Own(describe(Vec::new())?.unbind())),
    };
    let with_callers = |headers: &Bound<'py, PyAny>| {
        let callers = field_list::of_caller(headers)?;
        if callers.iter().any(is_declared) {
            return Ok(Head::Own(describe(callers)?.unbind()));
        }
        without_callers()?.after(py, callers)
    };
    let dict = headers.and_then(|headers| headers.cast_exact::<PyDict>().ok());
    match (headers, dict, cache) {
        (None, ..) => without_callers(),
        (_, Some(dict), Some(cache)) => {
            cache.with_callers((status, length), dict, |dict| with_callers(dict.as_any()))
        }
        (Some(headers), ..) => with_callers(headers),
    }
}

/// Makes a response of an instance on which nobody has set anything yet, and which has no body.
pub(super) fn without_body<'py>(
    response: &Bound<'py, Response>,
    own: &DefaultContent,
    media_type: &Bound<'py, PyAny>,
    arguments: Arguments<'_, 'py>,
) -> PyResult<()> {
    let py = response.py();
    let content = Content {
        status: status(&arguments.status_code)?,
        length: None,
    };
    let callers = arguments.headers.map(field_list::of_caller).transpose()?;
    let list = content.describe(py, callers.unwrap_or_default(), || {
        let charset = || Ok(Cow::Borrowed(&*own.charset));
        media_type::content_type(py, as_media_type(media_type)?, charset).map(Some)
    })?;
    let mut state = response.borrow_mut();
    state.set_common(arguments.status_code, arguments.background);
    state.set_raw_headers(list.into_any().unbind());
    Ok(())
}

/// The same, where a class renders its content itself; it may look at the response and change it.
fn by_render<'py>(response: &Bound<'py, Response>, arguments: Arguments<'_, 'py>) -> PyResult<()> {
    let py = response.py();
    response
        .borrow_mut()
        .set_common(arguments.status_code, arguments.background);
    let body = response.call_method1(intern!(py, "render"), (arguments.content,))?;
    response.borrow_mut().body = Some(body.unbind());
    make_headers(response, arguments.headers)
}

/// The same, where a class or a program has a hand in it: through whatever they have overridden.
fn by_attributes<'py>(
    response: &Bound<'py, Response>,
    arguments: Arguments<'_, 'py>,
) -> PyResult<()> {
    let py = response.py();
    response.setattr(intern!(py, "status_code"), arguments.status_code)?;
    if let Some(media_type) = arguments.media_type {
        response.setattr(intern!(py, "media_type"), media_type)?;
    }
    response.setattr(intern!(py, "background"), arguments.background)?;
    let body = response.call_method1(intern!(py, "render"), (arguments.content,))?;
    response.setattr(intern!(py, "body"), body)?;
    response.call_method1(intern!(py, "init_headers"), (arguments.headers,))?;
    Ok(())
}

/// Makes the headers, by what the response holds: what `init_headers` does unless it is overridden.
pub(super) fn make_headers<'py>(
    response: &Bound<'py, Response>,
    headers: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let py = response.py();
    let profile = ClassProfile::of(&response.get_type())?;
    let body = if profile.uses_our_slots() {
        // A file or a stream has none, and to hear so from an exception costs more than all else.
        let slot = response
            .borrow()
            .body
            .as_ref()
            .map(|body| body.clone_ref(py));
        slot.map(|body| body.into_bound(py))
    } else {
        response.getattr_opt(intern!(py, "body"))?
    };
    let content = Content {
        status: status(&response.getattr(intern!(py, "status_code"))?)?,
        length: body
            .filter(|body| !body.is_none())
            .map(|body| length(&body))
            .transpose()?,
    };
    let callers = headers.map(field_list::of_caller).transpose()?;
    let callers = callers.unwrap_or_default();
    let list = content.describe(py, callers, || own_content_type(response))?;
    let mut state = response.borrow_mut();
    state.is_body_changed = false;
    if content.length.is_some() {
        state.add_etag_for_class(py, profile.add_etags);
    }
    drop(state);
    if profile.uses_our_slots() {
        let list = list.into_any().unbind();
        response.borrow_mut().set_raw_headers(list);
        return Ok(());
    }
    response.setattr(intern!(py, "raw_headers"), list)
}

/// What is known of the content when a response is built.
struct Content {
    status: u16,
    length: Option<u64>,
}

impl Content {
    /// The fields of a response that the caller gives these. Where a `Content-Type` is among them, nobody
    /// looks at the media type.
    fn describe<'py>(
        &self,
        py: Python<'py>,
        callers: Vec<Bound<'py, PyAny>>,
        content_type: impl FnOnce() -> PyResult<Option<FieldValue>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::new(py, callers)?;
        let declared = field_list::declared(&list)?;
        let content_type = match declared.content_type {
            Some(_) => None,
            None => content_type()?,
        };
        let facts = ContentFacts {
            status: self.status,
            length: self.length,
            declared: declared.borrowed(),
        };
        let head = content::head(facts, content_type).map_err(|error| error::response(&error))?;
        for patch in head {
            field_list::apply(&list, patch)?;
        }
        Ok(list)
    }
}

fn is_declared(field: &Bound<'_, PyAny>) -> bool {
    field_list::is_declared(field).unwrap_or(true)
}

fn own_content_type(slf: &Bound<'_, Response>) -> PyResult<Option<FieldValue>> {
    let own = slf.getattr(intern!(slf.py(), "media_type"))?;
    if own.is_none() {
        return Ok(None);
    }
    let charset = || own_charset(slf);
    media_type::content_type(slf.py(), as_media_type(&own)?, charset).map(Some)
}

/// A media type, of which Starlette asks whether it starts with `text/`.
fn as_media_type<'a>(given: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    if let Ok(text) = given.cast::<PyString>() {
        return text.to_str();
    }
    given.call_method1(intern!(given.py(), "startswith"), ("text/",))?;
    scope::text(given)
}

pub(super) fn own_charset<'a>(slf: &Bound<'_, Response>) -> PyResult<Cow<'a, str>> {
    let own: String = slf.getattr(intern!(slf.py(), "charset"))?.extract()?;
    Ok(Cow::Owned(own))
}

/// Tells whether a program has given this response something that its class gives to others.
fn overrides(slf: &Bound<'_, Response>) -> PyResult<bool> {
    let own = slf.getattr(intern!(slf.py(), "__dict__"))?;
    let own = own.cast::<PyDict>()?;
    if own.is_empty() {
        return Ok(false);
    }
    for name in ["media_type", "charset", "render", "init_headers"] {
        if own.contains(name)? {
            return Ok(true);
        }
    }
    Ok(false)
}
