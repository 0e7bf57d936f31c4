//! What a channel and its subscribers share.

use crate::epoch::Epoch;
use crate::frame::{self, Resync};
use crate::log::{Id, Log};
use crate::parked::Parked;
use crate::policy::{Newcomers, Slow};
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A channel, as publishers and subscribers share it.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) slow: Slow,
    pub(crate) newcomers: Newcomers,
    pub(crate) epoch: Epoch,
    resync: Resync,
}

/// What changes in it.
pub(crate) struct State {
    pub(crate) log: Log,
    pub(crate) parked: Parked,
    pub(crate) closed: bool,
    pub(crate) subscribers: usize,
    pub(crate) delivered: u64,
    pub(crate) lagged: u64,
    pub(crate) dropped: u64,
}

impl Shared {
    /// Makes what a channel without events has.
    pub(crate) fn new(
        log: Log,
        (slow, newcomers): (Slow, Newcomers),
        epoch: Epoch,
        resync: Resync,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                log,
                parked: Parked::default(),
                closed: false,
                subscribers: 0,
                delivered: 0,
                lagged: 0,
                dropped: 0,
            }),
            slow,
            newcomers,
            epoch,
            resync,
        }
    }

    /// Locks the state. Nothing that is done with it can panic half-way, so a poisoned lock is a good one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the resync event, after which a client goes on behind `newest`.
    pub(crate) fn resync(&self, newest: Id) -> Bytes {
        self.resync.with_id(&self.text(newest))
    }

    /// Makes what tells a client that it is behind `newest`: an id without an event, which a client keeps
    /// and dispatches nothing of.
    pub(crate) fn position(&self, newest: Id) -> Bytes {
        frame::position(&self.text(newest))
    }

    fn text(&self, id: Id) -> Arc<str> {
        match id {
            Id::Assigned(number) => self.epoch.id(number).into(),
            Id::Own(id) => id,
        }
    }

    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let wakers = state.parked.take();
        drop(state);
        wake(wakers);
    }
}

pub(crate) fn wake(wakers: Vec<Option<Waker>>) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}
