//! Where one subscriber of a channel stands that follows a stream.
//!
//! Its client's id may be among events that have to be read first. Until it is found, the subscriber
//! waits, and what it waits for is written down in the channel.

use crate::entry_id::EntryId;
use crate::following::Found;
use crate::policy::Newcomers;
use crate::shared::State;

/// The place of a subscriber in a channel that follows a stream.
pub(crate) struct Seat {
    sought: Option<Sought>,
    /// The number of the first event that was added since it came, if the stream was read by then.
    first_new: Option<u64>,
    /// The channel's losses and dismissals that it knows of.
    losses: u64,
    dismissals: u64,
    /// Whether the log keeps older events for it.
    is_pinned: bool,
    /// The id that it waits for, among older events.
    wanted: Option<EntryId>,
    /// The reading that has to end before an id that is newer than all is taken for a wrong one.
    needed: Option<u64>,
}

/// What the client says of where it was.
#[derive(Clone, Copy)]
pub(crate) enum Sought {
    /// It is a newcomer.
    Newcomer(Newcomers),
    Id(EntryId),
    /// Its id is none of this stream's.
    Unknown,
}

/// Where a subscriber begins.
pub(crate) enum Start {
    /// With what was published since it came, which has this number.
    Live(u64),
    /// With the event of this number.
    At(u64),
    /// What it has missed cannot be known.
    Resync,
}

impl Seat {
    pub(crate) fn new(sought: Sought, state: &State) -> Self {
        let following = state.following.as_deref();
        Self {
            sought: Some(sought),
            first_new: state.is_started().then(|| state.log.next()),
            losses: losses(state),
            dismissals: following.map_or(0, |following| following.dismissals),
            is_pinned: false,
            wanted: None,
            needed: None,
        }
    }

    /// Looks for where the subscriber begins; `None` if that has to be waited for, or was found before.
    pub(crate) fn start(&mut self, state: &mut State) -> Option<Start> {
        let start = match self.sought? {
            Sought::Id(id) => self.find(id, state)?,
            other => {
                let following = state.following.as_ref()?;
                following.place?;
                match other {
                    // What was added since it came may have gone with a loss.
                    Sought::Newcomer(Newcomers::Live) if self.losses != following.losses => {
                        Start::Resync
                    }
                    Sought::Newcomer(Newcomers::Live) => {
                        Start::Live(self.first_new.unwrap_or(following.first_new))
                    }
                    Sought::Newcomer(Newcomers::History) => Start::At(state.log.history()),
                    Sought::Id(_) | Sought::Unknown => Start::Resync,
                }
            }
        };
        self.stop_waiting(state);
        let losses = losses(state);
        match start {
            Start::At(number) if number < state.log.history() => self.pin(losses, state),
            _ => self.unpin(state),
        }
        self.losses = losses;
        self.sought = None;
        Some(start)
    }

    fn find(&mut self, id: EntryId, state: &mut State) -> Option<Start> {
        let following = state.following.as_deref_mut()?;
        match following.find(&state.log, id)? {
            Found::Before(number) => Some(Start::At(number)),
            Found::Nowhere => Some(Start::Resync),
            Found::Earlier => {
                self.wait_for(id, state);
                None
            }
            Found::Later => {
                let needed = *self.needed.get_or_insert(following.begun + 1);
                following.needed = following.needed.max(needed);
                (following.ended >= needed).then_some(Start::Resync)
            }
        }
    }

    fn wait_for(&mut self, id: EntryId, state: &mut State) {
        let losses = losses(state);
        if self.losses != losses {
            // What it waited for went with what the log held.
            (self.wanted, self.is_pinned) = (None, false);
        }
        self.pin(losses, state);
        if self.wanted.is_none()
            && let Some(following) = &mut state.following
        {
            following.want(id);
            self.wanted = Some(id);
        }
    }

    fn pin(&mut self, losses: u64, state: &mut State) {
        if self.is_pinned && self.losses == losses {
            state.log.pin_again();
        } else {
            state.log.pin();
        }
        (self.is_pinned, self.losses) = (true, losses);
    }

    fn stop_waiting(&mut self, state: &mut State) {
        if let Some(following) = &mut state.following
            && let Some(id) = self.wanted.take()
            && following.losses == self.losses
        {
            following.want_no_more(id);
        }
    }

    pub(crate) const fn is_seeking(&self) -> bool {
        self.sought.is_some()
    }

    /// Tells, once each time, that events may have been missed.
    pub(crate) fn takes_loss(&mut self, state: &State) -> bool {
        let losses = losses(state);
        let is_new = self.losses != losses;
        if is_new {
            (self.losses, self.is_pinned) = (losses, false);
        }
        is_new
    }

    /// Tells whether all were told to go since the subscriber came.
    pub(crate) fn is_dismissed(&self, state: &State) -> bool {
        let following = state.following.as_deref();
        following.is_some_and(|following| following.dismissals != self.dismissals)
    }

    /// Lets go of older events, once the subscriber has them.
    pub(crate) fn advance(&mut self, cursor: u64, state: &mut State) {
        if self.is_pinned && cursor >= state.log.history() {
            self.unpin(state);
        }
    }

    fn unpin(&mut self, state: &mut State) {
        if self.is_pinned && self.losses == losses(state) {
            state.log.unpin();
        }
        self.is_pinned = false;
    }

    pub(crate) fn leave(&mut self, state: &mut State) {
        self.stop_waiting(state);
        self.unpin(state);
    }
}

fn losses(state: &State) -> u64 {
    let following = state.following.as_deref();
    following.map_or(0, |following| following.losses)
}
