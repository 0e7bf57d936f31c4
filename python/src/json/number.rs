//! Numbers, as `int.__repr__` and `float.__repr__` write them.

use super::write::Unusual;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

pub(super) fn write_int(int: &Bound<'_, PyInt>, out: &mut Vec<u8>) -> Result<(), Unusual> {
    let Ok(small) = int.extract::<i64>() else {
        // Python knows how many digits it is willing to write.
        return Err(Unusual);
    };
    out.extend_from_slice(itoa::Buffer::new().format(small).as_bytes());
    Ok(())
}

pub(super) fn write_float(float: &Bound<'_, PyFloat>, out: &mut Vec<u8>) -> Result<(), Unusual> {
    let float = float.value();
    if !float.is_finite() {
        return Err(Unusual);
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(float);
    match shortest.split_once('e') {
        None if float.abs() >= 1e-4 || float == 0.0 => out.extend_from_slice(shortest.as_bytes()),
        None => {
            // Python writes 1.5e-05 where others still write 0.000015.
            let (sign, digits) = match shortest.strip_prefix("-0.0000") {
                Some(digits) => ("-", digits),
                None => ("", shortest.trim_start_matches("0.0000")),
            };
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            for part in [sign, first, point, rest, "e-05"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("+", exponent.trim_start_matches('+')),
            };
            let zero = if digits.len() < 2 { "0" } else { "" };
            for part in [mantissa, "e", sign, zero, digits] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    Ok(())
}
