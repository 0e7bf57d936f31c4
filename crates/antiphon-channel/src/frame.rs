//! Events as bytes, with the ids that the channel gives them.

use crate::epoch::Epoch;
use antiphon_core::values::event::{InvalidEvent, Separator, ServerSentEvent};
use bytes::Bytes;
use std::hash::{BuildHasher, RandomState};

/// An encoded event, with room in front for the id that it lacks.
///
/// So the encoding needs no lock, and the number, which needs it, is all that is written under it.
pub(crate) struct Draft {
    bytes: Vec<u8>,
    room: usize,
    separator: Separator,
}

impl Draft {
    pub(crate) fn new(event: &ServerSentEvent<'_>, epoch: &Epoch) -> Result<Self, InvalidEvent> {
        let separator = event.separator;
        let room = match event.id {
            Some(_) => 0,
            None => ID.len() + epoch.prefix().len() + MAX_DIGITS + separator.as_str().len(),
        };
        let mut bytes = vec![0; room];
        event.encode_to(&mut bytes)?;
        Ok(Self {
            bytes,
            room,
            separator,
        })
    }

    /// The event with the id that the epoch has made for it, or with its own, if it has one.
    pub(crate) fn with_id(mut self, id: &str) -> Bytes {
        if self.room == 0 {
            return self.bytes.into();
        }
        let end = self.separator.as_str();
        let line = ID.bytes().chain(id.bytes()).chain(end.bytes());
        let start = self.room.saturating_sub(ID.len() + id.len() + end.len());
        drop(self.bytes.splice(start..self.room, line));
        Bytes::from(self.bytes).slice(start..)
    }
}

/// The line of an encoded event that has its id: behind comments, and before all else.
pub(crate) struct IdLine<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) id: &'a str,
    pub(crate) separator: &'a str,
}

impl<'a> IdLine<'a> {
    pub(crate) fn find(frame: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(frame).ok()?;
        let mut start = 0;
        loop {
            let line = text.get(start..)?;
            let len = line.find(['\r', '\n'])?;
            let (line, rest) = line.split_at(len);
            let separator = ["\r\n", "\r", "\n"]
                .into_iter()
                .find(|end| rest.starts_with(end))?;
            let end = start + len + separator.len();
            if let Some(id) = line.strip_prefix(ID) {
                return Some(Self {
                    start,
                    end,
                    id,
                    separator,
                });
            }
            if !line.starts_with(':') {
                return None;
            }
            start = end;
        }
    }
}

/// An id without an event.
pub(crate) fn position(id: &str) -> Bytes {
    [ID, id, "\r\n\r\n"].concat().into()
}

/// What a client is told that is to come back later: in how many milliseconds, by chance, as all are told
/// at once.
pub(crate) fn come_back() -> Bytes {
    let chance = RandomState::new().hash_one(()) % 6_000;
    format!("retry: {}\r\n\r\n", 2_000 + chance).into()
}

/// The event that tells a client to load anew what it shows.
#[derive(Clone, Debug)]
pub(crate) struct Resync {
    bytes: Bytes,
    /// How the line of the id ends; `None` if the event has an id of its own.
    separator: Option<Separator>,
}

impl Resync {
    pub(crate) fn new(event: &ServerSentEvent<'_>) -> Result<Self, InvalidEvent> {
        let mut told = event.clone();
        // A client dispatches no event without.
        told.data.get_or_insert_default();
        Ok(Self {
            bytes: told.encode()?.into(),
            separator: event.id.is_none().then_some(event.separator),
        })
    }

    /// The event with the id of the newest event, so that a client which is cut off right after it
    /// goes on from there.
    pub(crate) fn with_id(&self, id: &str) -> Bytes {
        match self.separator {
            None => self.bytes.clone(),
            Some(separator) => {
                let line = [ID, id, separator.as_str()].concat();
                [line.as_bytes(), &self.bytes].concat().into()
            }
        }
    }
}

impl Default for Resync {
    fn default() -> Self {
        Self {
            bytes: Bytes::from_static(b"event: resync\r\ndata: \r\n\r\n"),
            separator: Some(Separator::CrLf),
        }
    }
}

const ID: &str = "id: ";

/// The digits of `u64::MAX`.
const MAX_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_becomes_what_the_event_with_that_id_is() {
        for (separator, number) in [
            (Separator::CrLf, 1),
            (Separator::Lf, u64::MAX),
            (Separator::Cr, 0),
        ] {
            let epoch = Epoch::named("e").unwrap();
            let event = ServerSentEvent::new("a\nb").event("x").separator(separator);
            let id = epoch.id(number);
            let frame = Draft::new(&event, &epoch).unwrap().with_id(&id);
            let event = event.id(id);
            assert_eq!(frame, event.encode().unwrap());
            let own = Draft::new(&event, &epoch).unwrap().with_id("another");
            assert_eq!(own, event.encode().unwrap());
        }
    }

    #[test]
    fn the_default_resync_event_is_one_that_a_client_sees() {
        let event = ServerSentEvent::new("").event("resync");
        assert_eq!(Resync::default().bytes, event.encode().unwrap());
        let with_id = event.id("7").encode().unwrap();
        assert_eq!(Resync::default().with_id("7"), with_id);
    }
}
