//! Changes of a list of fields.

use super::{FieldList, FieldName, FieldValue};

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

impl HeaderPatch {
    /// Carries out the change.
    ///
    /// # Errors
    ///
    /// Those of the list.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
    ///
    /// let mut headers = Headers::new();
    /// headers.append("content-length", "7")?;
    /// HeaderPatch::SetDefault(FieldName::CONTENT_LENGTH, FieldValue::from(5)).apply_to(&mut headers)?;
    /// assert_eq!(headers.get("content-length").unwrap(), "7");
    /// HeaderPatch::Remove(FieldName::CONTENT_LENGTH).apply_to(&mut headers)?;
    /// assert!(headers.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_to<L: FieldList>(self, list: &mut L) -> Result<(), L::Error> {
        match self {
            Self::Append(name, value) => list.push(name, value),
            Self::Set(name, value) => match list.position(&name)? {
                Some(first) => {
                    list.remove_from(first + 1, &name)?;
                    list.replace(first, name, value)
                }
                None => list.push(name, value),
            },
            Self::SetDefault(name, value) => match list.position(&name)? {
                Some(_) => Ok(()),
                None => list.push(name, value),
            },
            Self::Remove(name) => list.remove_from(0, &name),
        }
    }
}
