//! What a channel and its subscribers share.

use crate::demand::Demand;
use crate::epoch::Epoch;
use crate::following::Following;
use crate::frame::{self, Resync};
use crate::log::{Id, Log};
use crate::options::Options;
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
    /// Where a channel that follows a stream asks for what it does not have.
    pub(crate) demand: Option<(Arc<Demand>, Arc<str>)>,
}

/// What changes in it.
pub(crate) struct State {
    pub(crate) log: Log,
    pub(crate) parked: Parked,
    /// What is known of the stream, if the channel follows one.
    pub(crate) following: Option<Box<Following>>,
    pub(crate) closed: bool,
    pub(crate) subscribers: usize,
    pub(crate) published: u64,
    pub(crate) delivered: u64,
    pub(crate) lagged: u64,
    pub(crate) dropped: u64,
}

impl Shared {
    /// Makes what a channel without events has.
    pub(crate) fn new(log: Log, options: Options, epoch: Epoch) -> Self {
        Self {
            state: Mutex::new(State {
                log,
                parked: Parked::default(),
                following: None,
                closed: false,
                subscribers: 0,
                published: 0,
                delivered: 0,
                lagged: 0,
                dropped: 0,
            }),
            slow: options.slow,
            newcomers: options.newcomers,
            epoch,
            resync: options.resync,
            demand: None,
        }
    }

    /// Makes a channel that follows the stream of this name.
    pub(crate) fn following(mut self, demand: Arc<Demand>, name: Arc<str>) -> Self {
        self.demand = Some((demand, name));
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.following = Some(Box::default());
        self
    }

    /// Has the reader look at what subscribers wait for.
    pub(crate) fn ask(&self) {
        if let Some((demand, name)) = &self.demand {
            demand.put([Arc::clone(name)]);
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

    /// Makes the id of the newest event, in a channel that may follow a stream.
    pub(crate) fn newest(state: &State) -> Id {
        match state
            .following
            .as_deref()
            .and_then(|following| following.place)
        {
            Some(place) => Id::Own(place.to_string().into()),
            None => state.log.newest(),
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

impl State {
    /// Tells whether a channel that follows a stream has read it.
    pub(crate) fn is_started(&self) -> bool {
        let following = self.following.as_deref();
        following.is_some_and(|following| following.place.is_some())
    }
}

pub(crate) fn wake(wakers: Vec<Option<Waker>>) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}
