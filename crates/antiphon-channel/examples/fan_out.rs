//! What it costs to deliver an event: `cargo run --release -p antiphon-channel --example fan_out`.
#![expect(clippy::print_stdout, reason = "it says what it has measured")]

use antiphon_channel::{EventChannel, PublishError, Subscriber};
use antiphon_core::values::event::ServerSentEvent;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

const SUBSCRIBERS: usize = 500;
const EVENTS: usize = 20_000;

fn main() -> Result<(), PublishError> {
    println!("{SUBSCRIBERS} subscribers, {EVENTS} events of 100 bytes");
    for together in [1, 16] {
        polled(together)?;
    }
    for together in [1, 16] {
        awaited(together)?;
    }
    Ok(())
}

/// The channel alone: publishing, taking a batch, and waiting for the next, with no runtime.
fn polled(together: usize) -> Result<(), PublishError> {
    let channel = EventChannel::new();
    let mut subscribers: Vec<Subscriber> =
        (0..SUBSCRIBERS).map(|_| channel.subscribe(None)).collect();
    let mut context = Context::from_waker(Waker::noop());
    let (mut batch, mut publishing, begin) = (Vec::new(), Duration::ZERO, Instant::now());
    for _ in 0..EVENTS / together {
        let begin = Instant::now();
        for _ in 0..together {
            channel.publish(&event())?;
        }
        publishing += begin.elapsed();
        for subscriber in &mut subscribers {
            while subscriber
                .poll_batch(&mut context, 65536, &mut batch)
                .is_ready()
            {
                batch.clear();
            }
        }
    }
    report("polled", together, &channel, begin.elapsed());
    println!(
        "    publish and wake: {:.0} ns each",
        per(publishing, EVENTS as u64)
    );
    Ok(())
}

/// The same with a task for each subscriber, which awaits one event at a time.
fn awaited(together: usize) -> Result<(), PublishError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let Ok(runtime) = runtime else { return Ok(()) };
    runtime.block_on(async {
        let channel = EventChannel::new();
        for _ in 0..SUBSCRIBERS {
            let mut subscriber = channel.subscribe(None);
            tokio::spawn(async move { while subscriber.next().await.is_some() {} });
        }
        let begin = Instant::now();
        for _ in 0..EVENTS / together {
            for _ in 0..together {
                channel.publish(&event())?;
            }
            let due = channel.counters().published * SUBSCRIBERS as u64;
            while channel.counters().delivered < due {
                tokio::task::yield_now().await;
            }
        }
        report("awaited", together, &channel, begin.elapsed());
        Ok(())
    })
}

fn event() -> ServerSentEvent<'static> {
    ServerSentEvent::new("0123456789012345678901234567890123456789012345678901234567890123456789")
        .event("tick")
}

fn report(how: &str, together: usize, channel: &EventChannel, elapsed: Duration) {
    let delivered = channel.counters().delivered;
    println!(
        "{how}, {together} at a time: {delivered} events in {elapsed:.2?}, {:.1} ns each",
        per(elapsed, delivered)
    );
}

fn per(elapsed: Duration, events: u64) -> f64 {
    elapsed.as_nanos() as f64 / events as f64
}
