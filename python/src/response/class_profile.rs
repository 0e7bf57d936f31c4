//! What a class of responses says of itself: which hooks it overrides, what its content is.
//!
//! Looking that up for each response costs more than building it, so it is kept for as long as the
//! class is as it was: a change of the class, or of one of its bases, gives it another version.

use crate::convert::media_type;
use crate::response::base::Response;
use crate::response::build::{self, Version};
use crate::response::file::FileResponse;
use crate::response::head_cache::KnownFields;
use crate::response::json::JSONResponse;
use crate::response::redirect::RedirectResponse;
use antiphon_core::fields::FieldValue;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// A class, as far as building and sending its responses goes.
pub(crate) struct Class {
    /// Which of our own constructors it has, if it has one of them.
    pub(crate) constructor: Option<Constructor>,
    /// Whether `status_code`, `body`, `background` and `raw_headers` are where we keep them.
    pub(crate) keeps_attributes: bool,
    /// How it renders its content.
    pub(crate) render: Render,
    /// Whether `init_headers` is ours.
    pub(crate) inits_headers: bool,
    /// What it says of its content: `None` if that is anything but text, so that each response is asked.
    content: Option<OwnContent>,
}

/// What a class says of the content of all its responses.
pub(crate) struct OwnContent {
    /// The value of `Content-Type`, if it has a media type.
    pub(crate) content_type: Option<FieldValue>,
    pub(crate) charset: String,
    /// The fields of the last responses.
    pub(crate) known_fields: KnownFields,
}

/// The signatures of our classes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constructor {
    /// `(content=None, status_code=200, headers=None, media_type=None, background=None)`
    Content,
    /// The same, but `content` must be given.
    Json,
    /// `(url, status_code=307, headers=None, background=None)`
    Redirect,
    /// `(path, status_code=200, headers=None, media_type=None, background=None, filename=None,
    /// stat_result=None, content_disposition_type="attachment")`
    File,
}

/// What turns content into bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Render {
    /// `Response.render`
    Text,
    /// `JSONResponse.render`
    Json,
    /// A method of a program.
    Hook,
}

impl Class {
    /// What it says of its content, if a program has no hand in how a response of this class is built,
    /// unless in how it is rendered.
    pub(crate) fn plain(&self) -> Option<&OwnContent> {
        self.content
            .as_ref()
            .filter(|_| self.keeps_attributes && self.inits_headers)
    }

    /// What is known of `class`.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> PyResult<Rc<Self>> {
        let Some(version) = build::version(class) else {
            return Self::look_up(class).map(Rc::new);
        };
        let place = (version.address() >> 4) % PLACES;
        let known = KNOWN.with_borrow(|known| match &known[place] {
            Some((own, class)) if *own == version => Some(Rc::clone(class)),
            _ => None,
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let looked_up = Rc::new(Self::look_up(class)?);
        // Looking up can give a class its first version.
        if let Some(version) = build::version(class) {
            let before = KNOWN
                .with_borrow_mut(|known| known[place].replace((version, Rc::clone(&looked_up))));
            drop(before);
        }
        Ok(looked_up)
    }

    fn look_up(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let (ours, json) = (py.get_type::<Response>(), py.get_type::<JSONResponse>());
        let same = |other: &Bound<'_, PyType>, name: &Bound<'_, PyString>| -> PyResult<bool> {
            Ok(class
                .getattr_opt(name)?
                .is_some_and(|own| other.getattr(name).is_ok_and(|other| own.is(&other))))
        };
        let object = py.get_type::<PyAny>();
        let mut keeps_attributes = same(&object, intern!(py, "__setattr__"))?
            && same(&object, intern!(py, "__getattribute__"))?;
        for name in ATTRIBUTES {
            keeps_attributes &= same(&ours, &PyString::intern(py, name))?;
        }
        let render = intern!(py, "render");
        let render = if same(&ours, render)? {
            Render::Text
        } else if same(&json, render)? {
            Render::Json
        } else {
            Render::Hook
        };
        let text = |name| -> PyResult<Option<Option<String>>> {
            let own = class.getattr_opt(name)?;
            Ok(own.and_then(|own| own.extract().ok()))
        };
        let content = match (
            text(intern!(py, "media_type"))?,
            text(intern!(py, "charset"))?,
        ) {
            (Some(media_type), Some(Some(charset))) => {
                let own = || Ok(Cow::Borrowed(&*charset));
                let content_type = media_type.map(|text| media_type::content_type(py, &text, own));
                // What cannot be sent is each response's to say.
                content_type
                    .transpose()
                    .ok()
                    .map(|content_type| OwnContent {
                        content_type,
                        charset,
                        known_fields: KnownFields::default(),
                    })
            }
            _ => None,
        };
        let ours_too = [
            py.get_type::<JSONResponse>(),
            py.get_type::<RedirectResponse>(),
            py.get_type::<FileResponse>(),
        ];
        let mut allocates = same(&ours, intern!(py, "__new__"))?;
        for other in &ours_too {
            allocates |= same(other, intern!(py, "__new__"))?;
        }
        Ok(Self {
            constructor: build::constructor(class)?.filter(|_| allocates),
            keeps_attributes,
            render,
            inits_headers: same(&ours, intern!(py, "init_headers"))?,
            content,
        })
    }
}

thread_local! {
    static KNOWN: RefCell<[Option<Known>; PLACES]> =
        const { RefCell::new([const { None }; PLACES]) };
}

/// What is remembered of a class, and of which state of it.
type Known = (Version, Rc<Class>);

/// Classes that are remembered at a time; a program has a handful.
const PLACES: usize = 64;

const ATTRIBUTES: [&str; 4] = ["status_code", "body", "background", "raw_headers"];
