//! `Last-Event-ID`: where a client of an event stream wants to go on ([WHATWG HTML §9.2.4]).
//!
//! [WHATWG HTML §9.2.4]: https://html.spec.whatwg.org/multipage/server-sent-events.html

use crate::values::event::BLANKS;

/// The `Last-Event-ID` of a request: where a client that connects again wants to go on.
///
/// It is whatever the client sends, so it names an event of this client's stream and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEventId<'a> {
    /// The client has no id, so it begins anew.
    Absent,
    /// The id, opaque bytes without blanks around them.
    Given(&'a [u8]),
    /// The client has an id that no event can have, so what it has missed cannot be known.
    Unfit,
}

impl<'a> LastEventId<'a> {
    /// The greatest number of bytes that are looked at.
    pub const MAX_LEN: usize = 1024;

    /// Reads the value of the field, if the request has one.
    ///
    /// | value                                              | outcome  |
    /// |----------------------------------------------------|----------|
    /// | none, or nothing but blanks                        | `Absent` |
    /// | longer than [`MAX_LEN`](Self::MAX_LEN)             | `Unfit`  |
    /// | with a NUL, CR or LF, which the id of no event has | `Unfit`  |
    /// | any other bytes                                    | `Given`  |
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::last_event_id::LastEventId;
    ///
    /// assert_eq!(LastEventId::parse(Some(b"7")), LastEventId::Given(b"7"));
    /// assert_eq!(LastEventId::parse(None), LastEventId::Absent);
    /// assert_eq!(LastEventId::parse(Some(&[b'7'; 2000])), LastEventId::Unfit);
    /// ```
    #[must_use]
    pub fn parse(value: Option<&'a [u8]>) -> Self {
        let value = value.unwrap_or_default();
        if value.len() > Self::MAX_LEN || value.iter().any(|byte| b"\0\r\n".contains(byte)) {
            return Self::Unfit;
        }
        let is_blank = |byte: &u8| BLANKS.contains(&char::from(*byte));
        let start = value.iter().take_while(|byte| is_blank(byte)).count();
        let blanks = value[start..]
            .iter()
            .rev()
            .take_while(|byte| is_blank(byte));
        match &value[start..value.len() - blanks.count()] {
            [] => Self::Absent,
            id => Self::Given(id),
        }
    }
}
