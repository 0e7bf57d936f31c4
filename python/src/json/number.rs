//! Numbers, as `int.__repr__` and `float.__repr__` write them.

use super::buffer::Buffer;

#[inline]
pub(crate) fn write_int(int: i64, out: &mut Buffer) {
    out.few(itoa::Buffer::new().format(int).as_bytes());
}

/// Writes a float, which must be finite.
pub(crate) fn write_float(float: f64, out: &mut Buffer) {
    let whole = float as i64;
    if whole as f64 == float
        && whole.unsigned_abs() < EXACT
        && !(whole == 0 && float.is_sign_negative())
    {
        out.few(itoa::Buffer::new().format(whole).as_bytes());
        out.constant(*b".0");
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(float);
    // In this range all write the same.
    if (1e-4..1e16).contains(&float.abs()) || float == 0.0 {
        out.few(shortest.as_bytes());
        return;
    }
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        // Python writes 1.5e-05 where others still write 0.000015.
        return small(shortest, out);
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("+", exponent.trim_start_matches('+')),
    };
    let zero = if digits.len() < 2 { "0" } else { "" };
    for part in [mantissa, "e", sign, zero, digits] {
        out.few(part.as_bytes());
    }
}

/// Writes what lies between 1e-05 and 1e-04, given as 0.0000….
fn small(decimal: &str, out: &mut Buffer) {
    let (sign, decimal) = match decimal.strip_prefix('-') {
        Some(decimal) => ("-", decimal),
        None => ("", decimal),
    };
    let digits = decimal.trim_start_matches(['0', '.']);
    let (first, rest) = digits.split_at(digits.len().min(1));
    let point = if rest.is_empty() { "" } else { "." };
    for part in [sign, first, point, rest, "e-05"] {
        out.few(part.as_bytes());
    }
}

/// Whole numbers below this are written without an exponent, and a float holds each of them.
const EXACT: u64 = 1 << 53;
