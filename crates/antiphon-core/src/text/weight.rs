//! Lists of words that may have a weight, such as `gzip;q=0.5` ([RFC 9110 §12.4.2]).
//!
//! [RFC 9110 §12.4.2]: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2

use crate::text::token;

/// Splits a list at its commas ([RFC 9110 §5.6.1]); members have no blanks around them, and none is empty.
///
/// Quotes are not looked at: fields whose words have weights hold none that has a comma in it.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::weight;
///
/// assert_eq!(weight::members(b"a;q=1, ,b").collect::<Vec<_>>(), [&b"a;q=1"[..], b"b"]);
/// ```
///
/// [RFC 9110 §5.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1
pub fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let members = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty())
}

/// Reads a word and its weight in thousandths, 1000 if it has none; `None` for what is no such thing.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::weight::weighted;
///
/// assert_eq!(weighted(b"gzip ; Q=0.25"), Some((&b"gzip"[..], 250)));
/// assert_eq!(weighted(b"*"), Some((&b"*"[..], 1000)));
/// assert_eq!(weighted(b"gzip;q=2"), None);
/// ```
#[must_use]
pub fn weighted(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let word = parts.next()?;
    if word.is_empty() || !word.iter().all(|byte| token::is_tchar(*byte)) {
        return None;
    }
    let weight = match parts.next() {
        None => MOST,
        Some(part) => weight(part)?,
    };
    parts.next().is_none().then_some((word, weight))
}

/// Reads `q=` and a number from 0 to 1 with at most three decimals, in thousandths.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::weight::weight;
///
/// assert_eq!(weight(b"q=0.001"), Some(1));
/// assert_eq!(weight(b"q=1.001"), None);
/// ```
#[must_use]
pub fn weight(parameter: &[u8]) -> Option<u16> {
    let [b'q' | b'Q', b'=', number @ ..] = parameter else {
        return None;
    };
    let (whole, decimals) = match number {
        [whole] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut weight = match whole {
        b'0' => 0,
        b'1' => MOST,
        _ => return None,
    };
    let mut unit = MOST / 10;
    for digit in decimals {
        if !digit.is_ascii_digit() {
            return None;
        }
        weight += u16::from(digit - b'0') * unit;
        unit /= 10;
    }
    (weight <= MOST).then_some(weight)
}

const MOST: u16 = 1000;

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn a_weight_is_a_number_of_the_grammar_and_no_other() {
        for (text, expected) in [
            ("q=0", Some(0)),
            ("q=1", Some(1000)),
            ("q=0.", Some(0)),
            ("q=1.", Some(1000)),
            ("q=0.5", Some(500)),
            ("q=0.25", Some(250)),
            ("q=0.999", Some(999)),
            ("q=1.000", Some(1000)),
            ("q=0.0001", None),
            ("q=1.1", None),
            ("q=2", None),
            ("q=-1", None),
            ("q=", None),
            ("q=.5", None),
            ("q= 1", None),
            ("q=0.a", None),
            ("p=1", None),
            ("", None),
        ] {
            assert_eq!(weight(text.as_bytes()), expected, "{text}");
        }
    }
}
