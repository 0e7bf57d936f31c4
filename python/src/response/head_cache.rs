//! The fields of a response when it is built, and those of the last ones like it.
//!
//! Whoever asks the core the same question again gets the same answer, so it is kept: for a status and
//! a length, and for the dictionary of headers that a program mostly writes out.

use crate::convert::{error, field_cache, field_list};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Body;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::cell::RefCell;

/// The fields of a response when it is built.
pub(crate) enum Fields {
    /// A list of its own.
    Own(Py<PyList>),
    /// The list of all responses like it, to be copied before anybody can change it. The core has
    /// planned them, too: but for HEAD, these fields are sent, and then the content.
    Settled(Py<PyList>),
}

impl Fields {
    /// These, and before them those that the caller adds, which change nothing else.
    pub(crate) fn after<'py>(
        self,
        py: Python<'py>,
        mut callers: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let mut with = |list: Py<PyList>| -> PyResult<_> {
            callers.extend(list.bind(py));
            Ok(PyList::new(py, &callers)?.unbind())
        };
        Ok(match self {
            Self::Own(list) => Self::Own(with(list)?),
            Self::Settled(list) => Self::Settled(with(list)?),
        })
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Own(list) => Self::Own(field_list::copy(list.bind(py)).unbind()),
            Self::Settled(list) => Self::Settled(list.clone_ref(py)),
        }
    }
}

/// The fields of the last responses of a class.
pub(crate) struct KnownFields {
    populated: RefCell<[Option<Populated>; LENGTHS]>,
    with_callers: RefCell<[Option<WithCallers>; DICTIONARIES]>,
}

impl Default for KnownFields {
    fn default() -> Self {
        Self {
            populated: RefCell::new([const { None }; LENGTHS]),
            with_callers: RefCell::new([const { None }; DICTIONARIES]),
        }
    }
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

impl KnownFields {
    /// The fields of a response to which the caller adds none.
    ///
    /// The core, which `populate` asks, answers the same question in the same way, so that an answer
    /// can be kept.
    pub(crate) fn populated<'py>(
        &self,
        py: Python<'py>,
        (status, length): (u16, u64),
        populate: impl FnOnce() -> PyResult<Bound<'py, PyList>>,
    ) -> PyResult<Fields> {
        let place = length as usize % LENGTHS;
        if let Some(known) = &self.populated.borrow()[place]
            && (known.status, known.length) == (status, length)
        {
            return Ok(known.fields.clone_ref(py));
        }
        let list = populate()?;
        let declared = field_list::declared(&list)?;
        let facts = ContentFacts {
            status,
            length: Some(length),
            declared: declared.borrowed(),
        };
        let plan = fixed::plan(facts, Method::Get).map_err(|error| error::response(&error))?;
        let fields = if plan.keeps_headers() && plan.body == Body::Content(()) {
            Fields::Settled(list.unbind())
        } else {
            Fields::Own(list.unbind())
        };
        let populated = Populated {
            status,
            length,
            fields: fields.clone_ref(py),
        };
        remember(&self.populated, place, populated);
        Ok(fields)
    }

    /// The fields of a response to which the caller adds those of `callers`.
    ///
    /// The same strings make the same fields, so that these can be kept, too.
    pub(crate) fn with_callers<'py>(
        &self,
        (status, length): (u16, u64),
        callers: &Bound<'py, PyDict>,
        add: impl FnOnce(&Bound<'py, PyDict>) -> PyResult<Fields>,
    ) -> PyResult<Fields> {
        let Some(strings) = Strings::of(callers) else {
            return add(callers);
        };
        let place = strings.place();
        if let Some(known) = &self.with_callers.borrow()[place]
            && (known.status, known.length) == (status, length)
            && known.callers == strings
        {
            return Ok(known.fields.clone_ref(callers.py()));
        }
        // One string that is new each time would make it a waste.
        let is_new = |(name, value)| !field_cache::knows(&name, &value);
        if callers.iter().any(is_new) {
            return add(callers);
        }
        // Nobody else can change the copy meanwhile.
        let holder = callers.copy()?;
        let Some(strings) = Strings::of(&holder) else {
            return add(callers);
        };
        let fields = add(&holder)?;
        let with_callers = WithCallers {
            status,
            length,
            callers: strings,
            _holder: holder.unbind(),
            fields: fields.clone_ref(callers.py()),
        };
        remember(&self.with_callers, place, with_callers);
        Ok(fields)
    }
}

/// Puts something in its place, unless that is looked at: to copy a list can run a program's own code,
/// which may build a response in its turn.
fn remember<T, const PLACES: usize>(places: &RefCell<[Option<T>; PLACES]>, place: usize, known: T) {
    if let Ok(mut places) = places.try_borrow_mut() {
        let before = places[place].replace(known);
        drop(places);
        drop(before);
    }
}

/// Lengths of content that are remembered at a time, for each class.
const LENGTHS: usize = 64;

/// Dictionaries of the caller's fields that are remembered at a time, for each class.
const DICTIONARIES: usize = 32;

/// A dictionary of more fields than these is not remembered.
const MAX_FIELDS: usize = 8;
