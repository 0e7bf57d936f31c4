//! Server-sent events: the lines of a `text/event-stream` ([WHATWG HTML §9.2]).
//!
//! The bytes are those of `sse_starlette.ServerSentEvent`; what a client would misread is refused.
//! Reading a stream of events is not handled here.
//!
//! [WHATWG HTML §9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html

mod error;
mod separator;

pub use error::InvalidEvent;
pub use separator::{Separator, ping};

use crate::text::number::Decimal;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::iter;
use error::Fault;

/// An event to be sent: what it says, and what the client shall know of it.
///
/// Text is borrowed or owned. Nothing is checked until [`encode`](Self::encode), so the fields may as
/// well be set one by one.
///
/// | field       | what the client does with it                                               |
/// |-------------|----------------------------------------------------------------------------|
/// | `data`      | dispatches an event that says so; without data it dispatches none           |
/// | `event`     | dispatches it under this name, `message` if there is none or an empty one   |
/// | `id`        | sends it back as `Last-Event-ID` when it connects again                     |
/// | `retry`     | waits so many milliseconds before it connects again                         |
/// | `comment`   | ignores it                                                                  |
/// | `separator` | takes any of the three for the end of a line                                |
///
/// # Examples
///
/// ```
/// use antiphon_core::values::event::ServerSentEvent;
///
/// let event = ServerSentEvent::new("line one\nline two").event("greeting").id("7").retry(3000);
/// assert_eq!(
///     event.encode()?,
///     b"id: 7\r\nevent: greeting\r\ndata: line one\r\ndata: line two\r\nretry: 3000\r\n\r\n",
/// );
/// # Ok::<(), antiphon_core::values::event::InvalidEvent>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "an event is sent by handing it to a response"]
pub struct ServerSentEvent<'a> {
    /// What the event says, of any number of lines.
    pub data: Option<Cow<'a, str>>,
    /// The name of the event.
    pub event: Option<Cow<'a, str>>,
    /// The id of the event.
    pub id: Option<Cow<'a, str>>,
    /// How long the client waits before it connects again, in milliseconds.
    pub retry: Option<i64>,
    /// Lines that a client ignores.
    pub comment: Option<Cow<'a, str>>,
    /// How lines end.
    pub separator: Separator,
}

impl<'a> ServerSentEvent<'a> {
    /// An event that says `data`; [`default`](Self::default) makes one without.
    pub fn new(data: impl Into<Cow<'a, str>>) -> Self {
        Self::default().data(data)
    }

