//! The reader: one task with two connections, whatever the channels and subscribers.

use super::engine;
use super::error::EngineError;
use super::inner::{Inner, Link};
use antiphon_channel::follow::{EntryId, Outcome};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult, Value};
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until, timeout};
use tracing::{debug, info, warn};

/// Reads until the channels are closed.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut reading = pin!(read(&inner));
    tokio::select! {
        never = &mut reading => match never {},
        never = tick(&inner) => match never {},
        () = inner.closed.notified() => {}
    }
}

async fn read(inner: &Inner) -> Infallible {
    inner.first_use().await;
    let mut delay = Delay::default();
    let mut number = 0;
    loop {
        number += 1;
        let error = match connect(inner).await {
            Ok((commands, watch)) => {
                info!("connected to Redis");
                let begun = Instant::now();
                inner.follower.connected();
                inner.link.send_replace(Link::Up(commands.clone(), number));
                let error = follow(inner, commands, watch).await;
                warn!("lost the connection to Redis: {error}");
                if begun.elapsed() > MAX_DELAY {
                    delay = Delay::default();
                }
                error
            }
            Err(error) => {
                // Once, and then quietly.
                match &*inner.link.borrow() {
                    Link::Untried => warn!("cannot connect to Redis: {error}"),
                    _ => debug!("cannot connect to Redis: {error}"),
                }
                error
            }
        };
        inner
            .link
            .send_replace(Link::Down(error.to_string().into()));
        inner.follower.disconnected(Instant::now());
        sleep(delay.next()).await;
    }
}

/// Returns the connection for commands, and that for the blocking read.
async fn connect(
    inner: &Inner,
) -> Result<(MultiplexedConnection, MultiplexedConnection), EngineError> {
    let patience = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(REPLY));
    let commands = inner
        .client
        .get_multiplexed_async_connection_with_config(&patience);
    let mut commands = commands.await?;
    // An engine that loads its data takes connections, and nothing else.
    let probe = redis::cmd("XREVRANGE")
        .arg(&inner.wake_key)
        .arg("+")
        .arg("-")
        .arg("COUNT")
        .arg(1)
        .to_owned();
    let _: Value = probe.query_async(&mut commands).await?;
    // The reply to a blocking read comes when it comes.
    let patient = patience.set_response_timeout(None);
    let watch = inner
        .client
        .get_multiplexed_async_connection_with_config(&patient);
    Ok((commands, watch.await?))
}

async fn follow(
    inner: &Inner,
    commands: MultiplexedConnection,
    watch_connection: MultiplexedConnection,
) -> EngineError {
    tokio::select! {
        error = ask(inner, commands) => error,
        error = watch(inner, watch_connection) => error,
        error = lost(inner) => error,
    }
}

/// Waits until somebody who publishes has found the connection to be of no use.
async fn lost(inner: &Inner) -> EngineError {
    let mut link = inner.link.subscribe();
    let down = link.wait_for(|link| matches!(link, Link::Down(_))).await;
    match down.as_deref() {
        Ok(Link::Down(reason)) => EngineError::Connection(Arc::clone(reason)),
        _ => EngineError::Silent,
    }
}

/// Asks what is to be asked, until something goes wrong.
async fn ask(inner: &Inner, mut commands: MultiplexedConnection) -> EngineError {
    loop {
        if let Err(error) = ask_once(inner, &mut commands).await {
            return error;
        }
    }
}

async fn ask_once(inner: &Inner, commands: &mut MultiplexedConnection) -> Result<(), EngineError> {
    let follower = &inner.follower;
    let asks = follower.asks();
    if asks.is_empty() {
        if follower.is_watch_short() {
            // The blocking read ends, and begins anew with the channel that was added.
            wake(inner, commands).await?;
        }
        inner.caught_up.notify_one();
        tokio::select! {
            () = follower.wanted() => {}
            () = inner.swept.notified() => {}
        }
        return Ok(());
    }
    let mut pipeline = redis::pipe();
    pipeline.ignore_errors();
    for (name, ask) in &asks {
        pipeline.add_command(engine::question(&inner.key(name), *ask));
    }
    let replies: Vec<RedisResult<Value>> = pipeline.query_async(commands).await?;
    for ((name, ask), reply) in asks.into_iter().zip(replies) {
        let mut invalid = |id: EntryId, reason: String| {
            warn!(
                channel = &*name,
                "left out the entry {id}, which is no event: {reason}"
            );
        };
        match engine::answer(ask, reply, &mut invalid) {
            Ok(answer) => {
                if follower.answer(&name, answer) == Outcome::Gap {
                    warn!(
                        channel = &*name,
                        "events may have been missed, and subscribers were told"
                    );
                }
            }
            Err(error @ (EngineError::Connection(_) | EngineError::Silent)) => return Err(error),
            Err(error) => {
                warn!(channel = &*name, "cannot read the stream: {error}");
                follower.failed(&name);
            }
        }
    }
    if follower.is_caught_up() {
        inner.caught_up.notify_one();
    }
    Ok(())
}

