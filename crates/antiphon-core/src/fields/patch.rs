//! Changes of a list of fields.

use super::{FieldName, FieldValue};

/// One change that a plan makes to a response's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderPatch {
    /// Adds a field at the end.
    Append(FieldName, FieldValue),
    /// Replaces all fields of that name by one, in the place of the first.
    Set(FieldName, FieldValue),
    /// Adds a field at the end unless the caller has given one.
    SetDefault(FieldName, FieldValue),
    /// Removes all fields of that name.
    Remove(FieldName),
}
