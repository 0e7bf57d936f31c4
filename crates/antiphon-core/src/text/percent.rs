//! Percent-encoding ([RFC 3986 §2.1]), as Python's `urllib.parse.quote` and `unquote` do it.
//!
//! [RFC 3986 §2.1]: https://www.rfc-editor.org/rfc/rfc3986#section-2.1

use crate::text::number::UPPER_HEX;
use crate::text::token;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The characters that are left as they are; all others are encoded.
///
/// ASCII letters, digits and `_ . - ~` always stay (the unreserved characters of RFC 3986).
#[derive(Clone)]
pub struct SafeSet([bool; 256]);

impl SafeSet {
    /// The unreserved characters and the ASCII characters of `extra`.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::text::percent::{self, SafeSet};
    ///
    /// static PATH: SafeSet = SafeSet::with("/");
    /// assert_eq!(percent::quote("/a b", &PATH), "/a%20b");
    /// ```
    #[must_use]
    pub const fn with(extra: &str) -> Self {
        let mut table = token::table(extra.as_bytes());
        let mut index = 0;
        while index < b"_.-~".len() {
            table[b"_.-~"[index] as usize] = true;
            index += 1;
        }
        Self(table)
    }

    const fn holds(&self, byte: u8) -> bool {
        self.0[byte as usize] && byte.is_ascii()
    }
}

impl fmt::Debug for SafeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = (0..=0x7F).filter(|byte| self.holds(*byte)).map(char::from);
        formatter
            .debug_tuple("SafeSet")
            .field(&held.collect::<String>())
            .finish()
    }
}

/// Writes every byte of `text`'s UTF-8 that is not in `safe` as `%XX`, in upper case.
///
/// Text that needs nothing is returned as it came, without a copy. What is already encoded is
/// encoded again unless `%` is in `safe`.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::percent::{self, SafeSet};
///
/// static NOTHING: SafeSet = SafeSet::with("");
/// assert_eq!(percent::quote("größe", &NOTHING), "gr%C3%B6%C3%9Fe");
/// ```
#[must_use]
pub fn quote<'a>(text: &'a str, safe: &SafeSet) -> Cow<'a, str> {
    let Some(first) = text.bytes().position(|byte| !safe.holds(byte)) else {
        return Cow::Borrowed(text);
    };
    let mut quoted = String::with_capacity(text.len() + 2 * (text.len() - first).min(64));
    quoted.push_str(&text[..first]);
    push_quoted(&mut quoted, &text.as_bytes()[first..], safe);
    Cow::Owned(quoted)
}

/// Appends `bytes`, of which every one that is not in `safe` is written as `%XX`.
pub(crate) fn push_quoted(quoted: &mut String, bytes: &[u8], safe: &SafeSet) {
    for byte in bytes.iter().copied() {
        if safe.holds(byte) {
            quoted.push(char::from(byte));
        } else {
            quoted.push('%');
            quoted.push(char::from(UPPER_HEX[usize::from(byte >> 4)]));
            quoted.push(char::from(UPPER_HEX[usize::from(byte & 0xF)]));
        }
    }
}

/// Decodes every `%XX` of `text`; what is then not UTF-8 becomes U+FFFD.
///
/// A `%` that two hexadecimal digits do not follow stays.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::percent;
///
/// assert_eq!(percent::unquote("/gr%C3%B6%C3%9Fe"), "/größe");
/// assert_eq!(percent::unquote("/100%"), "/100%");
/// ```
#[must_use]
pub fn unquote(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let pair = |offset: usize| bytes.get(index + offset).copied().and_then(hex_value);
        match (byte, pair(1), pair(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                index += 3;
            }
            _ => {
                decoded.push(byte);
                index += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
