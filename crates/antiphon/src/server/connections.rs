//! Who is connected, and who gives way when there is no more room.
//!
//! A server with as many connections as it may have, or without a descriptor for another, ends the one
//! for whose client it has waited longest: for a request, for content, or for room to write. A server with
//! as many HTTP/2 answers as it may have ends one of the connection that has most of them: that which has
//! been left lying longest. So whoever holds much gives way first, and nobody who is being answered and
//! reads.

use super::client::Client;
use super::limits::{Limits, YIELDS_AFTER};
use super::stall::Stall;
use crate::content::relief::Relief;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// The connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Arc<Limits>,
    seats: Mutex<Seats>,
    streams: AtomicUsize,
    /// Told when a connection has ended.
    left: Notify,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Seated>,
}

#[derive(Debug)]
struct Seated {
    client: Arc<Client>,
    /// What ends the connection; `None` while it begins.
    task: Option<AbortHandle>,
}

impl Connections {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            seats: Mutex::default(),
            streams: AtomicUsize::new(0),
            left: Notify::new(),
        }
    }

    /// Completes when there is a place for another connection.
    pub(super) async fn room(&self) {
        while self.lock().taken.len() >= self.limits.connections && !self.make_room() {
            let left = self.left.notified();
            // Those who are waited for grow older, too.
            let _ = tokio::time::timeout(YIELDS_AFTER / 4, left).await;
        }
    }

    /// Ends an answer of a connection that leaves many lying, or the connection for whose client we have
    /// waited longest; tells whether there is one.
    pub(super) fn make_room(&self) -> bool {
        let mut seats = self.lock();
        let most = seats.heaviest();
        if most.is_some_and(|most| most.stalls().len() >= MANY_STREAMS && yield_one(most)) {
            return true;
        }
        let mut waiting: Vec<_> = seats
            .taken
            .iter()
            .filter(|(_, seated)| seated.task.is_some())
            .filter_map(|(number, seated)| Some((seated.client.may_yield(YIELDS_AFTER)?, *number)))
            .collect();
        waiting.sort_unstable();
        for (since, number) in waiting {
            if let Some(seated) = seats.taken.get(&number)
                && seated.client.yields(since)
            {
                if let Some(task) = &seated.task {
                    task.abort();
                }
                seats.taken.remove(&number);
                tracing::debug!("an idle connection was ended to make room for others");
                return true;
            }
        }
        seats.heaviest().is_some_and(yield_one)
    }

    /// Gives a client a place, until it is dropped.
    pub(super) fn seat(self: &Arc<Self>, client: &Arc<Client>) -> Seat {
        let mut seats = self.lock();
        let number = seats.next;
        seats.next += 1;
        let client = Arc::clone(client);
        seats.taken.insert(number, Seated { client, task: None });
        Seat {
            connections: Arc::clone(self),
            number,
        }
    }

    /// Names the task that a connection runs in.
    pub(super) fn set_task(&self, number: u64, task: AbortHandle) {
        if let Some(seated) = self.lock().taken.get_mut(&number) {
            seated.task = Some(task);
        }
    }

    /// Gives an answer on an HTTP/2 connection a place, until it is dropped; `None` if there is none.
    pub(super) fn stream(self: &Arc<Self>, client: &Arc<Client>) -> Option<Stream> {
        let stream = Stream {
            connections: Arc::clone(self),
            client: Arc::clone(client),
            stall: Arc::new(Stall::new(self.limits.write_timeout)),
        };
        let has_room = self.streams.fetch_add(1, Ordering::Relaxed) < self.limits.streams;
        if has_room || self.take_from_another(client) {
            client.stalls().push(Arc::clone(&stream.stall));
            Some(stream)
        } else {
            None
        }
    }

    /// Ends an answer of the connection that has most; tells whether it is another one, and has any.
    fn take_from_another(&self, client: &Arc<Client>) -> bool {
        let seats = self.lock();
        let most = seats.heaviest();
        most.is_some_and(|most| !Arc::ptr_eq(most, client) && yield_one(most))
    }

    /// Tells the answers on HTTP/2 connections that the shutdown has begun.
    pub(super) fn begin_shutdown(&self) {
        for seated in self.lock().taken.values() {
            for stall in &*seated.client.stalls() {
                stall.begin_shutdown();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    /// Returns who has most answers on their way on one HTTP/2 connection.
    fn heaviest(&self) -> Option<&Arc<Client>> {
        let clients = self.taken.values().map(|seated| &seated.client);
        clients.max_by_key(|client| client.stalls().len())
    }
}

/// Ends the answer that this client has left lying longest; tells whether there is one.
fn yield_one(client: &Arc<Client>) -> bool {
    let stalls = client.stalls();
    let oldest = stalls
        .iter()
        .filter_map(|stall| Some((stall.may_yield(YIELDS_AFTER)?, stall)))
        .min_by_key(|(since, _)| *since);
    if let Some((_, stall)) = oldest {
        stall.yields();
    }
    oldest.is_some()
}

impl Relief for Connections {
    fn relieve(&self) -> bool {
        self.make_room()
    }
}

/// A connection's place.
#[derive(Debug)]
pub(super) struct Seat {
    connections: Arc<Connections>,
    pub(super) number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.lock().taken.remove(&self.number);
        self.connections.left.notify_one();
    }
}

/// The place of an answer on an HTTP/2 connection.
#[derive(Debug)]
pub(super) struct Stream {
    connections: Arc<Connections>,
    client: Arc<Client>,
    pub(super) stall: Arc<Stall>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connections.streams.fetch_sub(1, Ordering::Relaxed);
        let mut stalls = self.client.stalls();
        if let Some(own) = stalls
            .iter()
            .position(|stall| Arc::ptr_eq(stall, &self.stall))
        {
            stalls.swap_remove(own);
        }
    }
}

/// Whoever leaves so many answers lying gives way before anybody who leaves one.
const MANY_STREAMS: usize = 8;
