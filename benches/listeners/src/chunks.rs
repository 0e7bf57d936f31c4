//! Takes the framing of chunks off a body: RFC 9112, section 7.1, without extensions and trailers.

use std::io::{self, ErrorKind};

/// Where in the framing the next byte is.
#[derive(Debug, PartialEq)]
pub(crate) enum Chunks {
    /// In the line that gives the chunk's size, as far as it is known.
    Size(usize),
    /// In its content: so much is left.
    Content(usize),
    /// In the line break after it.
    ContentEnd,
    /// In the empty line after the last chunk.
    BodyEnd,
    /// After the body.
    Ended,
}

impl Chunks {
    pub(crate) const START: Self = Self::Size(0);

    /// Hands the content in `bytes` on, piece by piece.
    ///
    /// # Errors
    ///
    /// These are not chunks, or they go on after the end of the body.
    pub(crate) fn decode(
        &mut self,
        mut bytes: &[u8],
        mut content: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if let Self::Content(left) = self {
                let (piece, rest) = bytes.split_at(bytes.len().min(*left));
                content(piece);
                *self = match *left - piece.len() {
                    0 => Self::ContentEnd,
                    left => Self::Content(left),
                };
                bytes = rest;
                continue;
            }
            *self = match (&self, byte) {
                (Self::Size(size), b'\r') => Self::Size(*size),
                (Self::Size(0), b'\n') => Self::BodyEnd,
                (Self::Size(size), b'\n') => Self::Content(*size),
                (Self::Size(size), digit) if digit.is_ascii_hexdigit() => {
                    Self::Size(size << 4 | hex(digit))
                }
                (Self::ContentEnd, b'\r') => Self::ContentEnd,
                (Self::ContentEnd, b'\n') => Self::START,
                (Self::BodyEnd, b'\r') => Self::BodyEnd,
                (Self::BodyEnd, b'\n') => Self::Ended,
                _ => {
                    let what = format!("expected chunks, but found {byte:#04x} in {self:?}");
                    return Err(io::Error::new(ErrorKind::InvalidData, what));
                }
            };
            bytes = rest;
        }
        Ok(())
    }
}

fn hex(digit: u8) -> usize {
    usize::from(match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_the_same_however_it_was_cut() {
        let body = b"3\r\nabc\r\n1A\r\ndefghijklmnopqrstuvwxyz012\r\n0\r\n\r\n";
        for cut in 0..=body.len() {
            let (head, tail) = body.split_at(cut);
            let mut chunks = Chunks::START;
            let mut content = Vec::new();
            for part in [head, tail] {
                chunks
                    .decode(part, |piece| content.extend_from_slice(piece))
                    .unwrap();
            }
            assert_eq!(content, b"abcdefghijklmnopqrstuvwxyz012");
            assert_eq!(chunks, Chunks::Ended);
        }
    }

    #[test]
    fn what_follows_the_body_is_an_error() {
        let mut chunks = Chunks::START;
        assert!(chunks.decode(b"0\r\n\r\nHTTP", |_| ()).is_err());
    }
}
