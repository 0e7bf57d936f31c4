//! The end of one stream of an engine, followed without a silent gap.
//!
//! A reader keeps the id of the last entry that it has read. What follows is complete only as long as
//! the stream still has that entry: an engine that was trimmed, emptied, or came back with an older
//! copy answers a question for "all after" just as well, and leaves out what is gone. So every
//! question is asked *from* the last entry *on*, and the answer has to begin with it. One that does not
//! is looked into, and the stream is read anew unless nothing can have been missed.
//!
//! ```text
//! Unknown ──Newest──► At(id) ◄──Since(id): begins with it; the rest is appended
//!    ▲                  │
//!    └──────lost────────┘ begins with another: entries between may be gone
//! ```

use crate::entry_id::EntryId;

/// A question to the engine about one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The newest entries, the newest first: `XREVRANGE key + - COUNT count`.
    Newest {
        /// How many at most.
        count: usize,
    },
    /// The entries from this one on, the oldest first: `XRANGE key from + COUNT count`.
    Since {
        /// The first that is wanted.
        from: EntryId,
        /// How many at most.
        count: usize,
    },
    /// The entries from this one back, the newest first: `XREVRANGE key from - COUNT count`.
    Before {
        /// The first that is wanted.
        from: EntryId,
        /// How many at most.
        count: usize,
    },
    /// What the stream says of itself: `XINFO STREAM key`.
    State,
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// To a question for entries, in the order that was asked for.
    Entries(Vec<(EntryId, T)>),
    /// To [`Ask::State`]; `None` if there is no such stream.
    State(Option<StreamState>),
}

/// What a stream says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// How many entries it has: `length`.
    pub length: u64,
    /// The id of the last that was added, whether or not it is still there: `last-generated-id`.
    pub last_id: EntryId,
    /// How many were ever added: `entries-added`, which Redis has since 7.0.
    pub entries_added: Option<u64>,
}

/// What an answer means to who follows the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<T> {
    /// Another question has to be asked first.
    Unsettled,
    /// The stream is followed from here on; these are its newest entries, the oldest first.
    Started(Vec<(EntryId, T)>),
    /// These follow, with nothing between.
    Appended(Vec<(EntryId, T)>),
    /// Entries may have been missed; these are the stream's newest now, the oldest first.
    Lost(Vec<(EntryId, T)>),
    /// These lie directly before this entry, the oldest first.
    Extended(EntryId, Vec<(EntryId, T)>, Before),
}

/// What lies before the entries of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Perhaps more.
    Unknown,
    /// Nothing that is still there.
    Gone,
    /// Nothing, ever: the stream still has all that it was given.
    Nothing,
}

/// The end of one stream: what to ask the engine, and what its answers mean.
///
/// It waits for nothing and reads no clock. Whoever has the connection asks what [`ask`](Self::ask)
/// returns, and hands the answer to [`answer`](Self::answer).
#[derive(Debug)]
pub(crate) struct Tail<T> {
    place: Place,
    /// Whether it was followed before: a new start is then a loss.
    has_started: bool,
    asked: Option<Ask>,
    /// Whether the place is to be proved, and what follows it to be read.
    is_stale: bool,
    doubt: Option<Doubt<T>>,
    /// How often in a row an entry was added between two questions.
    overtaken: u32,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Unknown,
    /// Behind an entry that was there.
    Entry(EntryId),
    /// Behind an id that has no entry: the stream is empty, or its newest entry is gone.
    Vacant(EntryId, Option<Count>),
}

/// How many entries a stream had, and how many it was ever given.
#[derive(Clone, Copy, Debug)]
struct Count {
    length: u64,
    added: u64,
}

/// An answer that means nothing without the stream's state.
#[derive(Debug)]
enum Doubt<T> {
    /// There were no entries to start with.
    Empty,
    /// These came instead of the entry that was asked for.
    Other(Vec<(EntryId, T)>),
    /// These are the oldest that there are, before this one.
    Oldest(EntryId, Vec<(EntryId, T)>),
}

impl<T> Tail<T> {
    /// Follows a stream of which nothing is known.
    pub(crate) const fn new() -> Self {
        Self {
            place: Place::Unknown,
            has_started: false,
            asked: None,
            is_stale: true,
            doubt: None,
            overtaken: 0,
        }
    }

