//! What was published, as far back as somebody may still want it.

use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How much of something there may be: at most so many events, of so many bytes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

/// The one copy of every event that any subscriber may still get, numbered from 1 on.
///
/// ```text
///        first        live                 next
/// ───────┼────────────┼────────────────────┼──►
/// gone   │  replays   │  everybody's queue │
/// ```
///
/// A subscriber that has fallen behind `live` is slow. Before `live` lies as much as the history held
/// when `live` was the next event, so that a replay which began then can be finished.
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    first: u64,
    live: u64,
    history: u64,
    /// The bytes of all events that were ever appended.
    written: u64,
    /// The events whose ids the publisher gave.
    own: HashMap<Arc<str>, u64>,
    queue_bound: Bound,
    history_bound: Bound,
    pins: Pins,
}

/// Those who read, or wait for, what lies before the history.
#[derive(Default)]
struct Pins {
    count: usize,
    /// The number that was the next event's when the last of them came. Who has fallen behind `live`
    /// since then is slow, and holds nothing.
    joined: u64,
}

struct Entry {
    frame: Bytes,
    /// What was written before it.
    offset: u64,
    own_id: Option<Arc<str>>,
}

/// Who named an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    /// The channel, by its number.
    Assigned(u64),
    /// The publisher.
    Own(Arc<str>),
}

