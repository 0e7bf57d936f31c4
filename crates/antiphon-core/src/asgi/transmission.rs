//! The order in which a response is sent.

use crate::body::segment::Segment;
use crate::response::plan::Body;
use alloc::vec::{self, Vec};
use core::ops::Range;

/// One thing that a face sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The head: status and headers.
    Start,
    /// The bytes that the caller gave, as one message.
    Bytes {
        /// Whether another message follows.
        more_body: bool,
    },
    /// These bytes, as one message.
    Segment {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether another message follows.
        more_body: bool,
    },
    /// A range of the file, in as many messages as the face likes.
    File {
        /// The bytes from its start to before its end.
        range: Range<u64>,
        /// Whether another message follows the range's last.
        more_body: bool,
    },
    /// The whole file, by its path, which the server opens.
    Pathsend,
    /// What the caller's stream brings, in as many messages as there are chunks; a message follows.
    Stream {
        /// The number of bytes that were announced, if any.
        length: Option<u64>,
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
/// use antiphon_core::response::plan::Body;
///
/// let steps: Vec<Step> = Transmission::new(Body::Bytes).collect();
/// assert_eq!(steps, [Step::Start, Step::Bytes { more_body: false }]);
///
/// let steps: Vec<Step> = Transmission::new(Body::File(3)).by_path().collect();
/// assert_eq!(steps, [Step::Start, Step::Pathsend]);
///
/// let steps: Vec<Step> = Transmission::new(Body::Stream(None)).collect();
/// assert_eq!(steps, [Step::Start, Step::Stream { length: None }, Step::End]);
/// ```
#[derive(Clone, Debug)]
pub struct Transmission {
    started: bool,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    One(Step),
    ThenEnd(Step),
    Segments(vec::IntoIter<Segment>),
    Nothing,
}

impl Transmission {
    /// The transmission of a plan's body.
    #[must_use]
    pub fn new(body: Body) -> Self {
        let rest = match body {
            Body::Empty => Rest::One(Step::End),
            Body::Bytes => Rest::One(Step::Bytes { more_body: false }),
            Body::File(length) => Rest::One(Step::File {
                range: 0..length,
                more_body: false,
            }),
            Body::Segments(segments) => Rest::Segments(segments.into_iter()),
            Body::Stream(length) => Rest::ThenEnd(Step::Stream { length }),
        };
        Self {
            started: false,
            rest,
        }
    }

    /// Hands a whole file over by its path. For servers that offer `http.response.pathsend`, and for
    /// responses without a background task, since the server may open the file after the task has run.
    #[must_use]
    pub fn by_path(mut self) -> Self {
        if matches!(self.rest, Rest::One(Step::File { .. })) {
            self.rest = Rest::One(Step::Pathsend);
        }
        self
    }
}

impl Iterator for Transmission {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if !self.started {
            self.started = true;
            return Some(Step::Start);
        }
        match &mut self.rest {
            Rest::Segments(segments) => {
                let segment = segments.next()?;
                let more_body = segments.len() > 0;
                Some(match segment {
                    Segment::Bytes(bytes) => Step::Segment { bytes, more_body },
                    Segment::File(range) => Step::File { range, more_body },
                })
            }
            rest => match core::mem::replace(rest, Rest::Nothing) {
                Rest::One(step) => Some(step),
                Rest::ThenEnd(step) => {
                    *rest = Rest::One(Step::End);
                    Some(step)
                }
                Rest::Segments(_) | Rest::Nothing => None,
            },
        }
    }
}
