//! Values of fields.

use super::InvalidHeader;
use crate::text::http_date::HttpDate;
use crate::text::number::Decimal;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The value of a field: Latin-1 text without control characters, but for the tab ([RFC 9110
/// §5.5]).
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::FieldValue;
///
/// assert_eq!(FieldValue::try_from("café")?.as_bytes(), b"caf\xE9");
/// assert!(FieldValue::try_from("a\r\nx-b: 1").is_err());
/// assert!(FieldValue::try_from("茶").is_err());
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
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
    Number(Decimal),
}

impl FieldValue {
    /// `Accept-Encoding`, the field that `vary` names where content has codings.
    pub const ACCEPT_ENCODING: Self = Self(Repr::Static(b"Accept-Encoding"));
    /// `bytes`, the unit of `accept-ranges`.
    pub const BYTES: Self = Self(Repr::Static(b"bytes"));
    /// `keep-alive`, the option of `connection`.
    pub const KEEP_ALIVE: Self = Self(Repr::Static(b"keep-alive"));
    /// `no`, the switch of `x-accel-buffering`.
    pub const NO: Self = Self(Repr::Static(b"no"));
    /// `none`, where `accept-ranges` names no unit.
    pub const NONE: Self = Self(Repr::Static(b"none"));
    /// `no-cache`, the directive of `cache-control`.
    pub const NO_CACHE: Self = Self(Repr::Static(b"no-cache"));
    /// `no-store`, the directive of `cache-control`.
    pub const NO_STORE: Self = Self(Repr::Static(b"no-store"));
    pub(crate) const TEXT_HTML_UTF_8: Self = Self(Repr::Static(b"text/html; charset=utf-8"));
    pub(crate) const TEXT_PLAIN_UTF_8: Self = Self(Repr::Static(b"text/plain; charset=utf-8"));

    /// The bytes as they are sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Static(bytes) => bytes,
            Repr::Owned(bytes) => bytes,
            Repr::Number(number) => number.as_bytes(),
        }
    }

    /// The bytes as they are sent: borrowed if they live as long as the program, owned otherwise.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'static, [u8]> {
        match self.0 {
            Repr::Static(bytes) => Cow::Borrowed(bytes),
            Repr::Owned(bytes) => Cow::Owned(bytes),
            Repr::Number(number) => Cow::Owned(number.as_bytes().to_vec()),
        }
    }

    /// Takes text that lives as long as the program, without a copy.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if it holds a control character or is not Latin-1.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::fields::FieldValue;
    ///
    /// assert_eq!(FieldValue::try_from_static("no-store")?, "no-store");
    /// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
    /// ```
    pub fn try_from_static(text: &'static str) -> Result<Self, InvalidHeader> {
        if Self::is_plain(text) {
            Ok(Self::of_plain(text))
        } else {
            Self::try_from(text)
        }
    }

    /// Tells whether text is ASCII without control characters.
    pub(crate) const fn is_plain(text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            if is_refused(bytes[index]) || !bytes[index].is_ascii() {
                return false;
            }
            index += 1;
        }
        true
    }

    /// Takes text that [is plain](Self::is_plain).
    pub(crate) const fn of_plain(text: &'static str) -> Self {
        Self(Repr::Static(text.as_bytes()))
    }

    /// The value as text: its bytes are read as Latin-1.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.as_bytes().iter().copied().map(char::from).collect()
    }

    /// Takes bytes that a rule has put together of values that were checked.
    pub(crate) fn from_checked(bytes: Vec<u8>) -> Self {
        debug_assert!(check(&bytes).is_ok(), "{bytes:?}");
        Self(Repr::Owned(bytes))
    }

    /// Takes text that a rule has made of visible ASCII characters, spaces and tabs.
    pub(crate) fn from_visible_ascii(text: impl Into<Vec<u8>>) -> Self {
        let bytes = text.into();
        debug_assert!(
            bytes.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')),
            "{bytes:?}"
        );
        Self(Repr::Owned(bytes))
    }
}

impl From<u64> for FieldValue {
    fn from(number: u64) -> Self {
        Self(Repr::Number(number.into()))
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
                return Err(InvalidHeader::not_latin1(character, position));
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

impl TryFrom<Cow<'static, str>> for FieldValue {
    type Error = InvalidHeader;

    fn try_from(text: Cow<'static, str>) -> Result<Self, InvalidHeader> {
        match text {
            Cow::Borrowed(text) => Self::try_from_static(text),
            Cow::Owned(text) => Self::try_from(text),
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

fn check(bytes: &[u8]) -> Result<(), InvalidHeader> {
    // Without a way out of the loop the compiler looks at many bytes at a time.
    if !bytes
        .iter()
        .fold(false, |any, byte| any | is_refused(*byte))
    {
        return Ok(());
    }
    let position = bytes
        .iter()
        .position(|byte| is_refused(*byte))
        .unwrap_or_default();
    Err(InvalidHeader::control(bytes[position], position))
}

const fn is_refused(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') | (byte == 0x7F)
}

impl PartialEq for FieldValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for FieldValue {}

impl Hash for FieldValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

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
