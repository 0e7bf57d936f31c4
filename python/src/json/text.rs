//! Strings, with the escapes that JSON asks for and no other.

use super::buffer::Buffer;
use super::copy::copied;

/// Writes a string, whose UTF-8 is `bytes`.
#[inline]
pub(crate) fn write(bytes: &[u8], out: &mut Buffer) {
    let room = out.room(bytes.len() + 2);
    if let [open, between @ .., close] = room
        && copied(bytes, between)
    {
        (*open, *close) = (b'"', b'"');
        out.advance(bytes.len() + 2);
    } else {
        escape(bytes, out);
    }
}

#[cold]
fn escape(bytes: &[u8], out: &mut Buffer) {
    out.push(b'"');
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| needs_escape(*byte)) {
        let byte = rest[place];
        out.extend(&rest[..place]);
        rest = &rest[place + 1..];
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0x08 => out.extend(b"\\b"),
            0x0C => out.extend(b"\\f"),
            control => {
                let digit = |value: u8| HEX[usize::from(value)];
                out.extend(b"\\u00");
                out.extend(&[digit(control >> 4), digit(control & 0xF)]);
            }
        }
    }
    out.extend(rest);
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

const HEX: &[u8; 16] = b"0123456789abcdef";
