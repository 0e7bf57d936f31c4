//! Publishers on several threads, and clients that come, read and go, all at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_channel::{Builder, EventChannel, Slow, Subscriber};
use antiphon_core::values::event::ServerSentEvent;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

const PUBLISHERS: u64 = 4;
const EVENTS: u64 = 10_000;
const CLIENTS: usize = 8;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for events; a lost wake-up fails the test instead of hanging it.
fn batch(subscriber: &mut Subscriber, max_bytes: usize) -> Vec<String> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut batch = Vec::new();
    loop {
        let mut context = Context::from_waker(&waker);
        match subscriber.poll_batch(&mut context, max_bytes, &mut batch) {
            Poll::Ready(_) => break,
            Poll::Pending => {
                let begin = Instant::now();
                thread::park_timeout(Duration::from_secs(20));
                assert!(
                    begin.elapsed().as_secs() < 20,
                    "nobody has woken the subscriber"
                );
            }
        }
    }
    let text = batch
        .into_iter()
        .map(|frame| String::from_utf8(frame.to_vec()));
    text.collect::<Result<_, _>>().unwrap()
}

fn field<'a>(frame: &'a str, name: &str) -> &'a str {
    frame
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap()
}

/// Runs publishers and clients; each client reads to the last event, leaving and coming back with its
/// last id, and returns the numbers that it got, in order, and how often it was told to resync.
fn run(builder: Builder) -> Vec<(Vec<u64>, usize)> {
    let channel = builder.repeatable_ids().build();
    let total = PUBLISHERS * EVENTS;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let channel = &channel;
                scope.spawn(move || {
                    let (mut numbers, mut resyncs, mut last) = (Vec::new(), 0, 0);
                    let mut per_publisher = [0; PUBLISHERS as usize];
                    for visit in 0.. {
                        let mut subscriber = channel.subscribe(Some(last.to_string().as_bytes()));
                        for _ in 0..(visit * 7 + client) % 50 + 1 {
                            for frame in batch(&mut subscriber, 200 * client) {
                                last = field(&frame, "id: ").parse().unwrap();
                                if frame.contains("event: resync") {
                                    resyncs += 1;
                                    continue;
                                }
                                numbers.push(last);
                                let (publisher, count) =
                                    field(&frame, "data: ").split_once(' ').unwrap();
                                let before =
                                    &mut per_publisher[publisher.parse::<usize>().unwrap()];
                                let count = count.parse::<u64>().unwrap();
                                assert!(count > *before, "out of order: {frame}");
                                *before = count;
                            }
                            if last == total {
                                return (numbers, resyncs);
                            }
                        }
                    }
                    unreachable!()
                })
            })
            .collect();
        for publisher in 0..PUBLISHERS {
            let channel = &channel;
            scope.spawn(move || {
                for count in 1..=EVENTS {
                    let text = format!("{publisher} {count}");
                    channel.publish(&ServerSentEvent::new(text)).unwrap();
                }
            });
        }
        let seen = clients.into_iter().map(|client| client.join().unwrap());
        seen.collect()
    })
}

#[test]
fn no_event_is_missed_and_none_comes_twice() {
    let total = PUBLISHERS * EVENTS;
    let everything = EventChannel::builder()
        .history_events(total as usize)
        .history_bytes(usize::MAX)
        .queue_events(total as usize)
        .queue_bytes(usize::MAX);
    for (numbers, resyncs) in run(everything) {
        assert_eq!(resyncs, 0);
        assert!(numbers.into_iter().eq(1..=total));
    }
}

#[test]
fn between_two_resyncs_no_event_is_missed_and_none_comes_twice() {
    let little = EventChannel::builder()
        .history_events(20)
        .queue_events(10)
        .slow(Slow::Resync);
    for (numbers, resyncs) in run(little) {
        let jumps = numbers
            .windows(2)
            .filter(|pair| pair[1] != pair[0] + 1)
            .count();
        assert!(numbers.is_sorted_by(|before, after| before < after));
        assert!(jumps <= resyncs, "{jumps} jumps, {resyncs} resyncs");
    }
}
