//! Channels that follow the streams of an engine, of `antiphon-channel`.
//!
//! The driver is Python's: it has the connections and the threads, and here is what it asks and what
//! the answers mean. No lock of Rust's is held while the interpreter is waited for, and none is taken
//! by a thread that is detached from it, so that a process can be forked at any time.

use crate::channel::expect_event;
use crate::convert::channel_options::Options;
use crate::convert::event;
use crate::subscriber::{Subscriber, waker};
use antiphon_channel::follow::{self, Answer, Ask, EntryId, Outcome, StreamState};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// What the channels of one engine ask, and what the answers mean.
#[pyclass(frozen, module = "antiphon._antiphon")]
pub(crate) struct Follower {
    follower: follow::Follower,
    waker: Waker,
}

#[pymethods]
impl Follower {
    /// `wanted` is called, in whatever thread, when subscribers want something that `poll_wanted` said
    /// they do not.
    #[new]
    #[pyo3(signature = (
        wanted,
        *,
        history_events=None,
        history_bytes=None,
        queue_events=None,
        queue_bytes=None,
        slow="disconnect",
        newcomers="live",
        resync=None,
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "each has a name where it is called"
    )]
    fn new(
        wanted: Py<PyAny>,
        history_events: Option<i64>,
        history_bytes: Option<i64>,
        queue_events: Option<i64>,
        queue_bytes: Option<i64>,
        slow: &str,
        newcomers: &str,
        resync: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options = Options {
            history_events,
            history_bytes,
            queue_events,
            queue_bytes,
            slow,
            newcomers,
            resync,
        };
        Ok(Self {
            follower: options.builder()?.follower(),
            waker: waker(wanted),
        })
    }

    /// Subscribe; `woken` is called, in whatever thread reads, when there is something.
    fn subscribe(&self, name: &str, last_event_id: Option<&[u8]>, woken: Py<PyAny>) -> Subscriber {
        Subscriber::new(self.follower.subscribe(name, last_event_id), woken)
    }

    /// Say that the engine can be asked.
    fn connected(&self) {
        self.follower.connected();
    }

    /// Say that the connection is gone, and every question with it.
    fn disconnected(&self) {
        self.follower.disconnected(Instant::now());
    }

    /// Whether subscribers want something, or the channels are closed. If not, `wanted` is called when
    /// they do.
    fn poll_wanted(&self) -> bool {
        let mut context = Context::from_waker(&self.waker);
        self.follower.poll_wanted(&mut context).is_ready()
    }

    /// The questions that are due: of each the channel, the command, and what follows the key.
    fn asks(&self) -> Vec<(String, &'static str, Vec<String>)> {
        let asks = self.follower.asks().into_iter();
        asks.map(|(name, ask)| {
            let (command, rest) = command(ask);
            (name.to_string(), command, rest)
        })
        .collect()
    }

    /// Take the entries that were asked for, as the engine has them. Returns whether events may have
    /// been missed, and the ids of entries that are no events, with what is wrong in each.
    fn answer_entries(
        &self,
        py: Python<'_>,
        name: &str,
        entries: &Bound<'_, PyList>,
    ) -> PyResult<(bool, Vec<(String, String)>)> {
        let entries = entries.iter().map(|entry| Entry::of(&entry));
        let entries = entries.collect::<PyResult<Vec<_>>>()?;
        let mut borrowed = Vec::with_capacity(entries.len());
        for entry in &entries {
            let texts: Vec<&[u8]> = entry.texts.iter().map(|text| text.as_bytes()).collect();
            borrowed.push((entry.id, texts));
        }
        let len: usize = borrowed
            .iter()
            .flat_map(|(_, texts)| texts)
            .map(|text| text.len())
            .sum();
        let encode = || {
            borrowed.iter().map(|(id, texts)| {
                let fields = texts.chunks_exact(2).map(|field| (field[0], field[1]));
                (*id, follow::event(*id, fields))
            })
        };
        let events: Vec<_> = if len < MANY_BYTES {
            encode().collect()
        } else {
            py.detach(|| encode().collect())
        };
        let mut invalid = Vec::new();
        let events = events.into_iter().map(|(id, event)| {
            let event = event.unwrap_or_else(|error| {
                invalid.push((id.to_string(), error.to_string()));
                follow::placeholder(id)
            });
            (id, event)
        });
        let answer = Answer::Entries(events.collect());
        let outcome = self.follower.answer(name, answer);
        Ok((outcome == Outcome::Gap, invalid))
    }

    /// Take what a stream says of itself: its length, its last id, and how many entries were ever added,
    /// if it says that; `None` if there is no such stream. Returns whether events may have been missed.
    fn answer_state(
        &self,
        name: &str,
        state: Option<(u64, Bound<'_, PyBytes>, Option<u64>)>,
    ) -> PyResult<bool> {
        let state = match state {
            None => None,
            Some((length, last_id, entries_added)) => Some(StreamState {
                length,
                last_id: entry_id(&last_id)?,
                entries_added,
            }),
        };
        let outcome = self.follower.answer(name, Answer::State(state));
        Ok(outcome == Outcome::Gap)
    }

    /// Say that the engine refused the question about a channel.
    fn failed(&self, name: &str) {
        self.follower.failed(name);
    }

    /// What the blocking read is to wait for: the channels that were read, and how far.
    fn watched(&self) -> Vec<(String, String)> {
        let watched = self.follower.watched().into_iter();
        watched
            .map(|(name, place)| (name.to_string(), place.to_string()))
            .collect()
    }

    /// The blocking read of what is watched and of another key, as it is sent to the engine. There may
    /// be many thousand channels, which Python would be long about.
    fn watch<'py>(
        &self,
        py: Python<'py>,
        prefix: &str,
        other: (&str, &str),
        milliseconds: u64,
        left_out: HashSet<String>,
    ) -> Bound<'py, PyBytes> {
        let mut watched = self.follower.watched();
        if !left_out.is_empty() {
            watched.retain(|(name, _)| !left_out.contains(&**name));
        }
        let pack = || blocking_read(prefix, other, milliseconds, &watched);
        let packed = if watched.len() < MANY_CHANNELS {
            pack()
        } else {
            py.detach(pack)
        };
        PyBytes::new(py, &packed)
    }

    /// Whether a channel was read that the blocking read does not wait for.
    fn is_watch_short(&self) -> bool {
        self.follower.is_watch_short()
    }

    /// Say that the blocking read has found news in these channels.
    fn woke(&self, names: Vec<String>) {
        self.follower.woke(names.iter().map(String::as_str));
    }

    /// Whether the news that the blocking read has found is read.
    fn is_caught_up(&self) -> bool {
        self.follower.is_caught_up()
    }

    /// Do what time asks for; `outage` is how many seconds the engine may be away before subscriptions
    /// end. Returns in how many seconds it is to be called again.
    fn tick(&self, outage: f64) -> f64 {
        let now = Instant::now();
        let outage = Duration::try_from_secs_f64(outage).unwrap_or(Duration::MAX);
        let next = self.follower.tick(now, outage);
        next.saturating_duration_since(now).as_secs_f64()
    }

    /// Count an event that this process has published.
    fn published(&self) {
        self.follower.published();
    }

    /// Whether somebody waits for a channel to be read for the first time.
    fn is_starting(&self, name: &str) -> bool {
        self.follower.is_starting(name)
    }

    /// End all subscriptions, and those that begin later at once.
    fn close(&self) {
        self.follower.close();
    }

    /// Whether the channels are closed.
    fn is_closed(&self) -> bool {
        self.follower.is_closed()
    }

    /// The counters by name, for `antiphon.channel.redis.RedisCounters`.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.follower.counters();
        let dict = PyDict::new(py);
        dict.set_item("channels", counters.channels)?;
        dict.set_item("subscribers", counters.subscribers)?;
        dict.set_item("published", counters.published)?;
        dict.set_item("read", counters.read)?;
        dict.set_item("lag", counters.lag.as_secs_f64())?;
        dict.set_item("reconnects", counters.reconnects)?;
        dict.set_item("gaps", counters.gaps)?;
        dict.set_item("history_reads", counters.history_reads)?;
        Ok(dict)
    }
}

