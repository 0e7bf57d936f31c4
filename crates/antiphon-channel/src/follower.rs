//! Many channels that follow the streams of one engine.
//!
//! A [`Follower`] decides what is asked and what the answers mean; it has no connection and waits for
//! nothing. A driver has two connections: one to ask by, and one for a blocking read of all that is
//! [watched](Follower::watched), which only says that there is news.
//!
//! ```text
//! subscribers ──want──► Follower ──asks──► driver ══► engine
//! subscribers ◄─events─ Follower ◄─answer─ driver ◄══
//!                           ▲──────woke─── driver ◄══ blocking read
//! ```

use crate::demand::Demand;
use crate::entry_id::EntryId;
use crate::epoch::Epoch;
use crate::feed::Events;
use crate::follower_counters::{Counters, Outcome};
use crate::log::Log;
use crate::options::Options;
use crate::seat::{Seat, Sought};
use crate::shared::Shared;
use crate::subscriber::Subscriber;
use crate::tail::{Answer, Ask, Step, Tail};
use antiphon_core::request::last_event_id::LastEventId;
use bytes::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The channels of one engine, as their reader sees them.
///
/// It is made by [`Builder::follower`](crate::Builder::follower).
///
/// # Examples
///
/// A driver in short, with an engine that has one empty stream:
///
/// ```
/// use antiphon_channel::EventChannel;
/// use antiphon_channel::follow::{Answer, Ask, EntryId, event};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let follower = EventChannel::builder().follower();
/// let mut subscriber = follower.subscribe("news", None);
/// follower.connected();
///
/// let mut ask = || follower.asks().pop().map(|(_, ask)| ask);
/// assert!(matches!(ask(), Some(Ask::Newest { .. })));
/// follower.answer("news", Answer::Entries(vec![]));
/// assert_eq!(ask(), Some(Ask::State));
/// follower.answer("news", Answer::State(None));
/// assert_eq!(subscriber.position().await.unwrap(), "id: 0-0\r\n\r\n");
/// # Ok(())
/// # }
/// ```
pub struct Follower {
    options: Options,
    demand: Arc<Demand>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    channels: HashMap<Arc<str>, Followed>,
    /// Those of which something may have to be asked at once, and those that are only to be proved.
    urgent: VecDeque<Arc<str>>,
    swept: VecDeque<Arc<str>>,
    /// What the blocking read that is under way waits for, and whether something is missing there.
    watched: HashSet<Arc<str>>,
    is_watch_short: bool,
    /// The channels with news, until it is read.
    awaited: HashSet<Arc<str>>,
    is_connected: bool,
    was_connected: bool,
    is_closed: bool,
    /// Since when there is no connection, or when subscribers were last told to go.
    down_since: Option<Instant>,
    /// When all channels are to be looked at.
    next_sweep: Option<Instant>,
    /// The mean length of an event that was read lately, in bytes.
    mean_len: usize,
    counters: Counters,
}

struct Followed {
    shared: Arc<Shared>,
    tail: Tail<Bytes>,
    /// Since when nobody has subscribed.
    idle_since: Option<Instant>,
}

