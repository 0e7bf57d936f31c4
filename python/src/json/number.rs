//! Numbers, as `int.__repr__` and `float.__repr__` write them.

use super::buffer::Buffer;
use super::write::Unusual;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

#[inline]
pub(super) fn write_int(int: &Bound<'_, PyInt>, out: &mut Buffer) -> Result<(), Unusual> {
    let Ok(small) = int.extract::<i64>() else {
        // Python knows how many digits it is willing to write.
        return Err(Unusual);
    };
    out.few(itoa::Buffer::new().format(small).as_bytes());
    Ok(())
}

pub(super) fn write_float(float: &Bound<'_, PyFloat>, out: &mut Buffer) -> Result<(), Unusual> {
    let float = float.value();
    if !float.is_finite() {
        return Err(Unusual);
    }
    let whole = float as i64;
    if whole as f64 == float
        && whole.unsigned_abs() < EXACT
        && !(whole == 0 && float.is_sign_negative())
    {
        out.few(itoa::Buffer::new().format(whole).as_bytes());
        out.constant(*b".0");
        return Ok(());
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(float);
    // In this range all write the same.
    if (1e-4..1e16).contains(&float.abs()) || float == 0.0 {
        out.few(shortest.as_bytes());
        return Ok(());
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
    Ok(())
}

/// Writes what lies between 1e-05 and 1e-04, given as 0.0000….
fn small(decimal: &str, out: &mut Buffer) -> Result<(), Unusual> {
    let (sign, decimal) = match decimal.strip_prefix('-') {
        Some(decimal) => ("-", decimal),
        None => ("", decimal),
    };
    let (first, rest) = decimal
        .strip_prefix("0.0000")
        .and_then(|digits| digits.split_at_checked(1))
        .ok_or(Unusual)?;
    let point = if rest.is_empty() { "" } else { "." };
    for part in [sign, first, point, rest, "e-05"] {
        out.few(part.as_bytes());
    }
    Ok(())
}

/// Whole numbers below this are written without an exponent, and a float holds each of them.
const EXACT: u64 = 1 << 53;
