//! Whether a response is to have a tag and answer preconditions, and who wants that.

use antiphon_core::fields::FieldValue;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyType};

/// How a tag compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    Strong,
    Weak,
}

/// Whose wish it is that a response has a tag, and that preconditions are answered.
pub(super) enum Conditions {
    /// Its class's, by `add_etags`: a tag is made when a request is there that it can serve.
    Class(Strength),
    /// The program's, by `add_etag`, with the tag that was made then, if there was none.
    Program(Strength, Option<FieldValue>),
}

/// What a class says by `add_etags`.
pub(super) fn of_class(class: &Bound<'_, PyType>) -> PyResult<Option<Strength>> {
    let Some(said) = class.getattr_opt(intern!(class.py(), "add_etags"))? else {
        return Ok(None);
    };
    if let Ok(flag) = said.cast::<PyBool>() {
        return Ok(flag.is_true().then_some(Strength::Strong));
    }
    match said.extract::<&str>() {
        Ok("weak") => Ok(Some(Strength::Weak)),
        _ => Err(PyValueError::new_err(format!(
            "{}.add_etags: expected True, False or \"weak\", but found {}",
            class.name()?,
            said.repr()?
        ))),
    }
}

impl Conditions {
    /// What a copy of a response is told: `"class"` or `"program"`, and `"weak"` or `"strong"`.
    pub(super) const fn state(&self) -> (&'static str, &'static str) {
        let (whose, strength) = match self {
            Self::Class(strength) => ("class", strength),
            Self::Program(strength, _) => ("program", strength),
        };
        match strength {
            Strength::Strong => (whose, "strong"),
            Strength::Weak => (whose, "weak"),
        }
    }

    /// What a copy has been told.
    pub(super) fn of_state((whose, strength): (&str, &str)) -> Self {
        let strength = match strength {
            "weak" => Strength::Weak,
            _ => Strength::Strong,
        };
        match whose {
            "class" => Self::Class(strength),
            _ => Self::Program(strength, None),
        }
    }
}
