//! Strings, with the escapes that JSON asks for and no other.

use super::write::Unusual;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Writes a string; one that UTF-8 cannot say is unusual.
pub(super) fn write(string: &Bound<'_, PyString>, out: &mut Vec<u8>) -> Result<(), Unusual> {
    let Ok(text) = string.to_str() else {
        return Err(Unusual);
    };
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        escape(bytes, out);
    }
    out.push(b'"');
    Ok(())
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| needs_escape(*byte)) {
        let byte = rest[place];
        out.extend_from_slice(&rest[..place]);
        rest = &rest[place + 1..];
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0C => out.extend_from_slice(b"\\f"),
            control => {
                let digit = |value: u8| HEX[usize::from(value)];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(control >> 4), digit(control & 0xF)]);
            }
        }
    }
    out.extend_from_slice(rest);
}

/// Tells whether a string can be written as it is. Eight bytes are looked at in one step.
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return !bytes.iter().any(|byte| needs_escape(*byte));
    };
    let (chunks, _) = bytes.as_chunks::<8>();
    let found = chunks
        .iter()
        .fold(0, |found, chunk| found | escapes(*chunk));
    found | escapes(*last) == 0
}

const fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// A bit for each byte of a word that needs an escape; there may be more bits above the first.
const fn escapes(chunk: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(chunk);
    // A byte is less than n if taking n away borrows from its highest bit, which is not set.
    let quote = word ^ EVERY * b'"' as u64;
    let backslash = word ^ EVERY * b'\\' as u64;
    let below = word.wrapping_sub(EVERY * b' ' as u64) & !word;
    let zero = quote.wrapping_sub(EVERY) & !quote | backslash.wrapping_sub(EVERY) & !backslash;
    (below | zero) & EVERY * 0x80
}

const EVERY: u64 = u64::from_ne_bytes([1; 8]);

const HEX: &[u8; 16] = b"0123456789abcdef";