impl Follower {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            demand: Arc::default(),
            state: Mutex::default(),
        }
    }

    /// Subscribes to a channel, as [`EventChannel::subscribe`](crate::EventChannel::subscribe) does.
    ///
    /// The channel is followed from now on. Until it is read the subscriber waits.
    #[must_use]
    pub fn subscribe(&self, name: &str, last_event_id: Option<&[u8]>) -> Subscriber {
        let sought = match LastEventId::parse(last_event_id) {
            LastEventId::Absent => Sought::Newcomer(self.options.newcomers),
            LastEventId::Given(id) => EntryId::parse(id).map_or(Sought::Unknown, Sought::Id),
            LastEventId::Unfit => Sought::Unknown,
        };
        let mut state = self.lock();
        let shared = state.channel(name, &self.options, &self.demand);
        let mut channel = shared.lock();
        channel.subscribers += 1;
        channel.closed |= state.is_closed;
        let seat = Seat::new(sought, &channel);
        let is_started = channel.is_started();
        drop(channel);
        drop(state);
        if !is_started {
            shared.ask();
        }
        Subscriber::seated(shared, seat)
    }

    /// Says that the engine can be asked. Every place is then proved anew.
    pub fn connected(&self) {
        let mut state = self.lock();
        if state.was_connected {
            state.counters.reconnects += 1;
        }
        state.is_connected = true;
        state.was_connected = true;
        state.down_since = None;
        state.urgent = state.channels.keys().cloned().collect();
        state.swept.clear();
        for followed in state.channels.values_mut() {
            followed.tail.disconnected();
        }
    }

    /// Says that the connection is gone, and every question with it.
    pub fn disconnected(&self, now: Instant) {
        let mut state = self.lock();
        state.is_connected = false;
        state.down_since.get_or_insert(now);
        state.watched.clear();
        state.awaited.clear();
        for followed in state.channels.values_mut() {
            followed.tail.disconnected();
        }
    }

    /// Waits until subscribers want something, or the channels are [closed](Self::close).
    pub async fn wanted(&self) {
        poll_fn(|context| self.poll_wanted(context)).await;
    }

    /// Polls for whether subscribers want something.
    pub fn poll_wanted(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.lock().is_closed {
            return Poll::Ready(());
        }
        self.demand.poll(context)
    }

    /// Returns the questions that are due now, of each channel at most one. Each has to be answered, or
    /// [`disconnected`](Self::disconnected) to be said.
    pub fn asks(&self) -> Vec<(Arc<str>, Ask)> {
        let mut state = self.lock();
        let state = &mut *state;
        let names = self.demand.take();
        if !state.is_connected {
            return Vec::new();
        }
        state.urgent.extend(names);
        let page = (PAGE_BYTES / state.mean_len.max(1)).clamp(MIN_PAGE, MAX_PAGE);
        let history = self.options.history.events.min(page);
        let mut asks = Vec::new();
        while asks.len() < MAX_ASKS {
            let (next, is_swept) = match state.urgent.pop_front() {
                None => (state.swept.pop_front(), true),
                urgent => (urgent, false),
            };
            let Some(name) = next else {
                break;
            };
            let Some(followed) = state.channels.get_mut(&name) else {
                continue;
            };
            let wanted = followed.shared.wanted();
            if wanted.is_news || is_swept {
                followed.tail.wake();
            }
            let Some(ask) = followed.tail.ask(wanted.before, history, page) else {
                continue;
            };
            match ask {
                Ask::Newest { .. } => {
                    state.counters.history_reads += 1;
                    followed.shared.begin_reading();
                }
                Ask::Since { .. } => followed.shared.begin_reading(),
                Ask::Before { .. } => state.counters.history_reads += 1,
                Ask::State => {}
            }
            asks.push((name, ask));
        }
        asks
    }

    /// Takes the answer to the question about the channel `name`, and gives its subscribers what is in it.
    pub fn answer(&self, name: &str, answer: Answer<Bytes>) -> Outcome {
        let mut state = self.lock();
        let Some((name, _)) = state.channels.get_key_value(name) else {
            return Outcome::Fine;
        };
        let name = Arc::clone(name);
        let Some(followed) = state.channels.get_mut(&name) else {
            return Outcome::Fine;
        };
        let step = followed.tail.answer(answer);
        let is_settled = followed.tail.is_settled();
        let place = followed.tail.position().unwrap_or_default();
        let shared = Arc::clone(&followed.shared);
        state.count(&step);
        if is_settled {
            state.awaited.remove(&name);
            state.is_watch_short |= !state.watched.contains(&name);
        }
        if !is_settled || matches!(step, Step::Extended(..)) {
            state.urgent.push_back(name);
        }
        // Wakers run code of the program's, which may be waiting for this lock.
        drop(state);
        let outcome = match &step {
            Step::Lost(_) => Outcome::Gap,
            _ => Outcome::Fine,
        };
        match step {
            Step::Unsettled => {}
            Step::Started(events) => shared.start(events, place),
            Step::Appended(events) => shared.append(events, place),
            Step::Lost(events) => shared.replace(events, place),
            Step::Extended(from, events, before) => {
                shared.extend(from, events, before, MAX_REPLAY);
            }
        }
        if is_settled {
            shared.end_reading();
        }
        outcome
    }

    /// Says that the engine refused the question about the channel `name`, which is asked again with the
    /// next [sweep](Self::tick): its key is of another kind, or not allowed.
    pub fn failed(&self, name: &str) {
        let mut state = self.lock();
        if let Some(followed) = state.channels.get_mut(name) {
            followed.tail.refused();
        }
        state.awaited.remove(name);
        state.watched.remove(name);
    }

    /// Counts an event that this process has published.
    pub fn published(&self) {
        self.lock().counters.published += 1;
    }

    /// Tells whether somebody waits for the channel `name` to be read for the first time. An event that
    /// is published before that may have been published before a newcomer came.
    pub fn is_starting(&self, name: &str) -> bool {
        let state = self.lock();
        let followed = state.channels.get(name);
        followed.is_some_and(|followed| followed.tail.position().is_none())
    }

    /// Returns what the blocking read is to wait for: the channels that were read, and how far.
    pub fn watched(&self) -> Vec<(Arc<str>, EntryId)> {
        let mut state = self.lock();
        let places = state.channels.iter().filter_map(|(name, followed)| {
            let place = followed.tail.position()?;
            Some((Arc::clone(name), place))
        });
        let watched: Vec<_> = places.collect();
        state.watched = watched.iter().map(|(name, _)| Arc::clone(name)).collect();
        state.is_watch_short = false;
        watched
    }

    /// Tells whether a channel was read that the blocking read does not wait for, so that it has to begin
    /// anew.
    pub fn is_watch_short(&self) -> bool {
        self.lock().is_watch_short
    }

    /// Says that the blocking read has found news in these channels. It is not to begin anew before that
    /// [is read](Self::is_caught_up), or it would find the same.
    pub fn woke<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let mut state = self.lock();
        let mut woken = Vec::new();
        for name in names {
            let Some((name, _)) = state.channels.get_key_value(name) else {
                continue;
            };
            let name = Arc::clone(name);
            if let Some(followed) = state.channels.get_mut(&name) {
                followed.tail.wake();
            }
            state.awaited.insert(Arc::clone(&name));
            woken.push(name);
        }
        drop(state);
        self.demand.put(woken);
    }

    /// Tells whether the news that the blocking read has found is read.
    pub fn is_caught_up(&self) -> bool {
        self.lock().awaited.is_empty()
    }

    /// Does what time asks for, and returns when it is to be called again.
    ///
    /// Every few seconds all places are proved, as what was deleted or lost wakes nobody; a channel that
    /// nobody has subscribed to for a minute is followed no more; and when the engine was away for
    /// `outage`, all subscriptions end.
    pub fn tick(&self, now: Instant, outage: Duration) -> Instant {
        let mut state = self.lock();
        let mut dismissed = Vec::new();
        if state.channels.is_empty() {
            state.down_since = None;
        } else if !state.is_connected {
            let down_since = *state.down_since.get_or_insert(now);
            if now.saturating_duration_since(down_since) >= outage {
                state.down_since = Some(now);
                dismissed = state.shared();
            }
        }
        let mut next = *state.next_sweep.get_or_insert(now + SWEEP);
        if now >= next {
            next = now + SWEEP;
            state.next_sweep = Some(next);
            state.sweep(now);
        }
        if let Some(down_since) = state.down_since {
            next = next.min(down_since.checked_add(outage).unwrap_or(next));
        }
        drop(state);
        dismissed.iter().for_each(|shared| shared.dismiss());
        next
    }

    /// Ends all channels: subscribers get what is in their queues, and then end. Those that come later
    /// end at once.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let channels = state.shared();
        drop(state);
        channels.iter().for_each(|shared| shared.close());
        self.demand.wake();
    }

    /// Tells whether the channels are closed.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// What the channels have done so far, and hold now.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.lock();
        let channels = state.channels.values();
        Counters {
            channels: state.channels.len(),
            subscribers: channels
                .map(|followed| followed.shared.lock().subscribers)
                .sum(),
            ..state.counters
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn channel(&mut self, name: &str, options: &Options, demand: &Arc<Demand>) -> Arc<Shared> {
        if let Some(followed) = self.channels.get_mut(name) {
            followed.idle_since = None;
            return Arc::clone(&followed.shared);
        }
        let name: Arc<str> = name.into();
        let log = Log::with_room(options.queue, options.history);
        let shared = Shared::new(log, options.clone(), Epoch::repeatable());
        let shared = Arc::new(shared.following(Arc::clone(demand), Arc::clone(&name)));
        let followed = Followed {
            shared: Arc::clone(&shared),
            tail: Tail::new(),
            idle_since: None,
        };
        self.channels.insert(name, followed);
        shared
    }

    fn shared(&self) -> Vec<Arc<Shared>> {
        let channels = self.channels.values();
        channels
            .map(|followed| Arc::clone(&followed.shared))
            .collect()
    }

    fn sweep(&mut self, now: Instant) {
        self.channels.retain(|_, followed| {
            if followed.shared.lock().subscribers > 0 {
                followed.idle_since = None;
                return true;
            }
            let idle_since = *followed.idle_since.get_or_insert(now);
            now.saturating_duration_since(idle_since) < LINGER
        });
        if self.swept.is_empty() {
            self.swept = self.channels.keys().cloned().collect();
        }
    }

    fn count(&mut self, step: &Step<Bytes>) {
        let events = match step {
            Step::Unsettled => return,
            Step::Lost(events) => {
                self.counters.gaps += 1;
                events
            }
            Step::Appended(events) => {
                self.counters.read += events.len() as u64;
                if let Some((id, _)) = events.last() {
                    self.counters.lag = age(*id);
                }
                events
            }
            Step::Started(events) | Step::Extended(_, events, _) => events,
        };
        self.measure(events);
    }

    fn measure(&mut self, events: &Events) {
        if !events.is_empty() {
            let len: usize = events.iter().map(|(_, frame)| frame.len()).sum();
            self.mean_len = (self.mean_len + len / events.len()).div_ceil(2);
        }
    }
}

fn age(id: EntryId) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.saturating_sub(Duration::from_millis(id.milliseconds))
}

impl fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Follower")
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// How often all places are proved.
const SWEEP: Duration = Duration::from_secs(5);

/// How long a channel is followed without subscribers: their clients come back.
const LINGER: Duration = Duration::from_secs(60);

/// How many questions are returned at a time: those behind them would wait.
const MAX_ASKS: usize = 128;

/// How many entries are asked for at a time, and how many bytes they are to have.
const MAX_PAGE: usize = 512;
const MIN_PAGE: usize = 16;
const PAGE_BYTES: usize = 4 << 20;

/// How many bytes of older events a channel holds for clients that come back.
const MAX_REPLAY: u64 = 64 << 20;
