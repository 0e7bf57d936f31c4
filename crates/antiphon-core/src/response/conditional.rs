//! What is sent instead of content because of the preconditions of a request: 304 and 412.

use crate::fields::{Declared, FieldName, FieldValue, HeaderPatch};
use crate::request::fields::RequestFields;
use crate::request::preconditions::Outcome;
use crate::response::plan::{Base, Body, Plan};
use alloc::vec::Vec;

/// Plans the answer that goes out instead of the content that `declared` describes; `None` if the content
/// does.
///
/// Preconditions are for 200 only. `now`, in seconds since 1970, is for dates with a year of two digits.
pub(super) fn instead_of_content<T>(
    status: u16,
    declared: Declared<&[u8]>,
    request: &RequestFields,
    now: i64,
) -> Option<Plan<T>> {
    let preconditions = request.preconditions();
    if status != 200 || preconditions.is_empty() {
        return None;
    }
    match preconditions.evaluate(declared.into(), request.method(), now) {
        Outcome::NotModified => Some(without_content(304)),
        Outcome::PreconditionFailed => Some(without_content(412)),
        Outcome::Proceed => None,
    }
}

/// The validators and what the caller has set, but nothing that describes content
/// (RFC 9110 §15.4.5).
pub(super) fn without_content<T>(status: u16) -> Plan<T> {
    let mut patches = Vec::new();
    if status != 304 {
        let length = FieldValue::from(0);
        patches.push(HeaderPatch::Append(FieldName::CONTENT_LENGTH, length));
    }
    Plan {
        status,
        headers: Base::WithoutContent,
        patches,
        body: Body::Empty,
    }
}
