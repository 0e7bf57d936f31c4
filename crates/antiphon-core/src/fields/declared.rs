//! What a list of fields says of the message that it heads.

use super::FieldName;

/// The fields of a list that the rules ask about; `V` is what a value is held in.
///
/// A program sets fields of its own, and what it says counts. The first field of a name is heeded.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Declared;
///
/// let declared = Declared::of([("etag", "\"1\""), ("x-a", "b"), ("etag", "\"2\"")]);
/// assert_eq!(declared.etag, Some("\"1\""));
/// assert!(!declared.has_transfer_encoding);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared<V> {
    /// `Content-Length`
    pub content_length: Option<V>,
    /// `Content-Type`
    pub content_type: Option<V>,
    /// `ETag`
    pub etag: Option<V>,
    /// `Last-Modified`
    pub last_modified: Option<V>,
    /// Whether there is a `Transfer-Encoding`.
    pub has_transfer_encoding: bool,
}

impl<V> Default for Declared<V> {
    fn default() -> Self {
        Self {
            content_length: None,
            content_type: None,
            etag: None,
            last_modified: None,
            has_transfer_encoding: false,
        }
    }
}

impl<V> Declared<V> {
    /// Reads a list of fields: names in lower case, and values.
    #[must_use]
    pub fn of<N: AsRef<[u8]>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut declared = Self::default();
        for (name, value) in fields {
            declared.note(name.as_ref(), || value);
        }
        declared
    }

    /// Reads one more field, whose name is in lower case; `value` is asked for if it counts.
    ///
    /// Returns whether the field is one that the rules ask about.
    pub fn note(&mut self, name: &[u8], value: impl FnOnce() -> V) -> bool {
        let is = |own: FieldName| own.as_bytes() == name;
        let field = match name.first() {
            Some(b'c') if is(FieldName::CONTENT_LENGTH) => &mut self.content_length,
            Some(b'c') if is(FieldName::CONTENT_TYPE) => &mut self.content_type,
            Some(b'e') if is(FieldName::ETAG) => &mut self.etag,
            Some(b'l') if is(FieldName::LAST_MODIFIED) => &mut self.last_modified,
            Some(b't') if is(FieldName::TRANSFER_ENCODING) => {
                self.has_transfer_encoding = true;
                return true;
            }
            _ => return false,
        };
        field.get_or_insert_with(value);
        true
    }
}

impl<V: AsRef<[u8]>> Declared<V> {
    /// The same, with the values borrowed.
    #[must_use]
    pub fn borrowed(&self) -> Declared<&[u8]> {
        Declared {
            content_length: self.content_length.as_ref().map(V::as_ref),
            content_type: self.content_type.as_ref().map(V::as_ref),
            etag: self.etag.as_ref().map(V::as_ref),
            last_modified: self.last_modified.as_ref().map(V::as_ref),
            has_transfer_encoding: self.has_transfer_encoding,
        }
    }
}
