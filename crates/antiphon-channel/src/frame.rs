//! Events as bytes, with the ids that the channel gives them.

use antiphon_core::values::event::{InvalidEvent, Separator, ServerSentEvent};
use bytes::Bytes;
use std::hash::{BuildHasher, RandomState};

/// What the ids of one channel begin with, so that those of another are told apart.
pub(crate) struct Epoch {
    prefix: Box<str>,
}

impl Epoch {
    /// An epoch that the next channel, or this one after a restart, will not have.
    pub(crate) fn random() -> Self {
        let random = RandomState::new().hash_one(0) >> 32;
        Self {
            prefix: format!("{random:08x}-").into(),
        }
    }

    /// The epoch of this name; ids of the empty one are bare numbers.
    pub(crate) fn named(name: &str) -> Result<Self, InvalidEvent> {
        let event = ServerSentEvent::default().id(name);
        event.encode()?;
        let prefix = match event.last_event_id() {
            Some(name) if !name.is_empty() => name + "-",
            _ => String::new(),
        };
        Ok(Self {
            prefix: prefix.into(),
        })
    }

    /// The id of an event.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}{number}", self.prefix)
    }

    /// The number of the event that has this id, if it is one of this epoch.
    pub(crate) fn number(&self, id: &[u8]) -> Option<u64> {
        let digits = str::from_utf8(id).ok()?.strip_prefix(&*self.prefix)?;
        let number = digits.parse().ok()?;
        // A sign or a leading zero makes another id.
        (self.id(number).as_bytes() == id).then_some(number)
    }
}

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
            None => ID.len() + epoch.prefix.len() + MAX_DIGITS + separator.as_str().len(),
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

    #[test]
    fn a_number_is_read_only_as_it_is_written() {
        let epoch = Epoch::named(" a\r\nb ").unwrap();
        assert_eq!(epoch.id(7), "ab-7");
        assert_eq!(epoch.number(b"ab-7"), Some(7));
        for other in [
            &b"7"[..],
            b"ab-",
            b"ab-07",
            b"ab-+7",
            b"ac-7",
            b"ab-7 ",
            b"ab-\xFF",
            b"",
            b"ab-99999999999999999999",
        ] {
            assert_eq!(epoch.number(other), None);
        }
        assert_eq!(Epoch::named("").unwrap().number(b"7"), Some(7));
        assert!(Epoch::named("\0").is_err());
    }

    #[test]
    fn random_epochs_differ() {
        assert_ne!(Epoch::random().prefix, Epoch::random().prefix);
    }
}