    /// Returns the id behind which all is still to come; `None` if the stream is not followed yet.
    pub(crate) const fn position(&self) -> Option<EntryId> {
        match self.place {
            Place::Unknown => None,
            Place::Entry(id) | Place::Vacant(id, _) => Some(id),
        }
    }

    /// Tells whether the place is proved, as far as is known, and all that follows it is read.
    pub(crate) const fn is_settled(&self) -> bool {
        let is_placed = self.position().is_some();
        is_placed && !self.is_stale && self.doubt.is_none() && self.asked.is_none()
    }

    /// Has the place proved, and what follows it read: there is news, or time has passed.
    pub(crate) const fn wake(&mut self) {
        self.is_stale = true;
    }

    /// Forgets what was asked: the connection is gone, and with it the answer.
    pub(crate) fn disconnected(&mut self) {
        self.asked = None;
        self.doubt = None;
        self.overtaken = 0;
        self.is_stale = true;
    }

    /// Forgets where it was: the engine refuses the question, as the stream is not there any more.
    pub(crate) fn refused(&mut self) {
        self.disconnected();
        self.place = Place::Unknown;
    }

    /// Returns the next question, if there is one and none is under way.
    ///
    /// `before` is the oldest entry that is held, if older ones are wanted. `history` is how many entries
    /// are wanted at a start, and `page` how many are asked for at a time elsewhere.
    pub(crate) fn ask(
        &mut self,
        before: Option<EntryId>,
        history: usize,
        page: usize,
    ) -> Option<Ask> {
        if self.asked.is_some() {
            return None;
        }
        // The first of a page is the one that is known.
        let count = page.max(2);
        let ask = match self.place {
            _ if self.doubt.is_some() => Ask::State,
            Place::Unknown => {
                self.is_stale = false;
                let count = history.max(1);
                Ask::Newest { count }
            }
            Place::Entry(from) | Place::Vacant(from, _) if self.is_stale => {
                self.is_stale = false;
                Ask::Since { from, count }
            }
            Place::Entry(_) | Place::Vacant(..) => Ask::Before {
                from: before?,
                count,
            },
        };
        self.asked = Some(ask);
        Some(ask)
    }

    /// Takes the answer to the question that is under way.
    pub(crate) fn answer(&mut self, answer: Answer<T>) -> Step<T> {
        match (self.asked.take(), answer) {
            (Some(Ask::Newest { .. }), Answer::Entries(entries)) => self.newest(entries),
            (Some(Ask::Since { from, count }), Answer::Entries(entries)) => {
                self.since(from, count, entries)
            }
            (Some(Ask::Before { from, count }), Answer::Entries(entries)) => {
                self.before(from, count, entries)
            }
            (Some(Ask::State), Answer::State(state)) => {
                let state = state.unwrap_or(StreamState {
                    length: 0,
                    last_id: EntryId::ZERO,
                    entries_added: Some(0),
                });
                match self.doubt.take() {
                    Some(Doubt::Empty) => self.empty(state),
                    Some(Doubt::Other(entries)) => self.other(state, entries),
                    Some(Doubt::Oldest(from, entries))
                        if state.entries_added == Some(state.length) =>
                    {
                        Step::Extended(from, entries, Before::Nothing)
                    }
                    Some(Doubt::Oldest(from, entries)) => {
                        Step::Extended(from, entries, Before::Gone)
                    }
                    None => Step::Unsettled,
                }
            }
            _ => {
                self.is_stale = true;
                Step::Unsettled
            }
        }
    }

    fn newest(&mut self, mut entries: Vec<(EntryId, T)>) -> Step<T> {
        let Some((newest, _)) = entries.first() else {
            self.doubt = Some(Doubt::Empty);
            return Step::Unsettled;
        };
        self.place = Place::Entry(*newest);
        entries.reverse();
        self.started(entries)
    }

    /// There were no entries to start with.
    fn empty(&mut self, state: StreamState) -> Step<T> {
        if state.length > 0 {
            // One was added meanwhile.
            return Step::Unsettled;
        }
        self.place = Place::vacant(state);
        self.started(Vec::new())
    }

    fn started(&mut self, entries: Vec<(EntryId, T)>) -> Step<T> {
        self.overtaken = 0;
        if self.has_started {
            return Step::Lost(entries);
        }
        self.has_started = true;
        Step::Started(entries)
    }

