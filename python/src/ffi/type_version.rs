//! The version of a class, by which what is known of it can be kept.
#![expect(
    unsafe_code,
    reason = "CPython keeps a class's version in a field of its struct"
)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Tells one state of a class from all others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeVersion {
    class: usize,
    tag: u32,
}

impl TypeVersion {
    /// The version of a class; `None` while the interpreter has given it none.
    ///
    /// CPython gives every state of every class a number of its own, by which it keeps what it has
    /// looked up itself, and takes it away when the class or one of its bases changes.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> Option<Self> {
        let class: *const ffi::PyTypeObject = class.as_type_ptr();
        // SAFETY: `class` is a live type object, and the attached thread alone writes to it.
        let (tag, flags) = unsafe { ((*class).tp_version_tag, (*class).tp_flags) };
        // Until 3.11 a tag that counts no longer may be left behind, without the flag.
        let counts = cfg!(Py_3_12) || flags & VALID_VERSION_TAG != 0;
        (tag != 0 && counts).then_some(Self {
            class: class.addr(),
            tag,
        })
    }

    /// The place of the class in a cache.
    pub(crate) const fn place(self) -> usize {
        self.class >> 4
    }
}

/// `Py_TPFLAGS_VALID_VERSION_TAG`
const VALID_VERSION_TAG: std::ffi::c_ulong = 1 << 19;
