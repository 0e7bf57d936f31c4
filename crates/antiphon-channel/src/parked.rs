//! The wakers of subscribers that wait.

use std::mem;
use std::task::Waker;

/// Wakers, all taken at once when there is news.
///
/// A subscriber has at most one place in a round, and a place that was left is used again, so there
/// are never more places than subscribers.
#[derive(Default)]
pub(crate) struct Parked {
    round: u64,
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// Where a subscriber waits, until the round is over.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    round: u64,
    place: usize,
}

impl Parked {
    /// Parks `waker` in the place of `ticket`, or in another if that round is over. Returns the
    /// waker that it replaces, to be dropped where no lock is held: dropping it may run a task's
    /// destructors.
    pub(crate) fn park(&mut self, ticket: &mut Option<Ticket>, waker: &Waker) -> Option<Waker> {
        let current = ticket.filter(|ticket| ticket.round == self.round);
        let place = match current
            .map(|ticket| ticket.place)
            .or_else(|| self.free.pop())
        {
            Some(place) => place,
            None => {
                self.places.push(None);
                self.places.len() - 1
            }
        };
        *ticket = Some(Ticket {
            round: self.round,
            place,
        });
        match self.places.get_mut(place) {
            Some(Some(parked)) if parked.will_wake(waker) => None,
            Some(parked) => parked.replace(waker.clone()),
            None => None,
        }
    }

    /// Gives up a place. Returns its waker, to be dropped where no lock is held.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        if ticket.round != self.round {
            return None;
        }
        self.free.push(ticket.place);
        self.places.get_mut(ticket.place)?.take()
    }

    /// Ends the round and returns its wakers, to be woken where no lock is held.
    pub(crate) fn take(&mut self) -> Vec<Option<Waker>> {
        self.round += 1;
        self.free.clear();
        mem::take(&mut self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_leaves_no_place_behind() {
        let mut parked = Parked::default();
        for _ in 0..1000 {
            let mut ticket = None;
            parked.park(&mut ticket, Waker::noop());
            parked.park(&mut ticket, Waker::noop());
            assert!(parked.leave(ticket.unwrap()).is_some());
        }
        assert_eq!(parked.places.len(), 1);
    }

    #[test]
    fn a_place_that_was_left_is_not_used_in_the_next_round() {
        let mut parked = Parked::default();
        let (mut first, mut second) = (None, None);
        parked.park(&mut first, Waker::noop());
        parked.leave(first.unwrap());
        assert_eq!(parked.take().into_iter().flatten().count(), 0);
        parked.park(&mut first, Waker::noop());
        parked.park(&mut second, Waker::noop());
        assert_eq!(parked.take().into_iter().flatten().count(), 2);
    }

    #[test]
    fn a_ticket_of_a_past_round_touches_nobody() {
        let mut parked = Parked::default();
        let (mut old, mut new) = (None, None);
        parked.park(&mut old, Waker::noop());
        assert_eq!(parked.take().len(), 1);
        parked.park(&mut new, Waker::noop());
        assert!(parked.leave(old.unwrap()).is_none());
        assert_eq!(parked.take().into_iter().flatten().count(), 1);
    }
}