    /// What the event says. A CR LF, a LF and a CR end a line, and the client reads each as LF.
    pub fn data(mut self, data: impl Into<Cow<'a, str>>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// The name of the event, without the CR and LF it may hold.
    pub fn event(mut self, event: impl Into<Cow<'a, str>>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// The id of the event, without the CR and LF it may hold; an empty one makes the client forget
    /// the last.
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How long the client waits before it connects again, in milliseconds.
    pub fn retry(mut self, milliseconds: i64) -> Self {
        self.retry = Some(milliseconds);
        self
    }

    /// Lines that a client ignores, which end as those of the data do.
    pub fn comment(mut self, comment: impl Into<Cow<'a, str>>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// How lines end; CR LF if nothing is said.
    pub fn separator(mut self, separator: Separator) -> Self {
        self.separator = separator;
        self
    }

    /// The bytes of the event, with the empty line that ends it.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the id holds a NUL, for which a client ignores it, or if `retry` is
    /// negative.
    ///
    /// # Starlette
    ///
    /// Byte for byte what `sse_starlette.ServerSentEvent.encode` returns. It lets such an id
    /// (divergence D-20) and such a `retry` (D-21) pass.
    pub fn encode(&self) -> Result<Vec<u8>, InvalidEvent> {
        let mut bytes = Vec::new();
        self.encode_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Appends to `bytes` what [`encode`](Self::encode) returns, so that events that are sent together
    /// share one piece of memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::event::ServerSentEvent;
    ///
    /// let mut bytes = Vec::new();
    /// ServerSentEvent::new("1").encode_to(&mut bytes)?;
    /// ServerSentEvent::new("2").encode_to(&mut bytes)?;
    /// assert_eq!(bytes, b"data: 1\r\n\r\ndata: 2\r\n\r\n");
    /// # Ok::<(), antiphon_core::values::event::InvalidEvent>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] as of [`encode`](Self::encode); `bytes` are as they were.
    pub fn encode_to(&self, bytes: &mut Vec<u8>) -> Result<(), InvalidEvent> {
        if let Some(id) = &self.id
            && let Some(position) = id.find('\0')
        {
            let position = id[..position].chars().count();
            return Err(InvalidEvent(Fault::NulInId { position }));
        }
        let retry = self.retry.map(|milliseconds| {
            let checked = u64::try_from(milliseconds);
            checked.map_err(|_| InvalidEvent(Fault::NegativeRetry(milliseconds)))
        });
        let retry = retry.transpose()?.map(Decimal::from);

        let end = self.separator.as_str();
        bytes.reserve(self.room(end.len()));
        if let Some(comment) = &self.comment {
            lines(comment).for_each(|line| push(bytes, ": ", [line], end));
        }
        if let Some(id) = &self.id {
            push(bytes, "id: ", lines(id), end);
        }
        if let Some(event) = &self.event {
            push(bytes, "event: ", lines(event), end);
        }
        if let Some(data) = &self.data {
            lines(data).for_each(|line| push(bytes, "data: ", [line], end));
        }
        if let Some(retry) = &retry {
            push(bytes, "retry: ", [retry.as_bytes()], end);
        }
        bytes.extend_from_slice(end.as_bytes());
        Ok(())
    }

    /// What a client that has got this event sends back as `Last-Event-ID`; `None` if the event has
    /// no id.
    ///
    /// That is the id without the CR and LF it may hold, and without blanks around it, which HTTP
    /// drops.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::event::ServerSentEvent;
    ///
    /// let event = ServerSentEvent::default().id(" 7\n");
    /// assert_eq!(event.last_event_id().as_deref(), Some("7"));
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> Option<String> {
        let id: String = self.id.as_ref()?.split(LINE_ENDS).collect();
        Some(id.trim_matches(BLANKS).into())
    }

    /// How many bytes to ask for: exact, unless a text holds CR LF or a line end that is removed.
    fn room(&self, end: usize) -> usize {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let line = |name: &str, text: &Option<Cow<'_, str>>| {
            text.as_ref()
                .map_or(0, |text| name.len() + text.len() + end)
        };
        let many = |name: &str, text: &Option<Cow<'_, str>>| {
            let ends = text
                .as_ref()
                .map_or(0, |text| text.bytes().filter(is_end).count());
            line(name, text) + ends * (name.len() + end - 1)
        };
        let retry = self.retry.map_or(0, |_| "retry: ".len() + 20 + end);
        many(": ", &self.comment)
            + line("id: ", &self.id)
            + line("event: ", &self.event)
            + many("data: ", &self.data)
            + retry
            + end
    }
}

/// The lines of `text`, which CR LF, LF and CR end.
fn lines(text: &str) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text.as_bytes());
    iter::from_fn(move || {
        let text = rest?;
        let Some(end) = line_end(text) else {
            rest = None;
            return Some(text);
        };
        let (line, tail) = text.split_at(end);
        rest = tail.strip_prefix(b"\r\n").or_else(|| tail.get(1..));
        Some(line)
    })
}

/// Where the first CR or LF is. Blocks without one are passed in a form that compilers vectorize.
fn line_end(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let has_end = |block: &[u8]| block.iter().fold(false, |found, byte| found | is_end(byte));
    let blocks = text.chunks_exact(BLOCK);
    let passed = blocks.take_while(|block| !has_end(block)).count() * BLOCK;
    let position = text[passed..].iter().position(is_end)?;
    Some(passed + position)
}

fn push<'t>(bytes: &mut Vec<u8>, name: &str, text: impl IntoIterator<Item = &'t [u8]>, end: &str) {
    bytes.extend_from_slice(name.as_bytes());
    text.into_iter()
        .for_each(|part| bytes.extend_from_slice(part));
    bytes.extend_from_slice(end.as_bytes());
}

const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// What HTTP drops around the value of a field.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];
