//! Ten thousand subscribers, one of which is stalled for good.

use antiphon_channel::EventChannel;
use antiphon_core::values::event::ServerSentEvent;
use std::fs;

const SUBSCRIBERS: usize = 10_000;
const EVENTS: u64 = 200;

/// Resident memory of this process, in bytes, where it can be told.
fn resident() -> Option<usize> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_subscriber_delays_nobody_and_holds_nothing() {
    let channel = EventChannel::builder()
        .history_events(50)
        .queue_events(50)
        .repeatable_ids()
        .build();
    let mut stalled = channel.subscribe(None);
    let readers: Vec<_> = (1..SUBSCRIBERS)
        .map(|_| {
            let mut subscriber = channel.subscribe(None);
            tokio::spawn(async move {
                for number in 1..=EVENTS {
                    let frame = subscriber.next().await.unwrap();
                    assert!(frame.starts_with(format!("id: {number}\r\n").as_bytes()));
                }
                assert_eq!(subscriber.next().await, None);
            })
        })
        .collect();
    assert_eq!(channel.counters().subscribers, SUBSCRIBERS);

    let readers_count = readers.len() as u64;
    for number in 1..=EVENTS {
        let text = "x".repeat(1000);
        channel.publish(&ServerSentEvent::new(text)).unwrap();
        // As fast as the readers go; none of them is ever further behind than its queue is long.
        while number % 40 == 0 && channel.counters().delivered < number * readers_count {
            tokio::task::yield_now().await;
        }
    }
    let counters = channel.counters();
    assert_eq!(counters.held_events, 100);
    assert!(counters.held_bytes < 110_000);

    assert_eq!(stalled.next().await, None);
    channel.close();
    for reader in readers {
        reader.await.unwrap();
    }
    let counters = channel.counters();
    assert_eq!((counters.lagged, counters.dropped), (1, EVENTS));
    assert_eq!(counters.delivered, EVENTS * readers_count);
    assert_eq!(counters.subscribers, 0);
    if let Some(resident) = resident() {
        assert!(resident < 300 << 20, "{resident} bytes are resident");
    }
}
