//! What a channel knows of the stream that it follows, beside the events in its log.

use crate::entry_id::EntryId;
use crate::log::Log;
use std::collections::BTreeMap;

/// A channel that follows a stream of an engine.
#[derive(Default)]
pub(crate) struct Following {
    /// The id behind which all is still to come; `None` until the stream was read.
    pub(crate) place: Option<EntryId>,
    /// The number of the first event that was added since the stream was first read.
    pub(crate) first_new: u64,
    /// The oldest event that is held, once it is known that there are none before it.
    pub(crate) beginning: Option<EntryId>,
    /// How often events may have been missed.
    pub(crate) losses: u64,
    /// How often all subscribers were told to go.
    pub(crate) dismissals: u64,
    /// The ids of those who wait for older events, and how many wait for each.
    pub(crate) wanted: BTreeMap<EntryId, usize>,
    /// How many readings of what is new have begun, and which has ended.
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    /// The last that somebody waits for.
    pub(crate) needed: u64,
}

/// Where a client's id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// What follows it has this number.
    Before(u64),
    /// It is not in the stream any more, or never was.
    Nowhere,
    /// It may be among the older events, which have to be read first.
    Earlier,
    /// It is newer than what was read.
    Later,
}

impl Following {
    /// Looks for an id; `None` as long as nothing was read.
    pub(crate) fn find(&self, log: &Log, id: EntryId) -> Option<Found> {
        let place = self.place?;
        let oldest = log.oldest().and_then(|id| EntryId::parse(id.as_bytes()));
        Some(if let Some(number) = log.after_held(&id.to_string()) {
            Found::Before(number)
        } else if id == place {
            Found::Before(log.next())
        } else if id > place {
            Found::Later
        } else if oldest.is_some_and(|oldest| id < oldest) && self.beginning != oldest {
            Found::Earlier
        } else {
            Found::Nowhere
        })
    }

    /// The oldest event that is held, if somebody waits for older ones.
    pub(crate) fn before(&self, log: &Log) -> Option<EntryId> {
        let (wanted, _) = self.wanted.first_key_value()?;
        let oldest = EntryId::parse(log.oldest()?.as_bytes())?;
        (*wanted < oldest && self.beginning != Some(oldest)).then_some(oldest)
    }

    pub(crate) fn want(&mut self, id: EntryId) {
        *self.wanted.entry(id).or_default() += 1;
    }

    pub(crate) fn want_no_more(&mut self, id: EntryId) {
        if let Some(count) = self.wanted.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                self.wanted.remove(&id);
            }
        }
    }
}
