//! What the header fields of a response say of its framing, and the plan that follows from it.

use crate::{error, field};
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Plan;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList};

/// What the program says of the message's framing.
#[derive(Default)]
pub(crate) struct Declared<'py> {
    length: Option<Bound<'py, PyAny>>,
    pub(crate) transfer_encoding: bool,
}

impl<'py> Declared<'py> {
    pub(crate) fn of(list: &Bound<'py, PyList>) -> PyResult<Self> {
        let mut declared = Self::default();
        for item in list.iter() {
            if declared.length.is_none() && field::is_named(&item, b"content-length")? {
                let (_, length) = field::parts(&item)?;
                declared.length = Some(match length.cast::<PyByteArray>() {
                    Ok(length) => PyBytes::new(length.py(), &length.to_vec()).into_any(),
                    Err(_) => length,
                });
            }
            declared.transfer_encoding |= field::is_named(&item, b"transfer-encoding")?;
        }
        Ok(declared)
    }

    /// Plans what is sent.
    pub(crate) fn plan(
        &self,
        py: Python<'_>,
        status: u16,
        length: Option<u64>,
        head: bool,
    ) -> PyResult<Plan> {
        let facts = ContentFacts {
            status,
            head,
            length,
            media_type: None,
            charset: "",
            declared_length: self.length(),
            declares_transfer_encoding: self.transfer_encoding,
        };
        fixed::plan(facts).map_err(|error| error::response(py, None, &error))
    }

    pub(crate) fn length(&self) -> Option<&[u8]> {
        let length = self.length.as_ref()?;
        Some(
            length
                .cast::<PyBytes>()
                .map_or(b"", |length| length.as_bytes()),
        )
    }
}
