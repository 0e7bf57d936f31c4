//! Changes of a list of fields, and what they need of the list.

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

/// A list of header fields, as far as a plan changes it.
///
/// A face that keeps its fields in a list of its own implements it, and has every
/// [`HeaderPatch`] carried out by the same rule. Names are equal whatever their letter case.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::{FieldList, FieldName, FieldValue, HeaderPatch, Headers};
///
/// let mut headers = Headers::new();
/// headers.push(FieldName::ETAG, FieldValue::try_from("\"1\"")?)?;
/// HeaderPatch::Set(FieldName::ETAG, FieldValue::try_from("\"2\"")?).apply_to(&mut headers)?;
/// assert_eq!(headers.position(&FieldName::ETAG)?, Some(0));
/// assert_eq!(headers.get("etag").unwrap(), "\"2\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait FieldList {
    /// Why the list may refuse a change, or to be looked at.
    type Error;

    /// Returns the place of the first field of that name.
    ///
    /// # Errors
    ///
    /// The list's own.
    fn position(&self, name: &FieldName) -> Result<Option<usize>, Self::Error>;

    /// Adds a field at the end.
    ///
    /// # Errors
    ///
    /// The list's own.
    fn push(&mut self, name: FieldName, value: FieldValue) -> Result<(), Self::Error>;

    /// Puts a field in the place of the one at `place`, which [`position`](Self::position) returned.
    ///
    /// # Errors
    ///
    /// The list's own.
    fn replace(
        &mut self,
        place: usize,
        name: FieldName,
        value: FieldValue,
    ) -> Result<(), Self::Error>;

    /// Removes every field of that name that stands at `start` or behind it.
    ///
    /// # Errors
    ///
    /// The list's own.
    fn remove_from(&mut self, start: usize, name: &FieldName) -> Result<(), Self::Error>;

    /// Removes every field whose name, in lower case, `keep` does not hold for.
    ///
    /// # Errors
    ///
    /// The list's own.
    fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) -> Result<(), Self::Error>;
}
