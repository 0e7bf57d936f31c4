//! What a class of responses says of itself: which hooks it overrides, what its content is.
//!
//! Looking that up for each response costs more than building it, so it is kept for as long as the
//! class is as it was: a change of the class, or of one of its bases, gives it another version.

use crate::construct::{self, Version};
use crate::declared::Declared;
use crate::file::FileResponse;
use crate::json::JSONResponse;
use crate::memo;
use crate::redirect::RedirectResponse;
use crate::response::Response;
use antiphon_core::plan::Body;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyType};
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
    /// Its media type: text or `None`; anything else is asked of each response.
    pub(crate) media_type: Option<Option<String>>,
    /// Its charset; anything but text is asked of each response.
    pub(crate) charset: Option<String>,
    populated: RefCell<[Option<Populated>; LENGTHS]>,
    with_callers: RefCell<[Option<WithCallers>; DICTIONARIES]>,
}

/// The fields of a response to which the caller adds none.
struct Populated {
    status: u16,
    length: u64,
    fields: Fields,
}

/// The fields of a response to which the caller adds those of a dictionary.
struct WithCallers {
    status: u16,
    length: u64,
    callers: Strings,
    /// Holds the strings, so that no others can come to lie where they lie.
    _holder: Py<PyDict>,
    fields: Fields,
}

/// Where the strings of a dictionary lie: each name, then its value.
///
/// Programs mostly write header fields out, so that the strings are the same ones each time.
#[derive(PartialEq, Eq)]
struct Strings {
    addresses: [[usize; 2]; MAX_FIELDS],
}

impl Strings {
    /// `None` if there are too many, or something else than strings.
    fn of(dict: &Bound<'_, PyDict>) -> Option<Self> {
        let mut addresses = [[0; 2]; MAX_FIELDS];
        for (place, (name, value)) in dict.iter().enumerate() {
            let is_text = |object: &Bound<'_, PyAny>| object.is_exact_instance_of::<PyString>();
            if !is_text(&name) || !is_text(&value) {
                return None;
            }
            *addresses.get_mut(place)? = [name, value].map(|text| text.as_ptr().addr());
        }
        Some(Self { addresses })
    }

    fn place(&self) -> usize {
        let mix = |mixed: usize, [_, value]: &[usize; 2]| mixed.rotate_left(3) ^ (value >> 4);
        self.addresses.iter().fold(0, mix) % DICTIONARIES
    }
}

/// The fields of a response when it is built.
pub(crate) enum Fields {
    /// A list of its own.
    Own(Py<PyList>),
    /// The list of all responses like it, to be copied before anybody can change it. The core has
    /// planned them, too: but for HEAD, these fields are sent, and then the content.
    Settled(Py<PyList>),
}

impl Fields {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Own(list) => Self::Own(copy(list.bind(py))),
            Self::Settled(list) => Self::Settled(list.clone_ref(py)),
        }
    }
}

/// A list of its own.
pub(crate) fn copy(list: &Bound<'_, PyList>) -> Py<PyList> {
    list.get_slice(0, list.len()).unbind()
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
    /// Tells whether a program has no hand in how a response of this class is built, unless in how
    /// it is rendered.
    pub(crate) const fn is_plain(&self) -> bool {
        self.keeps_attributes && self.inits_headers
    }

    /// Tells whether the class alone says of what type the content is, and not each response.
    const fn is_asked_alone(&self) -> bool {
        self.media_type.is_some() && self.charset.is_some()
    }

    /// What is known of `class`.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> PyResult<Rc<Self>> {
        let Some(version) = construct::version(class) else {
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
        if let Some(version) = construct::version(class) {
            let before = KNOWN
                .with_borrow_mut(|known| known[place].replace((version, Rc::clone(&looked_up))));
            drop(before);
        }
        Ok(looked_up)
    }

    /// The fields of a response to which the caller adds none.
    ///
    /// The core, which `populate` asks, answers the same question in the same way, so that an answer
    /// can be kept.
    pub(crate) fn populated<'py>(
        &self,
        py: Python<'py>,
        status: u16,
        length: u64,
        populate: impl FnOnce() -> PyResult<Bound<'py, PyList>>,
    ) -> PyResult<Fields> {
        if !self.is_asked_alone() {
            return Ok(Fields::Own(populate()?.unbind()));
        }
        let place = length as usize % LENGTHS;
        if let Some(known) = &self.populated.borrow()[place]
            && (known.status, known.length) == (status, length)
        {
            return Ok(known.fields.clone_ref(py));
        }
        let list = populate()?;
        let plan = Declared::of(&list)?.plan(py, status, Some(length), false)?;
        let fields = if plan.patches.is_empty() && plan.body == Body::Bytes {
            Fields::Settled(list.unbind())
        } else {
            Fields::Own(list.unbind())
        };
        self.populated.borrow_mut()[place] = Some(Populated {
            status,
            length,
            fields: fields.clone_ref(py),
        });
        Ok(fields)
    }

    /// The fields of a response to which the caller adds those of `callers`.
    ///
    /// The same strings make the same fields, so that these can be kept, too.
    pub(crate) fn with_callers(
        &self,
        (status, length): (u16, u64),
        callers: &Bound<'_, PyDict>,
        add: impl FnOnce() -> PyResult<Fields>,
    ) -> PyResult<Fields> {
        let Some(strings) = Strings::of(callers).filter(|_| self.is_asked_alone()) else {
            return add();
        };
        let place = strings.place();
        if let Some(known) = &self.with_callers.borrow()[place]
            && (known.status, known.length) == (status, length)
            && known.callers == strings
        {
            return Ok(known.fields.clone_ref(callers.py()));
        }
        // One string that is new each time would make it a waste.
        let is_new = |(name, value)| !memo::knows(&name, &value);
        if callers.iter().any(is_new) {
            return add();
        }
        let fields = add()?;
        let with_callers = WithCallers {
            status,
            length,
            callers: strings,
            _holder: callers.copy()?.unbind(),
            fields: fields.clone_ref(callers.py()),
        };
        let before = self.with_callers.borrow_mut()[place].replace(with_callers);
        drop(before);
        Ok(fields)
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
        let media_type = match class.getattr_opt(intern!(py, "media_type"))? {
            Some(none) if none.is_none() => Some(None),
            Some(other) => other.extract().ok().map(Some),
            None => None,
        };
        let charset = class.getattr_opt(intern!(py, "charset"))?;
        let charset = charset.and_then(|charset| charset.extract().ok());
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
            constructor: construct::constructor(class)?.filter(|_| allocates),
            keeps_attributes,
            render,
            inits_headers: same(&ours, intern!(py, "init_headers"))?,
            media_type,
            charset,
            populated: RefCell::new([const { None }; LENGTHS]),
            with_callers: RefCell::new([const { None }; DICTIONARIES]),
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

/// Lengths of content that are remembered at a time, for each class.
const LENGTHS: usize = 64;

/// Dictionaries of the caller's fields that are remembered at a time, for each class.
const DICTIONARIES: usize = 32;

/// A dictionary of more fields than these is not remembered.
const MAX_FIELDS: usize = 8;

const ATTRIBUTES: [&str; 4] = ["status_code", "body", "background", "raw_headers"];
