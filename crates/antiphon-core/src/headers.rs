//! Header fields: an ordered list of names and values ([RFC 9110 §5]).
//!
//! A name is a token in lower case, a value holds no control character but the tab: a [`Headers`]
//! that could split a message cannot be built. Folding (`obs-fold`) is not supported, nor are
//! trailers.
//!
//! [RFC 9110 §5]: https://www.rfc-editor.org/rfc/rfc9110#section-5

use crate::http_date::HttpDate;
use crate::token;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

/// The header fields of a message, in the order in which they are sent.
///
/// A name may occur more than once. Names are compared without regard to case, since they are kept
/// in lower case.
///
/// # Examples
///
/// ```
/// use antiphon_core::headers::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("Link", "</a>; rel=preload")?;
/// headers.append("Link", "</b>; rel=preload")?;
/// assert_eq!(headers.iter().count(), 2);
/// headers.set("link", "</c>; rel=preload")?;
/// assert_eq!(headers.get("link").unwrap(), "</c>; rel=preload");
/// assert!(headers.append("x-a", "1\r\nset-cookie: b=2").is_err());
/// # Ok::<(), antiphon_core::headers::InvalidHeader>(())
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
    /// use antiphon_core::headers::{FieldName, FieldValue, HeaderPatch, Headers};
    ///
    /// let mut headers = Headers::new();
    /// headers.apply(HeaderPatch::SetDefault(FieldName::CONTENT_LENGTH, FieldValue::from(5)));
    /// assert_eq!(headers.get("content-length").unwrap(), "5");
    /// ```
    pub fn apply(&mut self, patch: HeaderPatch) {
        match patch {
            HeaderPatch::Append(name, value) => self.fields.push((name, value)),
            HeaderPatch::Set(name, value) => {
                let Some(first) = self.fields.iter().position(|(own, _)| *own == name) else {
                    return self.fields.push((name, value));
                };
                let mut index = 0;
                self.fields.retain(|(own, _)| {
                    index += 1;
                    index <= first + 1 || *own != name
                });
                self.fields[first].1 = value;
            }
            HeaderPatch::SetDefault(name, value) => {
                if !self.fields.iter().any(|(own, _)| *own == name) {
                    self.fields.push((name, value));
                }
            }
            HeaderPatch::Remove(name) => self.fields.retain(|(own, _)| *own != name),
        }
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

impl IntoIterator for Headers {
    type Item = (FieldName, FieldValue);
    type IntoIter = alloc::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.into_iter()
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

fn field<N, V>(name: N, value: V) -> Result<(FieldName, FieldValue), InvalidHeader>
where
    N: TryInto<FieldName, Error: Into<InvalidHeader>>,
    V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
{
    let name = name.try_into().map_err(Into::into)?;
    let value = value
        .try_into()
        .map_err(|error| error.into().of_field(&name))?;
    Ok((name, value))
}

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

/// The name of a field: a token in lower case ([RFC 9110 §5.1]).
///
/// # Examples
///
/// ```
/// use antiphon_core::headers::FieldName;
///
/// let name = FieldName::try_from("X-Request-Id")?;
/// assert_eq!(name.as_str(), "x-request-id");
/// assert!(FieldName::try_from("x request id").is_err());
/// # Ok::<(), antiphon_core::headers::InvalidHeader>(())
/// ```
///
/// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldName(Cow<'static, str>);

impl FieldName {
    /// `accept-ranges`
    pub const ACCEPT_RANGES: Self = Self(Cow::Borrowed("accept-ranges"));
    /// `cache-control`
    pub const CACHE_CONTROL: Self = Self(Cow::Borrowed("cache-control"));
    /// `content-disposition`
    pub const CONTENT_DISPOSITION: Self = Self(Cow::Borrowed("content-disposition"));
    /// `content-encoding`
    pub const CONTENT_ENCODING: Self = Self(Cow::Borrowed("content-encoding"));
    /// `content-language`
    pub const CONTENT_LANGUAGE: Self = Self(Cow::Borrowed("content-language"));
    /// `content-length`
    pub const CONTENT_LENGTH: Self = Self(Cow::Borrowed("content-length"));
    /// `content-range`
    pub const CONTENT_RANGE: Self = Self(Cow::Borrowed("content-range"));
    /// `content-type`
    pub const CONTENT_TYPE: Self = Self(Cow::Borrowed("content-type"));
    /// `etag`
    pub const ETAG: Self = Self(Cow::Borrowed("etag"));
    /// `last-modified`
    pub const LAST_MODIFIED: Self = Self(Cow::Borrowed("last-modified"));
    /// `location`
    pub const LOCATION: Self = Self(Cow::Borrowed("location"));
    /// `set-cookie`
    pub const SET_COOKIE: Self = Self(Cow::Borrowed("set-cookie"));

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl TryFrom<&str> for FieldName {
    type Error = InvalidHeader;

    fn try_from(name: &str) -> Result<Self, InvalidHeader> {
        Self::try_from(String::from(name))
    }
}

impl TryFrom<String> for FieldName {
    type Error = InvalidHeader;

    fn try_from(mut name: String) -> Result<Self, InvalidHeader> {
        if !token::is_token(&name) {
            let found = name
                .char_indices()
                .find(|(_, c)| !c.is_ascii() || !token::is_tchar(*c as u8));
            return Err(InvalidHeader {
                fault: Fault::Name(found),
                field: name,
            });
        }
        name.make_ascii_lowercase();
        Ok(Self(Cow::Owned(name)))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The value of a field: Latin-1 text without control characters, but for the tab ([RFC 9110
/// §5.5]).
///
/// # Examples
///
/// ```
/// use antiphon_core::headers::FieldValue;
///
/// assert_eq!(FieldValue::try_from("café")?.as_bytes(), b"caf\xE9");
/// assert!(FieldValue::try_from("a\r\nx-b: 1").is_err());
/// assert!(FieldValue::try_from("茶").is_err());
/// # Ok::<(), antiphon_core::headers::InvalidHeader>(())
/// ```
///
/// # Starlette
///
/// Text is encoded in Latin-1, as there. Control characters, which Starlette passes on, are refused
/// (divergence D-1).
///
/// [RFC 9110 §5.5]: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
#[derive(Clone)]
pub struct FieldValue(Repr);

/// Static text and numbers, which most responses consist of, cost no allocation.
#[derive(Clone)]
enum Repr {
    Static(&'static [u8]),
    Owned(Vec<u8>),
    Number { digits: [u8; 20], start: u8 },
}

impl FieldValue {
    /// `bytes`, the unit of `accept-ranges`.
    pub const BYTES: Self = Self(Repr::Static(b"bytes"));

    /// The bytes as they are sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Static(bytes) => bytes,
            Repr::Owned(bytes) => bytes,
            Repr::Number { digits, start } => &digits[usize::from(*start)..],
        }
    }

    /// The bytes as they are sent: borrowed if they live as long as the program, owned otherwise.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'static, [u8]> {
        match self.0 {
            Repr::Static(bytes) => Cow::Borrowed(bytes),
            Repr::Owned(bytes) => Cow::Owned(bytes),
            Repr::Number { digits, start } => Cow::Owned(digits[usize::from(start)..].to_vec()),
        }
    }

    /// The value as text: its bytes are read as Latin-1.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.as_bytes().iter().copied().map(char::from).collect()
    }

    /// Takes text that a rule has made of visible ASCII characters and spaces.
    pub(crate) fn from_visible_ascii(text: String) -> Self {
        debug_assert!(
            text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{text:?}"
        );
        Self(Repr::Owned(text.into_bytes()))
    }
}

impl From<u64> for FieldValue {
    fn from(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return Self(Repr::Number {
                    digits,
                    start: start as u8,
                });
            }
        }
    }
}

impl From<HttpDate> for FieldValue {
    fn from(date: HttpDate) -> Self {
        Self(Repr::Owned(date.encode().to_vec()))
    }
}

impl TryFrom<&str> for FieldValue {
    type Error = InvalidHeader;

    fn try_from(text: &str) -> Result<Self, InvalidHeader> {
        if text.is_ascii() {
            return Self::try_from(text.as_bytes());
        }
        let mut bytes = Vec::with_capacity(text.len());
        for (position, character) in text.chars().enumerate() {
            let Ok(byte) = u8::try_from(u32::from(character)) else {
                return Err(InvalidHeader::in_value(Fault::NotLatin1 {
                    character,
                    position,
                }));
            };
            bytes.push(byte);
        }
        Self::try_from(bytes)
    }
}

impl TryFrom<String> for FieldValue {
    type Error = InvalidHeader;

    fn try_from(text: String) -> Result<Self, InvalidHeader> {
        if text.is_ascii() {
            Self::try_from(text.into_bytes())
        } else {
            Self::try_from(&*text)
        }
    }
}

impl TryFrom<&[u8]> for FieldValue {
    type Error = InvalidHeader;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidHeader> {
        check(bytes)?;
        Ok(Self(Repr::Owned(bytes.to_vec())))
    }
}

impl TryFrom<Vec<u8>> for FieldValue {
    type Error = InvalidHeader;

    fn try_from(bytes: Vec<u8>) -> Result<Self, InvalidHeader> {
        check(&bytes)?;
        Ok(Self(Repr::Owned(bytes)))
    }
}

impl FieldValue {
    /// Takes text that lives as long as the program, without a copy.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if it holds a control character or is not ASCII.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::headers::FieldValue;
    ///
    /// assert_eq!(FieldValue::from_static("no-store")?, "no-store");
    /// # Ok::<(), antiphon_core::headers::InvalidHeader>(())
    /// ```
    pub fn from_static(text: &'static str) -> Result<Self, InvalidHeader> {
        if !text.is_ascii() {
            return Self::try_from(text);
        }
        check(text.as_bytes())?;
        Ok(Self(Repr::Static(text.as_bytes())))
    }
}

fn check(bytes: &[u8]) -> Result<(), InvalidHeader> {
    let refused = |byte: u8| (byte < b' ' && byte != b'\t') | (byte == 0x7F);
    // Without a way out of the loop the compiler looks at many bytes at a time.
    if !bytes.iter().fold(false, |any, byte| any | refused(*byte)) {
        return Ok(());
    }
    let position = bytes
        .iter()
        .position(|byte| refused(*byte))
        .unwrap_or_default();
    Err(InvalidHeader::in_value(Fault::Control {
        byte: bytes[position],
        position,
    }))
}

impl PartialEq for FieldValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for FieldValue {}

impl PartialEq<str> for FieldValue {
    fn eq(&self, other: &str) -> bool {
        self.to_text() == other
    }
}

impl PartialEq<&str> for FieldValue {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), formatter)
    }
}

