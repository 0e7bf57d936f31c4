//! How a response is made of what a constructor is given.

use super::{Response, length, status};
use crate::class::{Class, OwnContent, Render};
use crate::declared::Declared;
use crate::fields::Fields;
use crate::{error, field, field_list, json, render, scope};
use antiphon_core::response::content::ContentFacts;
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
        let populate = |callers| {
            let content = Content {
                status,
                length: Some(length),
                media_type: match media_type {
                    Some(media_type) => Some(Cow::Borrowed(as_media_type(media_type)?)),
                    None => own.media_type.as_deref().map(Cow::Borrowed),
                },
            };
            content.populate(py, callers, charset)
        };
        let known = Some(&own.known_fields).filter(|_| media_type.is_none());
        let added = || match known {
            Some(known) => known.populated(py, (status, length), || populate(Vec::new())),
            None => Ok(Fields::Own(populate(Vec::new())?.unbind())),
        };
        let with_callers = |headers: &Bound<'py, PyAny>| {
            let callers = field_list::of_caller(headers)?;
            if callers.iter().any(is_planned) {
                return Ok(Fields::Own(populate(callers)?.unbind()));
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
            media_type: Some(Cow::Borrowed(as_media_type(media_type)?)),
        };
        let charset = || Ok(Cow::Borrowed(&*own.charset));
        let callers = headers.map(field_list::of_caller).transpose()?;
        let list = content.populate(py, callers.unwrap_or_default(), charset)?;
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
            media_type: own_media_type(slf)?,
        };
        let callers = headers.map(field_list::of_caller).transpose()?;
        let list = content.populate(py, callers.unwrap_or_default(), || own_charset(slf))?;
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

/// What the head says of the content when a response is built.
struct Content<'a> {
    status: u16,
    length: Option<u64>,
    media_type: Option<Cow<'a, str>>,
}

impl Content<'_> {
    fn populate<'py, 'a>(
        &self,
        py: Python<'py>,
        callers: Vec<Bound<'py, PyAny>>,
        charset: impl FnOnce() -> PyResult<Cow<'a, str>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::new(py, callers)?;
        let declared = Declared::of(&list)?;
        // Where the caller gives a `Content-Type`, nobody looks at the media type.
        let media_type = match field_list::first(&list, b"content-type")? {
            Some(_) => None,
            None => self.media_type.as_deref(),
        };
        let charset = media_type
            .filter(|media_type| media_type.starts_with("text/"))
            .map(|_| charset())
            .transpose()?;
        let facts = ContentFacts {
            status: self.status,
            // Whether it will answer HEAD, for which any length is right, is not known yet.
            head: true,
            length: self.length,
            media_type,
            charset: charset.as_deref().unwrap_or_default(),
            declared_length: declared.length(),
            declares_transfer_encoding: declared.transfer_encoding,
        };
        let mut patches = Vec::new();
        facts
            .populate(&mut patches)
            .map_err(|error| error::response(py, media_type, &error))?;
        for patch in patches {
            field_list::apply(&list, patch)?;
        }
        Ok(list)
    }
}

/// Tells whether a field of the caller's is one that the core asks about when it plans the others.
fn is_planned(field: &Bound<'_, PyAny>) -> bool {
    ["content-length", "content-type", "transfer-encoding"]
        .iter()
        .any(|name| field::is_named(field, name.as_bytes()).unwrap_or(true))
}

fn own_media_type<'a>(slf: &Bound<'_, Response>) -> PyResult<Option<Cow<'a, str>>> {
    let own = slf.getattr(intern!(slf.py(), "media_type"))?;
    if own.is_none() {
        return Ok(None);
    }
    Ok(Some(Cow::Owned(as_media_type(&own)?.to_owned())))
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