    fn since(&mut self, from: EntryId, count: usize, entries: Vec<(EntryId, T)>) -> Step<T> {
        self.is_stale |= entries.len() >= count;
        if entries.first().is_none_or(|(first, _)| *first != from) {
            self.doubt = Some(Doubt::Other(entries));
            return Step::Unsettled;
        }
        let mut rest = entries;
        rest.remove(0);
        self.appended(rest.last().map_or(from, |(id, _)| *id), rest)
    }

    fn appended(&mut self, place: EntryId, entries: Vec<(EntryId, T)>) -> Step<T> {
        self.place = Place::Entry(place);
        self.overtaken = 0;
        Step::Appended(entries)
    }

    /// The entry behind which the reader stood is not there; these are those that follow it.
    fn other(&mut self, state: StreamState, entries: Vec<(EntryId, T)>) -> Step<T> {
        let Some(place) = self.position() else {
            return Step::Unsettled;
        };
        match entries.last() {
            // It was the newest, and nothing was added since.
            None if state.last_id == place => {
                self.place = Place::vacant(state);
                self.overtaken = 0;
                Step::Appended(entries)
            }
            None if state.last_id > place && self.overtaken < MAX_OVERTAKEN => {
                self.overtaken += 1;
                self.is_stale = true;
                Step::Unsettled
            }
            Some((last, _)) if state.last_id >= *last && self.has_all_since_vacant(state) => {
                self.appended(*last, entries)
            }
            _ => {
                self.place = Place::Unknown;
                Step::Unsettled
            }
        }
    }

    fn before(&mut self, from: EntryId, count: usize, mut entries: Vec<(EntryId, T)>) -> Step<T> {
        let is_page = entries.len() >= count;
        if entries.first().is_none_or(|(first, _)| *first != from) {
            // It is trimmed, and all before it.
            return Step::Extended(from, Vec::new(), Before::Gone);
        }
        entries.remove(0);
        entries.reverse();
        if is_page {
            return Step::Extended(from, entries, Before::Unknown);
        }
        self.doubt = Some(Doubt::Oldest(from, entries));
        Step::Unsettled
    }

    /// Tells whether nothing was taken from the stream since its place was found vacant. Then it
    /// has every entry that was added since.
    ///
    /// That proves nothing where the key was deleted, made anew, and by chance counts the same: no entry
    /// was there by which the two could be told apart.
    fn has_all_since_vacant(&self, state: StreamState) -> bool {
        let (Place::Vacant(_, Some(count)), Some(added)) = (self.place, state.entries_added) else {
            return false;
        };
        let more = state.length.checked_sub(count.length);
        more.is_some() && more == added.checked_sub(count.added)
    }
}

impl Place {
    fn vacant(state: StreamState) -> Self {
        let count = state.entries_added.map(|added| Count {
            length: state.length,
            added,
        });
        Self::Vacant(state.last_id, count)
    }
}