/// The fields that an event has as an entry, each name followed by its value. A warning is of the line
/// that many calls further out.
#[pyfunction]
pub(crate) fn entry_fields<'py>(
    event: &Bound<'py, PyAny>,
    calls: i32,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    expect_event(event, calls)?;
    let fields = event::with(event, follow::fields)?
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let bytes = |text: &str| PyBytes::new(event.py(), text.as_bytes());
    let fields = fields
        .iter()
        .flat_map(|(name, value)| [bytes(name), bytes(value)]);
    Ok(fields.collect())
}

/// An entry as the engine has it: its id, and a list of names and values by turns.
struct Entry<'py> {
    id: EntryId,
    texts: Vec<Bound<'py, PyBytes>>,
}

impl<'py> Entry<'py> {
    fn of(entry: &Bound<'py, PyAny>) -> PyResult<Self> {
        let entry = entry.cast::<PyList>()?;
        let id = entry_id(entry.get_item(0)?.cast::<PyBytes>()?)?;
        let fields = entry.get_item(1)?;
        let texts = fields.cast::<PyList>()?.iter();
        let texts = texts.map(|text| Ok(text.cast_into::<PyBytes>()?));
        Ok(Self {
            id,
            texts: texts.collect::<PyResult<_>>()?,
        })
    }
}

fn entry_id(text: &Bound<'_, PyBytes>) -> PyResult<EntryId> {
    EntryId::parse(text.as_bytes()).ok_or_else(|| {
        PyValueError::new_err(format!("expected the id of an entry, but found {text:?}"))
    })
}

/// A question as a command, and what follows the key.
fn command(ask: Ask) -> (&'static str, Vec<String>) {
    let entries = |from: String, to: &str, count: usize| {
        let count = count.to_string();
        vec![from, to.to_owned(), "COUNT".to_owned(), count]
    };
    match ask {
        Ask::Newest { count } => ("XREVRANGE", entries("+".to_owned(), "-", count)),
        Ask::Since { from, count } => ("XRANGE", entries(from.to_string(), "+", count)),
        Ask::Before { from, count } => ("XREVRANGE", entries(from.to_string(), "-", count)),
        Ask::State => ("XINFO STREAM", Vec::new()),
    }
}

/// Packs the blocking read of some channels, and of another key, as the engine reads it.
fn blocking_read(
    prefix: &str,
    other: (&str, &str),
    milliseconds: u64,
    watched: &[(Arc<str>, EntryId)],
) -> Vec<u8> {
    let milliseconds = milliseconds.to_string();
    let start = ["XREAD", "COUNT", "1", "BLOCK", &milliseconds, "STREAMS"];
    let mut packed = format!("*{}\r\n", start.len() + 2 + 2 * watched.len()).into_bytes();
    let mut put = |word: &str| {
        packed.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    };
    start.into_iter().for_each(&mut put);
    put(other.0);
    for (name, _) in watched {
        put(&format!("{prefix}{name}"));
    }
    put(other.1);
    for (_, place) in watched {
        put(&place.to_string());
    }
    packed
}

/// From how many channels on it is worth it to let other threads run.
const MANY_CHANNELS: usize = 1000;

/// From how many bytes on it is worth it to let other threads run. To come back takes as long as they
/// do not wait for something.
const MANY_BYTES: usize = 256 << 10;
