//! An ordered list of fields.

use super::{Declared, FieldList, FieldName, FieldValue, HeaderPatch, InvalidHeader, field};
use alloc::vec::Vec;
use core::convert::Infallible;

/// The header fields of a message, in the order in which they are sent.
///
/// A name may occur more than once. Names are compared without regard to case, since they are kept
/// in lower case.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("Link", "</a>; rel=preload")?;
/// headers.append("Link", "</b>; rel=preload")?;
/// assert_eq!(headers.iter().count(), 2);
/// headers.set("link", "</c>; rel=preload")?;
/// assert_eq!(headers.get("link").unwrap(), "</c>; rel=preload");
/// assert!(headers.append("x-a", "1\r\nset-cookie: b=2").is_err());
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(FieldName, FieldValue)>,
}

impl Headers {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// An empty list with room for `fields` header fields.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            fields: Vec::with_capacity(fields),
        }
    }

    /// Makes room for so many more header fields.
    pub fn reserve(&mut self, fields: usize) {
        self.fields.reserve(fields);
    }

    /// Adds a field at the end, beside those of the same name.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if the name is not a token or the value holds a control character.
    pub fn append<N, V>(&mut self, name: N, value: V) -> Result<(), InvalidHeader>
    where
        N: TryInto<FieldName, Error: Into<InvalidHeader>>,
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (name, value) = field(name, value)?;
        self.fields.push((name, value));
        Ok(())
    }

    /// Gives the first field of that name this value and removes the others; adds it at the end if
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if the name is not a token or the value holds a control character.
    pub fn set<N, V>(&mut self, name: N, value: V) -> Result<(), InvalidHeader>
    where
        N: TryInto<FieldName, Error: Into<InvalidHeader>>,
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (name, value) = field(name, value)?;
        self.apply(HeaderPatch::Set(name, value));
        Ok(())
    }

    /// Adds a field at the end, unless there is one of that name.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if the name is not a token or the value holds a control character.
    pub fn set_default<N, V>(&mut self, name: N, value: V) -> Result<(), InvalidHeader>
    where
        N: TryInto<FieldName, Error: Into<InvalidHeader>>,
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (name, value) = field(name, value)?;
        self.apply(HeaderPatch::SetDefault(name, value));
        Ok(())
    }

    /// Removes all fields of that name and tells whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.fields.len();
        self.fields.retain(|(own, _)| !own.is(name));
        self.fields.len() != before
    }

    /// Carries out what a plan asks for.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
    ///
    /// let mut headers = Headers::new();
    /// headers.apply(HeaderPatch::SetDefault(FieldName::CONTENT_LENGTH, FieldValue::from(5)));
    /// assert_eq!(headers.get("content-length").unwrap(), "5");
    /// ```
    pub fn apply(&mut self, patch: HeaderPatch) {
        let Ok(()) = patch.apply_to(self);
    }

    /// What the fields say that the rules ask about.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::fields::Headers;
    ///
    /// let mut headers = Headers::new();
    /// headers.append("etag", "\"1\"")?;
    /// assert_eq!(headers.declared().etag, Some(&b"\"1\""[..]));
    /// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
    /// ```
    #[must_use]
    pub fn declared(&self) -> Declared<&[u8]> {
        let fields = self.fields.iter();
        Declared::of(fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    /// The value of the first field of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.fields
            .iter()
            .find(|(own, _)| own.is(name))
            .map(|(_, value)| value)
    }

    /// The values of all fields of that name, in their order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldValue> {
        self.fields
            .iter()
            .filter(move |(own, _)| own.is(name))
            .map(|(_, value)| value)
    }

    /// Tells whether there is a field of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The number of fields; a name that occurs twice counts twice.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Tells whether there is no field.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// All fields, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &FieldValue)> {
        self.fields.iter().map(|(name, value)| (name, value))
    }
}

impl FieldList for Headers {
    type Error = Infallible;

    fn position(&self, name: &FieldName) -> Result<Option<usize>, Infallible> {
        Ok(self.fields.iter().position(|(own, _)| own == name))
    }

    fn push(&mut self, name: FieldName, value: FieldValue) -> Result<(), Infallible> {
        self.fields.push((name, value));
        Ok(())
    }

    fn replace(
        &mut self,
        place: usize,
        name: FieldName,
        value: FieldValue,
    ) -> Result<(), Infallible> {
        self.fields[place] = (name, value);
        Ok(())
    }

    fn remove_from(&mut self, start: usize, name: &FieldName) -> Result<(), Infallible> {
        let mut place = 0;
        self.fields.retain(|(own, _)| {
            place += 1;
            place <= start || own != name
        });
        Ok(())
    }

    fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) -> Result<(), Infallible> {
        self.fields.retain(|(name, _)| keep(name.as_bytes()));
        Ok(())
    }
}

impl IntoIterator for Headers {
    type Item = (FieldName, FieldValue);
    type IntoIter = alloc::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.into_iter()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a (FieldName, FieldValue);
    type IntoIter = core::slice::Iter<'a, (FieldName, FieldValue)>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.iter()
    }
}

impl FromIterator<(FieldName, FieldValue)> for Headers {
    fn from_iter<I: IntoIterator<Item = (FieldName, FieldValue)>>(fields: I) -> Self {
        Self {
            fields: fields.into_iter().collect(),
        }
    }
}

impl Extend<(FieldName, FieldValue)> for Headers {
    fn extend<I: IntoIterator<Item = (FieldName, FieldValue)>>(&mut self, fields: I) {
        self.fields.extend(fields);
    }
}
