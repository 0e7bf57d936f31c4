//! What a class of responses says of itself: which hooks it overrides, what its content is.
//!
//! Looking that up for each response costs more than building it, so it is kept for as long as the
//! class is as it was: a change of the class, or of one of its bases, gives it another version.

use super::conditions::{self, Strength};
use super::head_cache::HeadCache;
use super::originals;
use super::renderer::{Render, Renderer};
use crate::convert::media_type;
use crate::direct_mapped::Shared;
use crate::ffi::type_version::TypeVersion;
use antiphon_core::fields::FieldValue;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use std::borrow::Cow;
use std::rc::Rc;

/// A class, as far as building and sending its responses goes.
pub(super) struct ClassProfile {
    /// Whether `status_code`, `body`, `background` and `raw_headers` are where we keep them.
    uses_our_slots: bool,
    /// Whether `init_headers` is ours.
    uses_our_init_headers: bool,
    /// What turns its content into bytes; `None` if a program wrote it.
    pub(super) render: Option<Render>,
    /// Whether its responses have tags added.
    pub(super) add_etags: Option<Strength>,
    /// `None` if `media_type` or `charset` is anything but text, so that each response is asked.
    content: Option<DefaultContent>,
}

/// What a class says of the content of all its responses.
pub(super) struct DefaultContent {
    /// The value of `Content-Type`, if the class has a media type.
    pub(super) content_type: Option<FieldValue>,
    pub(super) charset: String,
    /// The headers of the last responses.
    pub(super) heads: HeadCache,
}

impl ClassProfile {
    /// What is known of a class.
    pub(super) fn of(class: &Bound<'_, PyType>) -> PyResult<Rc<Self>> {
        thread_local! {
            static KNOWN: Shared<(TypeVersion, Rc<ClassProfile>), CLASSES> =
                const { Shared::new() };
        }
        KNOWN.with(|known| by_version(known, class, Self::look_up))
    }

    /// What the class says of its content, if the program overrides nothing except `render`.
    pub(super) fn default_content(&self) -> Option<&DefaultContent> {
        let ours = self.uses_our_slots && self.uses_our_init_headers;
        self.content.as_ref().filter(|_| ours)
    }

    /// Whether `status_code`, `body`, `background` and `raw_headers` are where we keep them.
    pub(super) const fn uses_our_slots(&self) -> bool {
        self.uses_our_slots
    }

    fn look_up(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let is_ours = |name: &Bound<'_, PyString>| -> PyResult<bool> {
            Ok(class_of_ours_with(class, name)?.is_some())
        };
        let object = py.get_type::<PyAny>();
        let mut uses_our_slots = true;
        for name in [intern!(py, "__setattr__"), intern!(py, "__getattribute__")] {
            uses_our_slots &= class.getattr(name)?.is(object.getattr(name)?);
        }
        for name in SLOTS {
            uses_our_slots &= is_ours(&PyString::intern(py, name))?;
        }
        let render = match class_of_ours_with(class, intern!(py, "render"))? {
            Some(ours) => Some(
                ours.getattr(intern!(py, "_renderer"))?
                    .cast::<Renderer>()?
                    .get()
                    .0,
            ),
            None => None,
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
                let content_type = content_type.transpose().ok();
                content_type.map(|content_type| DefaultContent {
                    content_type,
                    charset,
                    heads: HeadCache::default(),
                })
            }
            _ => None,
        };
        Ok(Self {
            uses_our_slots,
            uses_our_init_headers: is_ours(intern!(py, "init_headers"))?,
            render,
            add_etags: conditions::of_class(class)?,
            content,
        })
    }
}

/// Returns what is kept of a class in its present state, or looks it up.
pub(super) fn by_version<T, const PLACES: usize>(
    cache: &Shared<(TypeVersion, Rc<T>), PLACES>,
    class: &Bound<'_, PyType>,
    look_up: impl FnOnce(&Bound<'_, PyType>) -> PyResult<T>,
) -> PyResult<Rc<T>> {
    let Some(version) = TypeVersion::of(class) else {
        return look_up(class).map(Rc::new);
    };
    let known = cache.find(version.place(), |(own, known)| {
        (*own == version).then(|| Rc::clone(known))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let looked_up = Rc::new(look_up(class)?);
    // Looking up can give a class its first version.
    if let Some(version) = TypeVersion::of(class) {
        cache.put(version.place(), (version, Rc::clone(&looked_up)));
    }
    Ok(looked_up)
}

/// The class from which `class` has an attribute, if that is one of the extension module's, which no
/// program can change, or a class of the package's has it from the start.
pub(super) fn class_of_ours_with<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyType>>> {
    let py = class.py();
    for base in class.mro() {
        let own = base.getattr(intern!(py, "__dict__"))?;
        if own.contains(name)? {
            let is_ours = own.contains(intern!(py, "_native"))?
                || originals::is_original(&base, name, &own.get_item(name)?)?;
            return Ok(if is_ours {
                Some(base.cast_into()?)
            } else {
                None
            });
        }
    }
    Ok(None)
}

/// Classes that are remembered at a time; a program has a handful.
pub(super) const CLASSES: usize = 64;

const SLOTS: [&str; 4] = ["status_code", "body", "background", "raw_headers"];
