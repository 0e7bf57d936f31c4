//! The header of a response when it is built, and those of the last ones like it.
//!
//! The core answers the same question in the same way, so its answer is kept: for a status and a
//! length, and for the dictionary of headers that a program mostly writes out.

use crate::convert::{error, field_cache, field_list};
use crate::direct_mapped::Shared;
use antiphon_core::request::method::Method;
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Body;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// The header of a response when it is built.
pub(super) enum Head {
    /// A list of its own.
    Own(Py<PyList>),
    /// The list of all responses like it, to be copied before anybody can change it. The core has
    /// planned them, too: these fields are sent, and then the content, except after HEAD.
    Shared(Py<PyList>),
}

impl Head {
    /// Puts the caller's fields before these; they change nothing else.
    pub(super) fn after<'py>(
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
            Self::Shared(list) => Self::Shared(with(list)?),
        })
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Own(list) => Self::Own(field_list::copy(list.bind(py)).unbind()),
            Self::Shared(list) => Self::Shared(list.clone_ref(py)),
        }
    }
}

/// The headers of the last responses of a class.
pub(super) struct HeadCache {
    without_callers: Shared<WithoutCallers, LENGTHS>,
    with_callers: Shared<WithCallers, DICTIONARIES>,
}

impl Default for HeadCache {
    fn default() -> Self {
        Self {
            without_callers: Shared::new(),
            with_callers: Shared::new(),
        }
    }
}

/// The header of a response to which the caller adds no field.
struct WithoutCallers {
    status: u16,
    length: u64,
    head: Head,
}

/// The header of a response to which the caller adds those of a dictionary.
struct WithCallers {
    status: u16,
    length: u64,
    callers: Strings,
    /// Holds the strings, so that no others can come to lie where they lie.
    _holder: Py<PyDict>,
    head: Head,
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
        self.addresses.iter().fold(0, mix)
    }
}

impl HeadCache {
    /// The header of a response to which the caller adds no field; `describe` makes it.
    pub(super) fn without_callers<'py>(
        &self,
        py: Python<'py>,
        (status, length): (u16, u64),
        describe: impl FnOnce() -> PyResult<Bound<'py, PyList>>,
    ) -> PyResult<Head> {
        let place = length as usize;
        let known = self.without_callers.find(place, |known| {
            let same = (known.status, known.length) == (status, length);
            same.then(|| known.head.clone_ref(py))
        });
        if let Some(head) = known {
            return Ok(head);
        }
        let list = describe()?;
        let declared = field_list::declared(&list)?;
        let facts = ContentFacts {
            status,
            length: Some(length),
            declared: declared.borrowed(),
        };
        let plan = fixed::plan(facts, Method::Get).map_err(|error| error::response(&error))?;
        let head = if plan.keeps_headers() && plan.body == Body::Content(()) {
            Head::Shared(list.unbind())
        } else {
            Head::Own(list.unbind())
        };
        let known = WithoutCallers {
            status,
            length,
            head: head.clone_ref(py),
        };
        self.without_callers.put(place, known);
        Ok(head)
    }

    /// The header of a response to which the caller adds the fields of `callers`; `add` makes it.
    pub(super) fn with_callers<'py>(
        &self,
        (status, length): (u16, u64),
        callers: &Bound<'py, PyDict>,
        add: impl FnOnce(&Bound<'py, PyDict>) -> PyResult<Head>,
    ) -> PyResult<Head> {
        let py = callers.py();
        let Some(strings) = Strings::of(callers) else {
            return add(callers);
        };
        let place = strings.place();
        let known = self.with_callers.find(place, |known| {
            let same = (known.status, known.length) == (status, length);
            (same && known.callers == strings).then(|| known.head.clone_ref(py))
        });
        if let Some(head) = known {
            return Ok(head);
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
        let head = add(&holder)?;
        let known = WithCallers {
            status,
            length,
            callers: strings,
            _holder: holder.unbind(),
            head: head.clone_ref(py),
        };
        self.with_callers.put(place, known);
        Ok(head)
    }
}

/// Lengths of content that are remembered at a time, for each class.
const LENGTHS: usize = 64;

/// Dictionaries of the caller's fields that are remembered at a time, for each class.
const DICTIONARIES: usize = 32;

/// A dictionary of more fields than these is not remembered.
const MAX_FIELDS: usize = 8;
