//! Numbers, as digits ([RFC 9110 §8.6] for decimal ones).
//!
//! Signs, fractions and blanks are not handled: whoever allows them takes them off first.
//!
//! [RFC 9110 §8.6]: https://www.rfc-editor.org/rfc/rfc9110#section-8.6

use alloc::string::String;
use core::fmt;

/// The decimal digits of a number, without an allocation.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::number::Decimal;
///
/// assert_eq!(Decimal::from(0).as_bytes(), b"0");
/// assert_eq!(Decimal::from(u64::MAX).to_string(), "18446744073709551615");
/// ```
#[derive(Clone, Copy)]
pub struct Decimal {
    digits: [u8; MAX_DIGITS],
    start: u8,
}

impl Decimal {
    /// Returns the digits, with no leading zero but for zero itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[usize::from(self.start)..]
    }
}

impl From<u64> for Decimal {
    fn from(mut number: u64) -> Self {
        let mut digits = [b'0'; MAX_DIGITS];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                let start = start as u8;
                return Self { digits, start };
            }
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|digit| fmt::Write::write_char(formatter, char::from(*digit)))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Reads one or more digits and nothing else; `None` for any other text, and beyond 64 bits.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::number;
///
/// assert_eq!(number::parse(b"0042"), Some(42));
/// assert_eq!(number::parse(b"+42"), None);
/// assert_eq!(number::parse(b"18446744073709551616"), None);
/// ```
#[must_use]
pub fn parse(digits: &[u8]) -> Option<u64> {
    fold(digits, |number, digit| {
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Reads digits as [`parse`] does; a number beyond 64 bits becomes the largest.
///
/// For positions in content, where everything beyond its end means the same.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::number;
///
/// assert_eq!(number::parse_saturating(b"18446744073709551616"), Some(u64::MAX));
/// assert_eq!(number::parse_saturating(b""), None);
/// ```
#[must_use]
pub fn parse_saturating(digits: &[u8]) -> Option<u64> {
    fold(digits, |number, digit| {
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

fn fold(digits: &[u8], add: impl Fn(u64, u64) -> Option<u64>) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        add(number, digit)
    })
}

/// Appends a number in hexadecimal, in lower case and without leading zeros.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::number;
///
/// let mut text = String::from("0x");
/// number::push_hex(&mut text, 4096);
/// assert_eq!(text, "0x1000");
/// ```
pub fn push_hex(text: &mut String, number: u128) {
    let digits = (u128::BITS - number.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let nibble = (number >> (4 * place) & 0xF) as usize;
        text.push(char::from(LOWER_HEX[nibble]));
    }
}

/// Appends bytes in hexadecimal, in lower case, two digits for each.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::number;
///
/// let mut text = String::new();
/// number::push_hex_bytes(&mut text, &[0x0F, 0xA0]);
/// assert_eq!(text, "0fa0");
/// ```
pub fn push_hex_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(LOWER_HEX[usize::from(byte >> 4)]));
        text.push(char::from(LOWER_HEX[usize::from(byte & 0xF)]));
    }
}

/// The hexadecimal digits, in upper case.
pub(crate) const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// The digits of the largest number of 64 bits.
const MAX_DIGITS: usize = 20;
