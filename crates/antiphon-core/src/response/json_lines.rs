//! Responses that are JSON Lines: one JSON value on each line ([jsonlines.org]).
//!
//! What is said of the content and how the answer is planned is that of any other
//! [stream](super::streaming). Rendering a value is the face's.
//!
//! [jsonlines.org]: https://jsonlines.org

use crate::values::media_type::MediaType;
use alloc::vec::Vec;
use core::{error, fmt};

/// The media type of JSON Lines.
pub const MEDIA_TYPE: MediaType = MediaType::from_static("application/jsonl");

/// Frames values as lines, and counts them.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::json_lines::JsonLines;
/// use std::io::Write;
///
/// let (mut lines, mut bytes) = (JsonLines::default(), Vec::new());
/// lines.write(&mut bytes, |line| write!(line, "[1,2]"))?;
/// lines.write(&mut bytes, |line| write!(line, "null"))?;
/// assert_eq!(bytes, b"[1,2]\nnull\n");
///
/// let error = lines.write(&mut bytes, |line| write!(line, "[1,\n2]")).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 3: expected a value without line breaks, but found one at position 3",
/// );
/// assert_eq!(bytes, b"[1,2]\nnull\n");
/// # Ok::<(), antiphon_core::response::json_lines::InvalidLine<std::io::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonLines {
    written: u64,
}

impl JsonLines {
    /// Appends what `render` writes as the next line.
    ///
    /// # Errors
    ///
    /// [`InvalidLine`] if `render` fails, or if it writes a line break, which would make two lines of
    /// the value; `bytes` are as they were.
    pub fn write<E>(
        &mut self,
        bytes: &mut Vec<u8>,
        render: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), InvalidLine<E>> {
        let start = bytes.len();
        let fault = match render(bytes) {
            Ok(()) => {
                let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
                match bytes[start..].iter().position(is_break) {
                    None => {
                        bytes.push(b'\n');
                        self.written += 1;
                        return Ok(());
                    }
                    Some(position) => Fault::Break { position },
                }
            }
            Err(error) => Fault::Rendering(error),
        };
        bytes.truncate(start);
        Err(InvalidLine {
            line: self.written + 1,
            fault,
        })
    }
}

/// The error of a value that cannot be a line; `E` is why it could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLine<E> {
    line: u64,
    fault: Fault<E>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault<E> {
    Rendering(E),
    Break { position: usize },
}

impl<E> InvalidLine<E> {
    /// The number of the line; the first is 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Returns why the value could not be rendered, unless it holds a line break.
    #[must_use]
    pub fn into_rendering(self) -> Option<E> {
        match self.fault {
            Fault::Rendering(error) => Some(error),
            Fault::Break { .. } => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for InvalidLine<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        match &self.fault {
            Fault::Rendering(error) => error.fmt(formatter),
            Fault::Break { position } => write!(
                formatter,
                "expected a value without line breaks, but found one at position {position}"
            ),
        }
    }
}

impl<E: error::Error + 'static> error::Error for InvalidLine<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.fault {
            Fault::Rendering(error) => Some(error),
            Fault::Break { .. } => None,
        }
    }
}
