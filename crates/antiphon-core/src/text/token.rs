//! Tokens: the words HTTP's grammar is made of ([RFC 9110 §5.6.2]).
//!
//! [RFC 9110 §5.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2

/// Tells whether `byte` may stand in a token (`tchar`).
///
/// # Examples
///
/// ```
/// use antiphon_core::text::token;
///
/// assert!(token::is_tchar(b'-'));
/// assert!(!token::is_tchar(b' '));
/// ```
#[must_use]
pub const fn is_tchar(byte: u8) -> bool {
    TCHAR[byte as usize]
}

/// Tells whether `text` is a token: one or more of `A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ \` | ~`.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::token;
///
/// assert!(token::is_token("x-request-id"));
/// assert!(!token::is_token(""));
/// assert!(!token::is_token("x a"));
/// ```
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

static TCHAR: [bool; 256] = table(b"!#$%&'*+-.^_`|~");

/// A table that holds true for ASCII letters, digits and the bytes of `extra`.
pub(crate) const fn table(extra: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < extra.len() {
        table[extra[index] as usize] = true;
        index += 1;
    }
    table
}
