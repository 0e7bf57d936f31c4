//! What a connection's socket and its requests tell each other of the client.

use super::stall::Stall;
use crate::asgi::Patience;
use crate::shutdown::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One connected client.
#[derive(Debug)]
pub(super) struct Client {
    /// What the socket looks at in every turn, in one word: how many requests there have been, modulo 2^32,
    /// two flags, and how many requests are being answered.
    state: AtomicU64,
    /// Since when we wait for the client, in milliseconds; or one of the two below.
    waiting: AtomicU64,
    /// The client sends what nobody will read.
    is_unread: AtomicBool,
    /// How often something was written on an HTTP/2 connection.
    written: AtomicU64,
    /// How long the client may let the answer wait that is written now; looked up if it is not what it is
    /// by default.
    patience: Mutex<Patience>,
    has_patience: AtomicBool,
    /// The answers on an HTTP/2 connection.
    stalls: Mutex<Vec<Arc<Stall>>>,
    stopping: Shutdown,
}

/// A request that has begun, beside those that are being answered.
const ONE_REQUEST: u64 = 1 << 32;
/// An application waits for content of its request.
const IS_CONTENT_AWAITED: u64 = 1 << 31;
/// The connection has been idle for long enough.
const HAS_EXPIRED: u64 = 1 << 30;
/// How many requests are being answered.
const ANSWERS: u64 = HAS_EXPIRED - 1;
/// The client waits for us, or nobody for anybody.
const NOT_WAITING: u64 = 0;
/// The connection is to end, for others need its place.
const HAS_YIELDED: u64 = u64::MAX;

impl Client {
    /// A client that has just connected to a server with this shutdown.
    pub(super) fn new(stopping: Shutdown) -> Self {
        Self {
            state: AtomicU64::new(0),
            waiting: AtomicU64::new(NOT_WAITING),
            is_unread: AtomicBool::new(false),
            written: AtomicU64::new(0),
            patience: Mutex::default(),
            has_patience: AtomicBool::new(false),
            stalls: Mutex::default(),
            stopping,
        }
    }

    /// Tells whether the server has begun to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.has_begun()
    }

    /// A request has begun; `None` if the connection has just been made to give way to others.
    pub(super) fn begin_request(self: &Arc<Self>) -> Option<Answering> {
        if self.waiting.swap(NOT_WAITING, Ordering::AcqRel) == HAS_YIELDED {
            self.waiting.store(HAS_YIELDED, Ordering::Release);
            return None;
        }
        self.state.fetch_add(ONE_REQUEST | 1, Ordering::Relaxed);
        Some(Answering(Arc::clone(self)))
    }

    /// Returns a word that changes when a request begins, is answered, or has its content waited for.
    pub(super) fn state(&self) -> State {
        State(self.state.load(Ordering::Relaxed))
    }

    /// We wait for the client from now on, unless we have done so before.
    pub(super) fn wait(&self, now: Instant) {
        let _ = self.waiting.compare_exchange(
            NOT_WAITING,
            milliseconds(now),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }

    /// The client has done something that we waited for.
    pub(super) fn wait_no_more(&self) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting != NOT_WAITING && waiting != HAS_YIELDED {
            let _ = self.waiting.compare_exchange(
                waiting,
                NOT_WAITING,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
        }
    }

    /// Returns since when we wait for the client, in milliseconds of some clock, if it is long enough for
    /// others to take its place.
    pub(super) fn may_yield(&self, after: Duration) -> Option<u64> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        let is_long = waiting != NOT_WAITING
            && waiting != HAS_YIELDED
            && milliseconds(Instant::now()).saturating_sub(waiting) >= after;
        is_long.then_some(waiting)
    }

    /// Gives way to others, unless the client has done something since then.
    pub(super) fn yields(&self, since: u64) -> bool {
        self.waiting
            .compare_exchange(since, HAS_YIELDED, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    pub(super) fn set_content_awaited(&self, is_awaited: bool) {
        if is_awaited {
            self.state.fetch_or(IS_CONTENT_AWAITED, Ordering::Relaxed);
        } else {
            self.state.fetch_and(!IS_CONTENT_AWAITED, Ordering::Relaxed);
        }
    }

    /// The client sends what nobody will read.
    pub(super) fn leave_unread(&self) {
        self.is_unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// Something was written.
    pub(super) fn write(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often something was written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The connection has been idle for too long.
    pub(super) fn expire(&self) {
        self.state.fetch_or(HAS_EXPIRED, Ordering::Relaxed);
    }

    /// Sets how long the client may let the answer wait that is written now.
    pub(super) fn set_patience(&self, patience: Patience) {
        let is_own = patience != Patience::default();
        if is_own || self.has_patience.load(Ordering::Relaxed) {
            *lock(&self.patience) = patience;
            self.has_patience.store(is_own, Ordering::Relaxed);
        }
    }

    pub(super) fn patience(&self) -> Patience {
        *lock(&self.patience)
    }

    /// The answers that are on their way on an HTTP/2 connection.
    pub(super) fn stalls(&self) -> MutexGuard<'_, Vec<Arc<Stall>>> {
        lock(&self.stalls)
    }
}

/// What a client and we wait for, as it was at some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(u64);

impl State {
    /// Tells whether a request has begun since then.
    pub(super) const fn has_asked_since(self, before: Self) -> bool {
        self.0 / ONE_REQUEST != before.0 / ONE_REQUEST
    }

    /// Tells whether a request is being answered.
    pub(super) const fn is_answered(self) -> bool {
        self.0 & ANSWERS != 0
    }

    /// Tells whether an application waits for content of its request.
    pub(super) const fn is_content_awaited(self) -> bool {
        self.0 & IS_CONTENT_AWAITED != 0
    }

    /// Tells whether the connection has been idle for too long.
    pub(super) const fn has_expired(self) -> bool {
        self.0 & HAS_EXPIRED != 0
    }
}

/// Nothing panics while a lock is held, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(super) struct Answering(pub(super) Arc<Client>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.state.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts milliseconds, from 1 on.
fn milliseconds(now: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let elapsed = now.saturating_duration_since(*START).as_millis();
    u64::try_from(elapsed).map_or(1, |elapsed| elapsed + 1)
}
