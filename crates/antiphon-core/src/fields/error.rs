//! Why a field cannot be sent.

use alloc::string::String;
use core::convert::Infallible;
use core::fmt;

/// The error of a header field that cannot be sent.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
///
/// let error = Headers::new().append("x-a", "1\n2").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "header `x-a`: expected a value without control characters, but found the byte 0x0A at position 1",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeader {
    field: String,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Name(Option<(usize, char)>),
    Control { byte: u8, position: usize },
    NotLatin1 { character: char, position: usize },
}

impl InvalidHeader {
    pub(super) const fn in_name(name: String, found: Option<(usize, char)>) -> Self {
        Self {
            field: name,
            fault: Fault::Name(found),
        }
    }

    pub(super) const fn control(byte: u8, position: usize) -> Self {
        Self {
            field: String::new(),
            fault: Fault::Control { byte, position },
        }
    }

    pub(super) const fn not_latin1(character: char, position: usize) -> Self {
        Self {
            field: String::new(),
            fault: Fault::NotLatin1 {
                character,
                position,
            },
        }
    }

    pub(crate) fn of_field(mut self, name: &str) -> Self {
        self.field = name.into();
        self
    }

    /// The name of the field that was refused, as given; empty if a value was made on its own.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Tells whether the value is fit to be sent but for a character that Latin-1 has not.
    ///
    /// Starlette raises `UnicodeEncodeError` for it, and `ValueError` is right for all else.
    #[must_use]
    pub const fn is_not_latin1(&self) -> bool {
        matches!(self.fault, Fault::NotLatin1 { .. })
    }
}

impl From<Infallible> for InvalidHeader {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fault, self.field.as_str()) {
            (Fault::Name(None), _) => {
                return formatter.write_str("header name: expected a token, but found none");
            }
            (Fault::Name(Some((position, character))), name) => {
                return write!(
                    formatter,
                    "header name {name:?}: expected a token, but found {character:?} at position {position}"
                );
            }
            (_, "") => formatter.write_str("header value: ")?,
            (_, name) => write!(formatter, "header `{name}`: ")?,
        }
        match self.fault {
            Fault::Control { byte, position } => write!(
                formatter,
                "expected a value without control characters, but found the byte 0x{byte:02X} at position {position}"
            ),
            Fault::NotLatin1 {
                character,
                position,
            } => write!(
                formatter,
                "expected Latin-1 text, but found {character:?} at position {position}"
            ),
            Fault::Name(_) => Ok(()),
        }
    }
}

impl core::error::Error for InvalidHeader {}
