//! What was read of a stream, given to the subscribers of its channel.

use crate::entry_id::EntryId;
use crate::following::Following;
use crate::shared::{Shared, State, wake};
use crate::tail::Before;
use bytes::Bytes;
use std::sync::Arc;

/// Events of a stream, the oldest first.
pub(crate) type Events = Vec<(EntryId, Bytes)>;

/// What the subscribers of a channel wait for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Events before this one, the oldest that is held.
    pub(crate) before: Option<EntryId>,
    /// What is newer than all that was read.
    pub(crate) is_news: bool,
}

impl Shared {
    /// Begins with the newest events of the stream, behind `place`.
    pub(crate) fn start(&self, events: Events, place: EntryId) {
        self.change(|state, following| {
            renew(state, following, events, place);
            following.first_new = state.log.next();
        });
    }

    /// Begins anew: between what was read before and these events some may be missing.
    pub(crate) fn replace(&self, events: Events, place: EntryId) {
        self.change(|state, following| {
            following.losses += 1;
            state.log.clear();
            renew(state, following, events, place);
        });
    }

    /// Goes on with events that follow without a gap.
    pub(crate) fn append(&self, events: Events, place: EntryId) {
        if events.is_empty() {
            if let Some(following) = self.lock().following.as_deref_mut() {
                following.place = Some(place);
            }
            return;
        }
        self.change(|state, following| {
            following.place = Some(place);
            state.published += events.len() as u64;
            append(state, events);
        });
    }

    /// Puts events that lie directly before `from` before those that are held, of which there are to be
    /// about `max_bytes` at most. Wakes nobody as long as somebody waits for still older ones.
    ///
    /// If another is the oldest that is held by now, some would be missing between: since that was asked,
    /// one who wanted it has left, and the log has let go of events. Then it is asked again.
    pub(crate) fn extend(&self, from: EntryId, events: Events, before: Before, max_bytes: u64) {
        let mut state = self.lock();
        let state_ = &mut *state;
        let Some(following) = state_.following.as_deref_mut() else {
            return;
        };
        let oldest = state_.log.oldest();
        if oldest.and_then(|id| EntryId::parse(id.as_bytes())) != Some(from) {
            return;
        }
        let named = events
            .into_iter()
            .map(|(id, frame)| (id.to_string().into(), frame));
        state_.log.extend(named.collect());
        if before == Before::Nothing {
            state_.log.name_beginning(EntryId::ZERO.to_string().into());
        }
        if before != Before::Unknown || state_.log.held_bytes() > max_bytes {
            let oldest = state_.log.oldest();
            following.beginning = oldest.and_then(|id| EntryId::parse(id.as_bytes()));
        }
        if following.before(&state_.log).is_none() {
            let wakers = state.parked.take();
            drop(state);
            wake(wakers);
        }
    }

    /// Tells what subscribers wait for.
    pub(crate) fn wanted(&self) -> Wanted {
        let state = self.lock();
        let following = state.following.as_deref();
        Wanted {
            before: following.and_then(|following| following.before(&state.log)),
            is_news: following.is_some_and(|following| following.needed > following.begun),
        }
    }

    /// Says that the reading of what is new has begun.
    pub(crate) fn begin_reading(&self) {
        if let Some(following) = self.lock().following.as_deref_mut() {
            following.begun += 1;
        }
    }

    /// Says that it has ended, and wakes those who wait for that.
    pub(crate) fn end_reading(&self) {
        let mut state = self.lock();
        let Some(following) = state.following.as_deref_mut() else {
            return;
        };
        let is_awaited = following.needed > following.ended;
        following.ended = following.begun;
        if is_awaited {
            let wakers = state.parked.take();
            drop(state);
            wake(wakers);
        }
    }

    /// Ends all subscriptions there are now.
    pub(crate) fn dismiss(&self) {
        self.change(|_, following| following.dismissals += 1);
    }

    fn change(&self, change: impl FnOnce(&mut State, &mut Following)) {
        let mut state = self.lock();
        if let Some(mut following) = state.following.take() {
            change(&mut state, &mut following);
            state.following = Some(following);
        }
        let wakers = state.parked.take();
        drop(state);
        wake(wakers);
    }
}

fn renew(state: &mut State, following: &mut Following, events: Events, place: EntryId) {
    following.place = Some(place);
    following.beginning = None;
    following.wanted.clear();
    // A client may come back that was told this place when the stream had nothing.
    if events.is_empty() {
        state.log.name_place(place.to_string().into());
    }
    append(state, events);
}

fn append(state: &mut State, events: Events) {
    for (id, frame) in events {
        let id: Arc<str> = id.to_string().into();
        state.log.append(frame, Some(id));
    }
}
