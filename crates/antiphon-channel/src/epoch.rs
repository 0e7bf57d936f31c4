//! What the ids of a channel begin with.

use antiphon_core::values::event::{InvalidEvent, ServerSentEvent};
use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::OnceLock;

/// What the ids of one channel begin with, so that those of another are told apart.
pub(crate) struct Epoch {
    /// A random one is made with the first id: a server may make the channel, and then fork into
    /// processes of which each must have its own.
    prefix: OnceLock<Box<str>>,
}

impl Epoch {
    /// An epoch that the next channel, or this one after a restart, will not have.
    pub(crate) const fn random() -> Self {
        Self {
            prefix: OnceLock::new(),
        }
    }

    /// The epoch whose ids are bare numbers.
    pub(crate) fn repeatable() -> Self {
        Self::of("".into())
    }

    fn of(prefix: Box<str>) -> Self {
        Self {
            prefix: OnceLock::from(prefix),
        }
    }

    /// What the ids begin with.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.get_or_init(|| {
            // Processes that were forked have the same random numbers.
            let random = RandomState::new().hash_one(process::id()) >> 32;
            format!("{random:08x}-").into()
        })
    }

    /// The epoch of this name.
    pub(crate) fn named(name: &str) -> Result<Self, InvalidEpoch> {
        let event = ServerSentEvent::default().id(name);
        event.encode().map_err(|error| InvalidEpoch(Some(error)))?;
        match event.last_event_id() {
            Some(name) if !name.is_empty() => Ok(Self::of((name + "-").into())),
            _ => Err(InvalidEpoch(None)),
        }
    }

    /// The id of an event.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}{number}", self.prefix())
    }

    /// The number of the event that has this id, if it is one of this epoch.
    pub(crate) fn number(&self, id: &[u8]) -> Option<u64> {
        let digits = str::from_utf8(id).ok()?.strip_prefix(self.prefix())?;
        let number = digits.parse().ok()?;
        // A sign or a leading zero makes another id.
        (self.id(number).as_bytes() == id).then_some(number)
    }
}

/// The error of an [epoch](crate::Builder::epoch) that is empty, or cannot be sent in an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEpoch(Option<InvalidEvent>);

impl fmt::Display for InvalidEpoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("epoch: ")?;
        match &self.0 {
            Some(error) => error.fmt(formatter),
            None => formatter.write_str(
                "expected a name that is new after each restart, but found an empty one; repeatable ids are \
                 asked for by their name",
            ),
        }
    }
}

impl Error for InvalidEpoch {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(Epoch::repeatable().number(b"7"), Some(7));
    }

    #[test]
    fn a_name_that_makes_no_ids_of_its_own_is_refused() {
        for (name, reason) in [
            (
                "",
                "epoch: expected a name that is new after each restart, but found an empty one; ",
            ),
            (
                "\r\n",
                "epoch: expected a name that is new after each restart, but found an empty one; ",
            ),
            (
                "a\0",
                "epoch: event id: expected text without NUL, but found one at position 1",
            ),
        ] {
            let error = Epoch::named(name).err().unwrap();
            assert!(error.to_string().starts_with(reason), "{error}");
        }
    }

    #[test]
    fn random_epochs_differ() {
        assert_ne!(Epoch::random().prefix(), Epoch::random().prefix());
    }
}
