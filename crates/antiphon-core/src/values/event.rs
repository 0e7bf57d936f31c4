//! Server-sent events: the lines of a `text/event-stream` ([WHATWG HTML §9.2]).
//!
//! The bytes are those of `sse_starlette.ServerSentEvent`; what a client would misread is refused.
//! Reading a stream of events is not handled here.
//!
//! [WHATWG HTML §9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html

use crate::text::number::Decimal;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, iter};

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

/// How the lines of an event end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `\r\n`.
    #[default]
    CrLf,
    /// `\n`.
    Lf,
    /// `\r`.
    Cr,
}

impl Separator {
    /// Reads a separator that is given as the text it stands for.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::event::Separator;
    ///
    /// assert_eq!(Separator::parse("\n")?, Separator::Lf);
    /// assert_eq!(
    ///     Separator::parse("\n\n").unwrap_err().to_string(),
    ///     r#"event separator: expected "\r\n", "\n" or "\r", but found "\n\n""#,
    /// );
    /// # Ok::<(), antiphon_core::values::event::InvalidEvent>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] for anything but `\r\n`, `\n` and `\r`, of which a client makes no lines or
    /// other lines.
    ///
    /// # Starlette
    ///
    /// `sse_starlette.ServerSentEvent` takes any text (divergence D-22).
    pub fn parse(text: &str) -> Result<Self, InvalidEvent> {
        [Self::CrLf, Self::Lf, Self::Cr]
            .into_iter()
            .find(|separator| separator.as_str() == text)
            .ok_or_else(|| InvalidEvent(Fault::Separator(text.into())))
    }

    /// The separator itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "\r\n",
            Self::Lf => "\n",
            Self::Cr => "\r",
        }
    }
}

/// The comment `: ping`, which tells proxies and servers that an idle connection is alive, and the
/// client nothing.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::event::{self, Separator};
///
/// assert_eq!(event::ping(Separator::CrLf), ": ping\r\n\r\n");
/// ```
///
/// # Starlette
///
/// sse-starlette adds the time, which no client sees; without it all connections share one ping
/// (divergence D-23). A [`comment`](ServerSentEvent::comment) of one's own says whatever one likes.
#[must_use]
pub const fn ping(separator: Separator) -> &'static str {
    match separator {
        Separator::CrLf => ": ping\r\n\r\n",
        Separator::Lf => ": ping\n\n",
        Separator::Cr => ": ping\r\r",
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
pub struct InvalidEvent(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
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