async fn wake(inner: &Inner, commands: &mut MultiplexedConnection) -> Result<(), EngineError> {
    let fields = [("wake", String::new())];
    let addition = engine::addition(&inner.wake_key, &fields, None, 1, Some(WAKE_TTL_MS));
    let replies: Vec<RedisResult<Value>> = addition.query_async(commands).await?;
    for reply in replies {
        match reply.map_err(EngineError::from) {
            Ok(_) => {}
            // The channel is waited for from the next blocking read on, some seconds later.
            Err(EngineError::Refused(text)) => warn!("cannot wake the blocking read: {text}"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits for news of all channels, until something goes wrong.
async fn watch(inner: &Inner, mut connection: MultiplexedConnection) -> EngineError {
    let mut wake_id = EntryId::ZERO;
    let mut was_refused = false;
    loop {
        let mut streams = vec![(inner.wake_key.clone(), wake_id)];
        let watched = inner.follower.watched();
        streams.extend(watched.iter().map(|(name, id)| (inner.key(name), *id)));
        let names: HashMap<String, Arc<str>> = watched
            .into_iter()
            .map(|(name, _)| (inner.key(&name), name))
            .collect();

        let command = engine::blocking_read(&streams, BLOCK.as_millis() as u64);
        let reply = timeout(BLOCK + REPLY, command.query_async::<Value>(&mut connection));
        let news = match reply.await {
            Ok(Ok(reply)) => engine::news(reply),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(EngineError::Silent),
        };
        let mut woken = Vec::new();
        match news {
            Ok(news) => {
                was_refused = false;
                for (key, id) in news {
                    if key == inner.wake_key {
                        wake_id = id;
                    } else if let Some(name) = names.get(&key) {
                        woken.push(Arc::clone(name));
                    }
                }
            }
            // A key is of another kind now, and nobody says which. Asked alone, its channel is refused.
            Err(EngineError::Refused(_)) if !(was_refused || names.is_empty()) => {
                was_refused = true;
                woken.extend(names.into_values());
            }
            Err(EngineError::Refused(text)) => return EngineError::Connection(text),
            Err(error) => return error,
        }
        if !woken.is_empty() {
            inner.follower.woke(woken.iter().map(|name| &**name));
            // Else the same news would be found again.
            let caught_up = async {
                while !inner.follower.is_caught_up() {
                    inner.caught_up.notified().await;
                }
            };
            if timeout(REPLY, caught_up).await.is_err() {
                return EngineError::Silent;
            }
        }
    }
}

async fn tick(inner: &Inner) -> Infallible {
    loop {
        let next = inner.follower.tick(Instant::now(), inner.outage);
        inner.swept.notify_one();
        sleep_until(next.into()).await;
    }
}

/// How long to wait before the next try: longer each time, and by chance, so that not all processes
/// come at once.
struct Delay(Duration);

impl Default for Delay {
    fn default() -> Self {
        Self(MIN_DELAY)
    }
}

impl Delay {
    fn next(&mut self) -> Duration {
        let most = self.0;
        self.0 = (2 * most).min(MAX_DELAY);
        let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        most.mul_f64(0.5 + share / 2.0)
    }
}

/// How long the engine may take for a connection, and for a reply.
const CONNECT: Duration = Duration::from_secs(5);
const REPLY: Duration = Duration::from_secs(5);

/// How long a blocking read waits.
const BLOCK: Duration = Duration::from_secs(5);

/// How long the key stays by which the blocking read is woken, in milliseconds.
const WAKE_TTL_MS: u64 = 60_000;

const MIN_DELAY: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_secs(5);