impl Log {
    pub(crate) fn new(queue_bound: Bound, history_bound: Bound) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 1,
            live: 1,
            history: 1,
            written: 0,
            own: HashMap::new(),
            queue_bound,
            history_bound,
            pins: Pins::default(),
        }
    }

    /// Makes a log that has room before its first event, for [`extend`](Self::extend).
    pub(crate) fn with_room(queue_bound: Bound, history_bound: Bound) -> Self {
        const ROOM: u64 = 1 << 62;
        Self {
            first: ROOM,
            live: ROOM,
            history: ROOM,
            written: ROOM,
            ..Self::new(queue_bound, history_bound)
        }
    }

    /// Returns the number of the event that will be appended next.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Returns the number of the oldest event in everybody's queue.
    pub(crate) const fn live(&self) -> u64 {
        self.live
    }

    /// Returns the number of the oldest event that is held.
    pub(crate) const fn first(&self) -> u64 {
        self.first
    }

    /// Returns the number of the oldest event of the history.
    pub(crate) const fn history(&self) -> u64 {
        self.history
    }

    /// Returns how many events are held.
    pub(crate) fn held_events(&self) -> usize {
        self.entries.len()
    }

    /// Returns how many bytes the held events have.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.written - self.offset(self.first)
    }

    /// Appends an event, and lets go of what nobody can want any more.
    pub(crate) fn append(&mut self, frame: Bytes, own_id: Option<Arc<str>>) {
        let number = self.next();
        if let Some(id) = &own_id {
            self.own.insert(Arc::clone(id), number);
        }
        let (offset, length) = (self.written, frame.len() as u64);
        self.entries.push_back(Entry {
            frame,
            offset,
            own_id,
        });
        self.written += length;

        let next = number + 1;
        // The newest event stays in the queue, however long it is.
        self.live = self.trimmed(self.live, next, self.queue_bound).min(number);
        self.history = self.trimmed(self.history, next, self.history_bound);
        self.let_go();
    }

    /// Puts events before the first, the oldest of them first.
    pub(crate) fn extend(&mut self, events: Vec<(Arc<str>, Bytes)>) {
        for (id, frame) in events.into_iter().rev() {
            let offset = self.offset(self.first) - frame.len() as u64;
            self.first -= 1;
            self.own.entry(Arc::clone(&id)).or_insert(self.first);
            self.entries.push_front(Entry {
                frame,
                offset,
                own_id: Some(id),
            });
        }
    }

    /// Lets go of all events; those that are appended next have a new beginning.
    pub(crate) fn clear(&mut self) {
        let next = self.next();
        self.entries.clear();
        self.own.clear();
        self.pins = Pins::default();
        (self.first, self.live, self.history) = (next, next, next);
    }

    /// Gives the place before the next event a name, by which it is found as if an event had it.
    pub(crate) fn name_place(&mut self, id: Arc<str>) {
        self.own.insert(id, self.next() - 1);
    }

    /// Gives the place before the first event a name.
    pub(crate) fn name_beginning(&mut self, id: Arc<str>) {
        self.own.insert(id, self.first - 1);
    }

    /// Keeps all events for one more who reads, or waits for, what lies before the history.
    pub(crate) fn pin(&mut self) {
        self.pins.count += 1;
        self.pin_again();
    }

    /// Keeps them for one for whom they are kept already, as if it came now.
    pub(crate) fn pin_again(&mut self) {
        self.pins.joined = self.next();
    }

    /// Keeps them for one less.
    pub(crate) fn unpin(&mut self) {
        self.pins.count -= 1;
        self.let_go();
    }

    fn let_go(&mut self) {
        if self.pins.count > 0 && self.live <= self.pins.joined {
            return;
        }
        let first = self.trimmed(self.first, self.live, self.history_bound);
        for gone in self.first..first {
            let id = self.entries.pop_front().and_then(|entry| entry.own_id);
            if let Some(id) = id
                && self.own.get(&id) == Some(&gone)
            {
                self.own.remove(&id);
            }
        }
        self.first = first;
    }

    /// The events from `number` on.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Bytes> {
        let passed = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.entries.iter().skip(passed).map(|entry| &entry.frame)
    }

    /// Returns the number of the event after `id`, if `id` is still held and every later event is in the
    /// history. `assigned` is the number that the id stands for, if it looks like one that the channel
    /// gives.
    pub(crate) fn after(&self, id: &[u8], assigned: Option<u64>) -> Option<u64> {
        let own = || self.own.get(str::from_utf8(id).ok()?).copied();
        let number = own().or_else(|| assigned.filter(|number| self.has_assigned(*number)))?;
        (number + 1 >= self.history).then_some(number + 1)
    }

    /// Returns the number of the event after `id`, if `id` is held.
    pub(crate) fn after_held(&self, id: &str) -> Option<u64> {
        let after = self.own.get(id).map(|number| number + 1);
        after.filter(|after| *after >= self.first)
    }

    /// Returns the id that the publisher gave the oldest event that is held.
    pub(crate) fn oldest(&self) -> Option<&str> {
        self.entries.front()?.own_id.as_deref()
    }

    /// Returns the id of the newest event; before the first, the id that an event 0 would have.
    pub(crate) fn newest(&self) -> Id {
        let own = self.entries.back().and_then(|entry| entry.own_id.clone());
        own.map_or_else(|| Id::Assigned(self.next() - 1), Id::Own)
    }

    /// Tells whether the channel has named the event `number`; the publisher may have used the same
    /// id for another.
    fn has_assigned(&self, number: u64) -> bool {
        number == 0
            || self
                .entry(number)
                .is_some_and(|entry| entry.own_id.is_none())
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index)
    }

    fn offset(&self, number: u64) -> u64 {
        self.entry(number)
            .map_or(self.written, |entry| entry.offset)
    }

    /// The least number from `start` on from which the events up to `end` keep to `bound`.
    fn trimmed(&self, mut start: u64, end: u64, bound: Bound) -> u64 {
        let exceeds = |start: u64| {
            end - start > bound.events as u64
                || self.offset(end) - self.offset(start) > bound.bytes as u64
        };
        while start < end && exceeds(start) {
            start += 1;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(queue: (usize, usize), history: (usize, usize)) -> Log {
        let bound = |(events, bytes)| Bound { events, bytes };
        Log::new(bound(queue), bound(history))
    }

    fn push(log: &mut Log, length: usize, id: Option<&str>) {
        log.append(vec![b'x'; length].into(), id.map(Arc::from));
    }

    #[test]
    fn the_newest_event_is_held_even_if_it_is_too_long() {
        let mut log = log((1, 10), (5, 10));
        push(&mut log, 100, None);
        assert_eq!((log.live(), log.history(), log.held_bytes()), (1, 2, 100));
        assert_eq!(log.after(b"1", Some(1)), Some(2));
        assert_eq!(log.after(b"0", Some(0)), None);
        push(&mut log, 1, None);
        assert_eq!((log.live(), log.history(), log.held_bytes()), (2, 2, 1));
    }

    #[test]
    fn an_id_is_found_as_long_as_all_since_are_in_the_history() {
        let mut log = log((1, 1000), (2, 1000));
        for number in 1..=5 {
            push(&mut log, 1, Some(&format!("id-{number}")));
        }
        assert_eq!(log.after(b"id-5", None), Some(6));
        assert_eq!(log.after(b"id-3", None), Some(4));
        assert_eq!(log.after(b"id-2", None), None);
        assert_eq!(log.newest(), Id::Own("id-5".into()));
    }

    #[test]
    fn an_id_that_the_publisher_gave_is_not_taken_for_one_of_the_channel() {
        let mut log = log((10, 1000), (10, 1000));
        push(&mut log, 1, Some("3"));
        push(&mut log, 1, Some("x"));
        push(&mut log, 1, None);
        assert_eq!(log.after(b"3", Some(3)), Some(2));
        assert_eq!(log.after(b"2", Some(2)), None);
        assert_eq!(log.after(b"9", Some(9)), None);
    }

    #[test]
    fn ids_of_events_that_are_gone_are_forgotten() {
        let mut log = log((2, 1000), (2, 1000));
        for _ in 0..10 {
            push(&mut log, 1, Some("same"));
        }
        // It is the newest that counts, and it stays when older ones go.
        assert_eq!(log.after(b"same", None), Some(11));
        for number in 0..100 {
            push(&mut log, 1, Some(&number.to_string()));
        }
        assert_eq!(log.after(b"same", None), None);
        assert_eq!((log.own.len(), log.held_events()), (4, 4));
    }

    proptest! {
        #[test]
        fn bounds_hold_and_a_replay_can_be_finished_by_who_is_not_slow(
            lengths in proptest::collection::vec(1_usize..50, 1..80),
            queue in (1_usize..10, 1_usize..200),
            history in (0_usize..20, 0_usize..300),
        ) {
            let mut log = log(queue, history);
            // What each moment's history began with, and the next event of that moment.
            let mut replays = vec![(1, 1)];
            for length in &lengths {
                push(&mut log, *length, None);
                replays.push((log.history(), log.next()));

                prop_assert!(log.first <= log.history() && log.first <= log.live());
                prop_assert!(log.live() < log.next());
                let history_events = (log.next() - log.history()) as usize;
                let history_bytes: usize = log.since(log.history()).map(Bytes::len).sum();
                prop_assert!(history_events <= history.0 && history_bytes <= history.1);
                prop_assert!(log.held_events() <= queue.0 + history.0);
                let longest = lengths.iter().max().unwrap();
                prop_assert!(log.held_bytes() as usize <= queue.1.max(*longest) + history.1);
                for (start, joined) in &replays {
                    prop_assert!(*joined < log.live() || *start >= log.first);
                }
            }
        }
    }
}
