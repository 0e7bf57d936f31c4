//! The entries of a stream as events.

use crate::entry_id::EntryId;
use crate::frame;
use antiphon_core::values::event::ServerSentEvent;
use bytes::Bytes;
use std::fmt;

/// Reads the fields of an entry and encodes the event that it is: `data`, `event`, `retry` in
/// milliseconds and `comment`, each at most once; others are left alone.
///
/// Whoever can write to the stream decides what is in it, so everything is checked here.
///
/// # Errors
///
/// [`InvalidEntry`] if a client would misread the event. [`placeholder`] then takes its place.
pub fn event<'a>(
    id: EntryId,
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Bytes, InvalidEntry> {
    let mut event = ServerSentEvent::default().id(id.to_string());
    for (name, value) in fields {
        let text = |name| {
            str::from_utf8(value).map_err(|_| InvalidEntry(format!("{name}: expected UTF-8")))
        };
        match name {
            b"data" => event = event.data(text("data")?),
            b"event" => event = event.event(text("event")?),
            b"comment" => event = event.comment(text("comment")?),
            b"retry" => {
                let milliseconds = text("retry")?.parse().map_err(|_| {
                    InvalidEntry("retry: expected a number of milliseconds".to_owned())
                })?;
                event = event.retry(milliseconds);
            }
            _ => {}
        }
    }
    let bytes = event
        .encode()
        .map_err(|error| InvalidEntry(error.to_string()))?;
    Ok(bytes.into())
}

/// Encodes what stands for an entry that is no event: its id alone, of which a client keeps that it had
/// it.
#[must_use]
pub fn placeholder(id: EntryId) -> Bytes {
    frame::position(&id.to_string())
}

/// The fields that an event has as an entry, for `XADD`.
///
/// # Examples
///
/// ```
/// use antiphon_channel::follow::fields;
/// use antiphon_core::values::event::ServerSentEvent;
///
/// let event = ServerSentEvent::new("hello").event("chat");
/// assert_eq!(fields(&event).unwrap(), [("data", "hello".into()), ("event", "chat".into())]);
/// ```
///
/// # Errors
///
/// [`InvalidEntry`] if a client would misread the event, or if it has an id: the engine gives that.
pub fn fields(event: &ServerSentEvent<'_>) -> Result<Vec<(&'static str, String)>, InvalidEntry> {
    if event.id.is_some() {
        return Err(InvalidEntry(
            "event id: expected none, since the engine gives it, but found one".to_owned(),
        ));
    }
    event
        .encode()
        .map_err(|error| InvalidEntry(error.to_string()))?;
    let text = |name, text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_ref().map(|text| (name, text.to_string()))
    };
    let retry = event.retry.map(|retry| ("retry", retry.to_string()));
    let fields = [
        text("data", &event.data),
        text("event", &event.event),
        retry,
        text("comment", &event.comment),
    ];
    let mut fields: Vec<_> = fields.into_iter().flatten().collect();
    if fields.is_empty() {
        // An entry has at least one field. A comment says nothing.
        fields.push(("comment", String::new()));
    }
    Ok(fields)
}

/// The error of an entry that is no event, or of an event that is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEntry(String);

impl fmt::Display for InvalidEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for InvalidEntry {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_an_id_alone_is_an_entry() {
        let fields = fields(&ServerSentEvent::default()).unwrap();
        assert_eq!(fields, [("comment", String::new())]);
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let frame = event(EntryId::ZERO, fields).unwrap();
        assert!(!frame.starts_with(b"data"), "{frame:?}");
    }
}
