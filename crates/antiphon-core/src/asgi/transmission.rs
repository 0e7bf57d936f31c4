//! The order in which a response is sent.

use crate::plan::Body;

/// One thing that a face sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The head: status and headers.
    Start,
    /// The bytes that the caller gave, as one message.
    Bytes {
        /// Whether another message follows.
        more_body: bool,
    },
    /// A message without bytes, which ends the response.
    End,
}

/// The steps by which a planned body is sent: every response begins with its head, and exactly one
/// message, the last, says that no more follows.
///
/// # Examples
///
/// ```
/// use antiphon_core::asgi::transmission::{Step, Transmission};
/// use antiphon_core::plan::Body;
///
/// let steps: Vec<Step> = Transmission::new(Body::Bytes).collect();
/// assert_eq!(steps, [Step::Start, Step::Bytes { more_body: false }]);
/// ```
#[derive(Clone, Debug)]
pub struct Transmission {
    body: Body,
    sent: usize,
}

impl Transmission {
    /// The transmission of a plan's body.
    #[must_use]
    pub const fn new(body: Body) -> Self {
        Self { body, sent: 0 }
    }
}

impl Iterator for Transmission {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.sent += 1;
        match (self.sent, self.body) {
            (1, _) => Some(Step::Start),
            (2, Body::Empty) => Some(Step::End),
            (2, Body::Bytes) => Some(Step::Bytes { more_body: false }),
            _ => None,
        }
    }
}