/// How often an entry may be added between two questions. A stream that is this busy has an entry to
/// stand behind.
const MAX_OVERTAKEN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A stream as Redis has it, and all that it was ever given.
    #[derive(Clone, Default)]
    struct Stream {
        entries: Vec<(EntryId, u64)>,
        last_id: EntryId,
        added: u64,
        /// Every entry that was acknowledged and that nobody has deleted by its id, oldest first.
        all: Vec<u64>,
        /// Those that another copy lacked.
        lost: Vec<u64>,
        clock: u64,
    }

    impl Stream {
        fn add(&mut self, number: u64) {
            let mut id = EntryId {
                milliseconds: self.clock,
                sequence: 0,
            };
            if id <= self.last_id {
                id = EntryId {
                    sequence: self.last_id.sequence + 1,
                    ..self.last_id
                };
            }
            self.last_id = id;
            self.added += 1;
            self.entries.push((id, number));
            self.all.push(number);
        }

        fn trim(&mut self, length: usize) {
            let gone = self.entries.len().saturating_sub(length);
            self.entries.drain(..gone);
        }

        fn delete(&mut self, index: usize) {
            if index < self.entries.len() {
                let (_, number) = self.entries.remove(index);
                self.all.retain(|other| *other != number);
            }
        }

        /// The key is deleted: its counters begin anew.
        fn clear(&mut self) {
            self.clock += 1;
            self.entries.clear();
            self.last_id = EntryId::ZERO;
            self.added = 0;
        }

        /// Another copy takes over, which lacks the last entries. Of those behind `read` nobody can know.
        fn lose(&mut self, count: usize, read: u64) {
            // It takes longer than a millisecond, so no id is given twice.
            self.clock += 1;
            for _ in 0..count {
                if let Some((_, lost)) = self.entries.pop() {
                    self.added -= 1;
                    self.lost.push(lost);
                    self.all.retain(|number| *number != lost || *number <= read);
                }
            }
            self.last_id = self.entries.last().map_or(EntryId::ZERO, |(id, _)| *id);
        }

        fn answer(&self, ask: Ask, counts: bool) -> Answer<u64> {
            match ask {
                Ask::Newest { count } => {
                    Answer::Entries(self.entries.iter().rev().take(count).copied().collect())
                }
                Ask::Since { from, count } => {
                    let since = self.entries.iter().filter(|(id, _)| *id >= from);
                    Answer::Entries(since.take(count).copied().collect())
                }
                Ask::Before { from, count } => {
                    let before = self.entries.iter().rev().filter(|(id, _)| *id <= from);
                    Answer::Entries(before.take(count).copied().collect())
                }
                Ask::State if self.last_id == EntryId::ZERO => Answer::State(None),
                Ask::State => Answer::State(Some(StreamState {
                    length: self.entries.len() as u64,
                    last_id: self.last_id,
                    entries_added: counts.then_some(self.added),
                })),
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Action {
        Add(u8),
        Trim(usize),
        Delete(usize),
        Clear,
        Lose(usize),
        /// Time passes.
        Tick,
        Wake,
        Ask,
        Answer,
        Disconnect,
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            8 => (1..6_u8).prop_map(Action::Add),
            2 => (0..8_usize).prop_map(Action::Trim),
            1 => (0..8_usize).prop_map(Action::Delete),
            1 => Just(Action::Clear),
            1 => (1..4_usize).prop_map(Action::Lose),
            4 => Just(Action::Tick),
            6 => Just(Action::Wake),
            16 => Just(Action::Ask),
            16 => Just(Action::Answer),
            1 => Just(Action::Disconnect),
        ]
    }

    /// What was read, checked against all that was added.
    #[derive(Default)]
    struct Read {
        /// The number of the last that was read, or would have been.
        last: u64,
        /// The last that had been added when the question was answered.
        newest: u64,
    }

    impl Read {
        fn take(&mut self, step: Step<u64>, stream: &mut Stream) {
            match step {
                Step::Unsettled | Step::Extended(..) => {}
                Step::Started(entries) | Step::Lost(entries) => {
                    self.last = entries.last().map_or(self.newest, |(_, number)| *number);
                    let lost = &stream.lost;
                    stream.all.retain(|number| !lost.contains(number));
                }
                Step::Appended(entries) => {
                    for (_, number) in entries {
                        let missed = stream
                            .all
                            .iter()
                            .filter(|other| (self.last + 1..number).contains(other))
                            .count();
                        assert!(
                            number > self.last,
                            "{number} came again after {}",
                            self.last
                        );
                        assert_eq!(missed, 0, "{number} came right after {}", self.last);
                        self.last = number;
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn what_is_appended_follows_what_was_read(
            actions in proptest::collection::vec(action(), 1..120),
            counts in any::<bool>(),
        ) {
            let (mut stream, mut tail, mut read) = (Stream::default(), Tail::new(), Read::default());
            let (mut asked, mut number) = (None, 0);
            // There is no telling that a key was deleted of which nothing was left to stand behind.
            for action in actions {
                match action {
                    Action::Add(count) => for _ in 0..count {
                        number += 1;
                        stream.add(number);
                    },
                    Action::Trim(length) => stream.trim(length),
                    Action::Delete(index) => stream.delete(index),
                    // With a doubt, it may have been answered already that nothing is left.
                    Action::Clear => if matches!(tail.place, Place::Entry(_)) && tail.doubt.is_none() {
                        stream.clear();
                    },
                    Action::Lose(count) => stream.lose(count, read.last),
                    Action::Tick => stream.clock += 1,
                    Action::Wake => tail.wake(),
                    Action::Ask => if asked.is_none() {
                        read.newest = number;
                        asked = tail.ask(None, 3, 4).map(|ask| stream.answer(ask, counts));
                    },
                    Action::Answer => if let Some(answer) = asked.take() {
                        read.take(tail.answer(answer), &mut stream);
                    },
                    Action::Disconnect => {
                        asked = None;
                        tail.disconnected();
                    }
                }
            }
            // Whatever happened, it finds to the end.
            tail.wake();
            for _ in 0..200 {
                if let Some(answer) = asked.take() {
                    read.take(tail.answer(answer), &mut stream);
                }
                read.newest = number;
                asked = tail.ask(None, 3, 4).map(|ask| stream.answer(ask, counts));
            }
            prop_assert!(tail.is_settled());
            let newest = stream.entries.last().map(|(id, _)| *id);
            prop_assert!(newest <= tail.position() && tail.position() <= Some(stream.last_id));
        }
    }

    fn settle(tail: &mut Tail<u64>, stream: &Stream) -> Vec<Step<u64>> {
        let mut steps = Vec::new();
        while let Some(ask) = tail.ask(None, 3, 4) {
            match tail.answer(stream.answer(ask, true)) {
                Step::Unsettled => {}
                step => steps.push(step),
            }
        }
        steps
    }

    fn numbers(steps: Vec<Step<u64>>) -> Vec<u64> {
        let numbers = steps.into_iter().map(|step| match step {
            Step::Appended(entries) => entries.into_iter().map(|(_, number)| number),
            other => panic!("expected entries, but found {other:?}"),
        });
        numbers.flatten().collect()
    }

    #[test]
    fn the_first_entries_of_a_stream_are_no_loss() {
        let (mut stream, mut tail) = (Stream::default(), Tail::new());
        assert_eq!(settle(&mut tail, &stream), [Step::Started(vec![])]);
        (1..=9).for_each(|number| stream.add(number));
        tail.wake();
        assert_eq!(numbers(settle(&mut tail, &stream)), Vec::from_iter(1..=9));
    }

    #[test]
    fn a_stream_that_was_emptied_behind_the_reader_goes_on() {
        let (mut stream, mut tail) = (Stream::default(), Tail::new());
        (1..=5).for_each(|number| stream.add(number));
        settle(&mut tail, &stream);
        stream.trim(0);
        tail.wake();
        assert_eq!(numbers(settle(&mut tail, &stream)), []);
        (6..=7).for_each(|number| stream.add(number));
        tail.wake();
        assert_eq!(numbers(settle(&mut tail, &stream)), [6, 7]);
    }

    #[test]
    fn what_is_trimmed_before_it_was_read_is_a_loss() {
        let (mut stream, mut tail) = (Stream::default(), Tail::new());
        (1..=5).for_each(|number| stream.add(number));
        settle(&mut tail, &stream);
        (6..=9).for_each(|number| stream.add(number));
        stream.trim(2);
        tail.wake();
        let entries = stream.entries.clone();
        assert_eq!(settle(&mut tail, &stream), [Step::Lost(entries)]);
    }

    #[test]
    fn a_page_of_older_entries_begins_with_the_oldest_that_is_held() {
        let (mut stream, mut tail) = (Stream::default(), Tail::new());
        (1..=9).for_each(|number| stream.add(number));
        settle(&mut tail, &stream);
        let mut page = |stream: &Stream, oldest: EntryId| loop {
            let ask = tail.ask(Some(oldest), 3, 4).unwrap();
            match tail.answer(stream.answer(ask, true)) {
                Step::Unsettled => {}
                step => return step,
            }
        };
        let (oldest, entries) = (stream.entries[6].0, stream.entries[3..6].to_vec());
        assert_eq!(
            page(&stream, oldest),
            Step::Extended(oldest, entries, Before::Unknown)
        );
        let (oldest, entries) = (stream.entries[2].0, stream.entries[..2].to_vec());
        assert_eq!(
            page(&stream, oldest),
            Step::Extended(oldest, entries, Before::Nothing)
        );
        stream.trim(8);
        let (oldest, entries) = (stream.entries[1].0, stream.entries[..1].to_vec());
        assert_eq!(
            page(&stream, oldest),
            Step::Extended(oldest, entries, Before::Gone)
        );
        stream.trim(1);
        assert_eq!(
            page(&stream, oldest),
            Step::Extended(oldest, Vec::new(), Before::Gone)
        );
    }
}
