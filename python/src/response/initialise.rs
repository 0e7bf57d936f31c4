//! How a response is made of what a constructor is given.

use super::base::{Response, length, status};
use crate::convert::{error, field_list, media_type, render, scope};
use crate::json;
use crate::response::class_profile::{Class, OwnContent, Render};
use crate::response::head_cache::Fields;
use antiphon_core::fields::FieldValue;
use antiphon_core::response::content::{self, ContentFacts};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::borrow::Cow;

/// What a constructor is given.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) content: Option<Bound<'py, PyAny>>,
    pub(crate) status_code: Bound<'py, PyAny>,
    pub(crate) headers: Option<&'a Bound<'py, PyAny>>,
    pub(crate) media_type: Option<&'a Bound<'py, PyAny>>,
    pub(crate) background: Option<&'a Bound<'py, PyAny>>,
}

impl Response {
    /// Builds the response; `fresh` tells that nobody can have set an attribute of it before.
    pub(crate) fn initialise<'py>(
        slf: &Bound<'py, Self>,
        class: &Class,
        fresh: bool,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<()> {
        let Some(own) = class.plain() else {
            return Self::initialise_by_attributes(slf, arguments);
        };
        if !fresh && overrides(slf)? {
            return Self::initialise_by_attributes(slf, arguments);
        }
        let py = slf.py();
        let Arguments {
            content,
            status_code,
            headers,
            media_type,
            background,
        } = arguments;
        if let Some(media_type) = media_type {
            slf.setattr(intern!(py, "media_type"), media_type)?;
        }
        let charset = || Ok(Cow::Borrowed(&*own.charset));
        let body = match class.render {
            Render::Json => json::render(content.as_ref(), py)?.into_any(),
            Render::Text => render::text(content.as_ref(), charset, py)?,
            Render::Hook => {
                return Self::initialise_by_render(slf, content, status_code, headers, background);
            }
        };
        let (status, length) = (status(&status_code)?, length(&body)?);
        let describe = |callers| {
            let content = Content {
                status,
                length: Some(length),
            };
            content.describe(py, callers, || match media_type {
                Some(given) => {
                    let given = as_media_type(given)?;
                    media_type::content_type(py, given, charset).map(Some)
                }
                None => Ok(own.content_type.clone()),
            })
        };
        let known = Some(&own.known_fields).filter(|_| media_type.is_none());
        let added = || match known {
            Some(known) => known.populated(py, (status, length), || describe(Vec::new())),
            None => Ok(Fields::Own(describe(Vec::new())?.unbind())),
        };
        let with_callers = |headers: &Bound<'py, PyAny>| {
            let callers = field_list::of_caller(headers)?;
            if callers.iter().any(is_declared) {
                return Ok(Fields::Own(describe(callers)?.unbind()));
            }
            added()?.after(py, callers)
        };
        let dict = headers.and_then(|headers| headers.cast_exact::<PyDict>().ok());
        let fields = match (headers, dict, known) {
            (None, ..) => added()?,
            (_, Some(dict), Some(known)) => {
                known.with_callers((status, length), dict, |dict| with_callers(dict.as_any()))?
            }
            (Some(headers), ..) => with_callers(headers)?,
        };
        let mut state = slf.borrow_mut();
        state.status_code = Some(status_code.unbind());
        state.background = Some(background.map_or_else(|| py.None(), |task| task.clone().unbind()));
        state.body = Some(body.unbind());
        match fields {
            Fields::Own(list) => {
                state.raw_headers = Some(list.into_any());
                state.settled = None;
            }
            Fields::Settled(list) => state.settled = Some(list),
        }
        Ok(())
    }

    /// Builds a response of a plain class on which nobody has set anything, and which has no body.
    pub(crate) fn initialise_without_body<'py>(
        slf: &Bound<'py, Self>,
        own: &OwnContent,
        status_code: Bound<'py, PyAny>,
        media_type: &Bound<'py, PyAny>,
        headers: Option<&Bound<'py, PyAny>>,
        background: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let content = Content {
            status: status(&status_code)?,
            length: None,
        };
        let callers = headers.map(field_list::of_caller).transpose()?;
        let list = content.describe(py, callers.unwrap_or_default(), || {
            let charset = || Ok(Cow::Borrowed(&*own.charset));
            media_type::content_type(py, as_media_type(media_type)?, charset).map(Some)
        })?;
        let mut state = slf.borrow_mut();
        state.status_code = Some(status_code.unbind());
        state.background = Some(background.map_or_else(|| py.None(), |task| task.clone().unbind()));
        state.raw_headers = Some(list.into_any().unbind());
        Ok(())
    }

    /// The same, where a class renders its content itself; it may look at the response and change it.
    fn initialise_by_render<'py>(
        slf: &Bound<'py, Self>,
        content: Option<Bound<'py, PyAny>>,
        status_code: Bound<'py, PyAny>,
        headers: Option<&Bound<'py, PyAny>>,
        background: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let mut state = slf.borrow_mut();
        state.status_code = Some(status_code.unbind());
        state.background = Some(background.map_or_else(|| py.None(), |task| task.clone().unbind()));
        drop(state);
        let body = slf.call_method1(intern!(py, "render"), (content,))?;
        slf.borrow_mut().body = Some(body.unbind());
        Self::make_headers(slf, headers)
    }

    /// The same, where a class or a program has a hand in it: through whatever they have overridden.
    fn initialise_by_attributes<'py>(
        slf: &Bound<'py, Self>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<()> {
        let py = slf.py();
        slf.setattr(intern!(py, "status_code"), arguments.status_code)?;
        if let Some(media_type) = arguments.media_type {
            slf.setattr(intern!(py, "media_type"), media_type)?;
        }
        slf.setattr(intern!(py, "background"), arguments.background)?;
        let body = slf.call_method1(intern!(py, "render"), (arguments.content,))?;
        slf.setattr(intern!(py, "body"), body)?;
        slf.call_method1(intern!(py, "init_headers"), (arguments.headers,))?;
        Ok(())
    }

    /// Makes the headers, by what the response holds: what `init_headers` does unless it is overridden.
    pub(super) fn make_headers<'py>(
        slf: &Bound<'py, Self>,
        headers: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let class = Class::of(&slf.get_type())?;
        let body = if class.keeps_attributes {
            // A file or a stream has none, and to hear so from an exception costs more than all else.
            let slot = slf.borrow().body.as_ref().map(|body| body.clone_ref(py));
            slot.map(|body| body.into_bound(py))
        } else {
            slf.getattr_opt(intern!(py, "body"))?
        };
        let content = Content {
            status: status(&slf.getattr(intern!(py, "status_code"))?)?,
            length: body
                .filter(|body| !body.is_none())
                .map(|body| length(&body))
                .transpose()?,
        };
        let callers = headers.map(field_list::of_caller).transpose()?;
        let list = content.describe(py, callers.unwrap_or_default(), || own_content_type(slf))?;
        Self::keep_headers(slf, &class, list)
    }

    fn keep_headers(slf: &Bound<'_, Self>, class: &Class, list: Bound<'_, PyList>) -> PyResult<()> {
        if class.keeps_attributes {
            slf.borrow_mut().set_raw_headers(list.into_any().unbind());
            return Ok(());
        }
        slf.setattr(intern!(slf.py(), "raw_headers"), list)
    }
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