/// The error of a header field that cannot be sent.
///
/// # Examples
///
/// ```
/// use antiphon_core::headers::Headers;
///
/// let error = Headers::new().append("x-a", "1\n2").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "header `x-a`: expected a value without control characters, but found the byte 0x0A at position 1",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeader {
    field: String,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Name(Option<(usize, char)>),
    Control { byte: u8, position: usize },
    NotLatin1 { character: char, position: usize },
}

impl InvalidHeader {
    const fn in_value(fault: Fault) -> Self {
        Self {
            field: String::new(),
            fault,
        }
    }

    fn of_field(mut self, name: &FieldName) -> Self {
        self.field = name.as_str().into();
        self
    }

    /// The name of the field that was refused, as given; empty if a value was made on its own.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Tells whether the value is fit to be sent but for a character that Latin-1 has not.
    ///
    /// Starlette raises `UnicodeEncodeError` for it, and `ValueError` is right for all else.
    #[must_use]
    pub const fn is_not_latin1(&self) -> bool {
        matches!(self.fault, Fault::NotLatin1 { .. })
    }
}

impl From<Infallible> for InvalidHeader {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fault, self.field.as_str()) {
            (Fault::Name(None), _) => {
                return formatter.write_str("header name: expected a token, but found none");
            }
            (Fault::Name(Some((position, character))), name) => {
                return write!(
                    formatter,
                    "header name {name:?}: expected a token, but found {character:?} at position {position}"
                );
            }
            (_, "") => formatter.write_str("header value: ")?,
            (_, name) => write!(formatter, "header `{name}`: ")?,
        }
        match self.fault {
            Fault::Control { byte, position } => write!(
                formatter,
                "expected a value without control characters, but found the byte 0x{byte:02X} at position {position}"
            ),
            Fault::NotLatin1 {
                character,
                position,
            } => write!(
                formatter,
                "expected Latin-1 text, but found {character:?} at position {position}"
            ),
            Fault::Name(_) => Ok(()),
        }
    }
}

impl core::error::Error for InvalidHeader {}
