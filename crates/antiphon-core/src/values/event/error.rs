//! Why an event cannot be sent.

use alloc::string::String;
use core::fmt;

/// The error of an event that a client would misread.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::event::ServerSentEvent;
///
/// let error = ServerSentEvent::new("1").id("a\0b").encode().unwrap_err();
/// assert_eq!(error.field(), "id");
/// assert_eq!(error.to_string(), "event id: expected text without NUL, but found one at position 1");
///
/// let error = ServerSentEvent::new("1").retry(-1).encode().unwrap_err();
/// assert_eq!(error.field(), "retry");
/// assert_eq!(error.to_string(), "event retry: expected milliseconds from 0 on, but found -1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEvent(pub(super) Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NulInId { position: usize },
    NegativeRetry(i64),
    Separator(String),
}

impl InvalidEvent {
    /// The field that was refused.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self.0 {
            Fault::NulInId { .. } => "id",
            Fault::NegativeRetry(_) => "retry",
            Fault::Separator(_) => "separator",
        }
    }
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "event {}: ", self.field())?;
        match &self.0 {
            Fault::NulInId { position } => write!(
                formatter,
                "expected text without NUL, but found one at position {position}"
            ),
            Fault::NegativeRetry(found) => {
                write!(
                    formatter,
                    "expected milliseconds from 0 on, but found {found}"
                )
            }
            Fault::Separator(found) => write!(
                formatter,
                r#"expected "\r\n", "\n" or "\r", but found {found:?}"#
            ),
        }
    }
}

impl core::error::Error for InvalidEvent {}
