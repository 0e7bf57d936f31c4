//! What a channel promises, case by case.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_channel::{Builder, EventChannel, Newcomers, PublishError, Slow, Subscriber};
use antiphon_core::values::event::ServerSentEvent;
use bytes::Bytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

fn plain() -> Builder {
    EventChannel::builder().repeatable_ids()
}

fn publish(channel: &EventChannel, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let id = channel.publish(&ServerSentEvent::new(number.to_string()));
        assert_eq!(id.unwrap(), number.to_string());
    }
}

/// All that is ready, and whether that is the end.
fn ready(subscriber: &mut Subscriber) -> (Vec<Bytes>, bool) {
    let (mut batch, mut context) = (Vec::new(), Context::from_waker(Waker::noop()));
    loop {
        match subscriber.poll_batch(&mut context, usize::MAX, &mut batch) {
            Poll::Ready(0) => return (batch, true),
            Poll::Ready(_) => {}
            Poll::Pending => return (batch, false),
        }
    }
}

fn numbered(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let frame = |number| format!("id: {number}\r\ndata: {number}\r\n\r\n");
    numbers.into_iter().map(frame).collect()
}

fn resync(newest: &str) -> Vec<String> {
    vec![format!("id: {newest}\r\nevent: resync\r\ndata: \r\n\r\n")]
}

#[test]
fn the_exact_gap_is_replayed_or_the_client_is_told_to_resync() {
    let channel = plain().history_events(10).build();
    publish(&channel, 1..=30);
    for last in 0..=40_u64 {
        let mut subscriber = channel.subscribe(Some(last.to_string().as_bytes()));
        let expected = match last {
            20..=30 => numbered(last + 1..=30),
            _ => resync("30"),
        };
        assert_eq!(
            ready(&mut subscriber),
            (expected.into_iter().map(Into::into).collect(), false)
        );
    }
}

#[test]
fn what_is_published_after_subscribing_follows_the_replay() {
    let channel = plain().history_events(10).queue_events(5).build();
    publish(&channel, 1..=10);
    let mut subscriber = channel.subscribe(Some(b"0"));
    // The replay is twice as long as the queue, and the queue is full.
    publish(&channel, 11..=15);
    assert_eq!(ready(&mut subscriber).0, numbered(1..=15));
    publish(&channel, 16..=20);
    assert_eq!(ready(&mut subscriber).0, numbered(16..=20));
    assert_eq!(channel.counters().lagged, 0);
}

#[test]
fn the_history_keeps_to_its_bytes() {
    let frame = numbered([1])[0].len();
    let channel = plain().history_bytes(3 * frame).build();
    publish(&channel, 1..=9);
    let mut subscriber = channel.subscribe(Some(b"6"));
    assert_eq!(ready(&mut subscriber).0, numbered(7..=9));
    let mut subscriber = channel.subscribe(Some(b"5"));
    assert_eq!(ready(&mut subscriber).0, resync("9"));
}

#[test]
fn without_a_history_only_the_newest_id_is_known() {
    for builder in [plain().history_events(0), plain().history_bytes(0)] {
        let channel = builder.newcomers(Newcomers::History).build();
        assert_eq!(ready(&mut channel.subscribe(Some(b"0"))).0, [""; 0]);
        publish(&channel, 1..=3);
        assert_eq!(ready(&mut channel.subscribe(Some(b"3"))).0, [""; 0]);
        assert_eq!(ready(&mut channel.subscribe(Some(b"2"))).0, resync("3"));
        assert_eq!(ready(&mut channel.subscribe(None)).0, [""; 0]);
    }
}

#[test]
fn newcomers_get_what_they_are_to_get() {
    for (newcomers, expected) in [(Newcomers::Live, 4..=4), (Newcomers::History, 2..=4)] {
        let channel = plain().history_events(2).newcomers(newcomers).build();
        publish(&channel, 1..=3);
        let (mut new, mut empty) = (channel.subscribe(None), channel.subscribe(Some(b" ")));
        publish(&channel, 4..=4);
        assert_eq!(ready(&mut new).0, numbered(expected.clone()));
        assert_eq!(ready(&mut empty).0, numbered(expected));
    }
}

#[test]
fn an_id_that_this_channel_never_gave_is_answered_with_resync() {
    let channel = EventChannel::new();
    let id = channel.publish(&ServerSentEvent::new("x")).unwrap();
    let other = EventChannel::new()
        .publish(&ServerSentEvent::new("x"))
        .unwrap();
    assert_ne!(id, other);
    let long = "1".repeat(2000);
    for unknown in [other.as_str(), "1", "a\0b", "\r", long.as_str()] {
        let mut subscriber = channel.subscribe(Some(unknown.as_bytes()));
        assert_eq!(ready(&mut subscriber).0, resync(&id));
        assert_eq!(
            ready(&mut channel.subscribe(Some(id.as_bytes()))).0,
            [""; 0]
        );
    }
    assert_eq!(ready(&mut channel.subscribe(Some(b"\xFF"))).0, resync(&id));
}

#[test]
fn a_client_goes_on_behind_the_resync_event() {
    let channel = plain().history_events(5).build();
    assert_eq!(
        ready(&mut channel.subscribe(Some(b"unknown"))).0,
        resync("0")
    );
    publish(&channel, 1..=2);
    assert_eq!(ready(&mut channel.subscribe(Some(b"0"))).0, numbered(1..=2));

    channel
        .publish(&ServerSentEvent::new("x").id("own"))
        .unwrap();
    assert_eq!(
        ready(&mut channel.subscribe(Some(b"unknown"))).0,
        resync("own")
    );
    publish(&channel, 4..=4);
    assert_eq!(
        ready(&mut channel.subscribe(Some(b"own"))).0,
        numbered(4..=4)
    );
}

#[test]
fn the_resync_event_is_the_callers() {
    let event = ServerSentEvent::new("reload").event("gone").comment("c");
    let channel = plain().resync(&event).unwrap().build();
    let expected = "id: 0\r\n: c\r\nevent: gone\r\ndata: reload\r\n\r\n";
    assert_eq!(ready(&mut channel.subscribe(Some(b"?"))).0, [expected]);

    let channel = plain().resync(&event.clone().id("mine")).unwrap().build();
    let expected = event.clone().id("mine").encode().unwrap();
    assert_eq!(ready(&mut channel.subscribe(Some(b"?"))).0, [expected]);

    assert!(plain().resync(&event.retry(-1)).is_err());
    assert!(EventChannel::builder().epoch("a\0").is_err());
}

#[test]
fn a_slow_subscriber_is_disconnected() {
    let channel = plain().queue_events(3).build();
    let mut subscriber = channel.subscribe(None);
    publish(&channel, 1..=3);
    assert_eq!(ready(&mut subscriber).0, numbered(1..=3));
    publish(&channel, 4..=7);
    assert_eq!(ready(&mut subscriber), (vec![], true));
    publish(&channel, 8..=8);
    assert_eq!(ready(&mut subscriber), (vec![], true));

    let counters = channel.counters();
    assert_eq!(
        (counters.lagged, counters.dropped, counters.delivered),
        (1, 4, 3)
    );
    assert_eq!(counters.subscribers, 0);
    drop(subscriber);
    assert_eq!(channel.counters().subscribers, 0);
}

#[test]
fn a_slow_subscriber_loses_the_oldest() {
    let channel = plain().queue_events(3).slow(Slow::DropOldest).build();
    let mut subscriber = channel.subscribe(None);
    publish(&channel, 1..=10);
    assert_eq!(ready(&mut subscriber).0, numbered(8..=10));
    publish(&channel, 11..=11);
    assert_eq!(ready(&mut subscriber).0, numbered([11]));
    let counters = channel.counters();
    assert_eq!(
        (counters.lagged, counters.dropped, counters.delivered),
        (1, 7, 4)
    );
}

#[test]
fn a_slow_subscriber_is_told_to_resync() {
    let channel = plain().queue_events(3).slow(Slow::Resync).build();
    let mut subscriber = channel.subscribe(None);
    publish(&channel, 1..=10);
    assert_eq!(
        ready(&mut subscriber),
        (vec![resync("10")[0].clone().into()], false)
    );
    publish(&channel, 11..=13);
    assert_eq!(ready(&mut subscriber).0, numbered(11..=13));
    let counters = channel.counters();
    assert_eq!(
        (counters.lagged, counters.dropped, counters.delivered),
        (1, 10, 3)
    );
}

#[test]
fn a_queue_keeps_to_its_bytes_but_takes_any_one_event() {
    let channel = plain().queue_bytes(1000).history_events(0).build();
    let mut subscriber = channel.subscribe(None);
    let long = ServerSentEvent::new("x".repeat(5000));
    channel.publish(&long).unwrap();
    assert_eq!(ready(&mut subscriber).0.len(), 1);
    channel.publish(&long).unwrap();
    channel.publish(&ServerSentEvent::new("y")).unwrap();
    assert_eq!(ready(&mut subscriber), (vec![], true));
    assert!(channel.counters().held_bytes < 1000);
}

#[test]
fn a_batch_keeps_to_its_bytes_but_takes_any_one_event() {
    let channel = plain().build();
    let mut subscriber = channel.subscribe(None);
    publish(&channel, 1..=5);
    let frame = numbered([1])[0].len();
    let (mut batch, mut context) = (Vec::new(), Context::from_waker(Waker::noop()));
    for (max_bytes, taken) in [(0, 1), (3 * frame - 1, 2), (2 * frame, 2)] {
        let polled = subscriber.poll_batch(&mut context, max_bytes, &mut batch);
        assert_eq!(polled, Poll::Ready(taken));
    }
    assert!(
        subscriber
            .poll_batch(&mut context, 0, &mut batch)
            .is_pending()
    );
    assert_eq!(batch, numbered(1..=5));
}

#[test]
fn ids_of_the_publisher_are_kept() {
    let channel = plain().build();
    let id = |id: &str| channel.publish(&ServerSentEvent::new("x").id(id.to_owned()));
    assert_eq!(id("a\r\nb").unwrap(), "ab");
    assert_eq!(id(" c ").unwrap(), "c");
    assert_eq!(channel.publish(&ServerSentEvent::new("x")).unwrap(), "3");
    assert_eq!(id("ab").unwrap(), "ab");
    assert_eq!(id("").unwrap(), "");

    let replayed = |last: &[u8]| ready(&mut channel.subscribe(Some(last))).0.len();
    assert_eq!(replayed(b"c"), 3);
    assert_eq!(replayed(b"3"), 2);
    // The newest of two.
    assert_eq!(replayed(b"ab"), 1);
    // The number of an event that has an id of its own is no id.
    assert_eq!(ready(&mut channel.subscribe(Some(b"2"))).0.len(), 1);
    assert!(ready(&mut channel.subscribe(Some(b"2"))).0[0].ends_with(b"resync\r\ndata: \r\n\r\n"));
}

#[test]
fn an_event_that_is_refused_leaves_no_trace() {
    let channel = plain().build();
    let mut subscriber = channel.subscribe(None);
    let error = channel
        .publish(&ServerSentEvent::new("x").retry(-1))
        .unwrap_err();
    assert!(matches!(error, PublishError::Invalid(_)), "{error}");
    assert!(
        channel
            .publish(&ServerSentEvent::new("x").id("\0"))
            .is_err()
    );
    publish(&channel, 1..=1);
    assert_eq!(ready(&mut subscriber).0, numbered([1]));
    assert_eq!(channel.counters().published, 1);
}

#[test]
fn a_closed_channel_delivers_what_is_queued() {
    let channel = plain().build();
    let mut subscriber = channel.subscribe(None);
    publish(&channel, 1..=2);
    channel.close();
    let error = channel.publish(&ServerSentEvent::new("x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected an open channel, but found it closed"
    );
    let expected: Vec<Bytes> = numbered(1..=2).into_iter().map(Into::into).collect();
    assert_eq!(ready(&mut subscriber), (expected, true));
    assert_eq!(ready(&mut subscriber), (vec![], true));
    assert_eq!(ready(&mut channel.subscribe(Some(b"1"))).0, numbered([2]));
    assert_eq!(ready(&mut channel.subscribe(None)), (vec![], true));
}

#[test]
fn a_channel_without_handles_is_closed() {
    let channel = plain().build();
    let other = channel.clone();
    let mut subscriber = channel.subscribe(None);
    drop(channel);
    publish(&other, 1..=1);
    assert_eq!(ready(&mut subscriber).0, numbered([1]));
    let (waker, woken) = counting();
    assert!(poll(&mut subscriber, &waker).is_pending());
    drop(other);
    assert_eq!(woken.woken.load(Ordering::SeqCst), 1);
    assert_eq!(ready(&mut subscriber), (vec![], true));
}

#[derive(Default)]
struct Counting {
    woken: AtomicUsize,
}

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::SeqCst);
    }
}

fn counting() -> (Waker, Arc<Counting>) {
    let counting = Arc::new(Counting::default());
    (Waker::from(Arc::clone(&counting)), counting)
}

fn poll(subscriber: &mut Subscriber, waker: &Waker) -> Poll<usize> {
    subscriber.poll_batch(&mut Context::from_waker(waker), usize::MAX, &mut Vec::new())
}

#[test]
fn only_who_waits_is_woken_and_by_the_last_waker() {
    let channel = plain().build();
    let mut subscriber = channel.subscribe(None);
    let ((old, old_count), (new, new_count)) = (counting(), counting());
    let counts = || [&old_count, &new_count].map(|count| count.woken.load(Ordering::SeqCst));
    publish(&channel, 1..=1);
    assert_eq!(poll(&mut subscriber, &old), Poll::Ready(1));
    for waker in [&old, &old, &new, &new] {
        assert!(poll(&mut subscriber, waker).is_pending());
    }
    assert_eq!(Arc::strong_count(&old_count), 2, "a replaced waker is held");
    publish(&channel, 2..=4);
    assert_eq!(counts(), [0, 1]);
    assert_eq!(poll(&mut subscriber, &new), Poll::Ready(3));
    assert!(poll(&mut subscriber, &new).is_pending());
    channel.close();
    assert_eq!(counts(), [0, 2]);
}

#[test]
fn who_leaves_takes_its_waker_along() {
    let channel = plain().build();
    for round in 0..3 {
        let (waker, count) = counting();
        let mut subscriber = channel.subscribe(None);
        assert!(poll(&mut subscriber, &waker).is_pending());
        assert_eq!(channel.counters().subscribers, 1);
        drop((subscriber, waker));
        assert_eq!(Arc::strong_count(&count), 1);
        assert_eq!(channel.counters().subscribers, 0);
        publish(&channel, [round + 1]);
        assert_eq!(count.woken.load(Ordering::SeqCst), 0);
    }
}

/// A waker that uses the channel, as one does whose task owns a subscriber.
struct Meddling {
    channel: Weak<EventChannel>,
}

impl Wake for Meddling {
    fn wake(self: Arc<Self>) {
        self.meddle();
    }
}

impl Meddling {
    fn meddle(&self) {
        if let Some(channel) = self.channel.upgrade() {
            drop(channel.subscribe(None));
        }
    }
}

impl Drop for Meddling {
    fn drop(&mut self) {
        self.meddle();
    }
}

#[test]
fn no_lock_is_held_while_a_waker_is_woken_or_dropped() {
    let channel = Arc::new(plain().build());
    let meddling = || {
        Waker::from(Arc::new(Meddling {
            channel: Arc::downgrade(&channel),
        }))
    };
    let mut subscriber = channel.subscribe(None);
    assert!(poll(&mut subscriber, &meddling()).is_pending());
    // Replaced, woken, left behind.
    assert!(poll(&mut subscriber, &meddling()).is_pending());
    publish(&channel, 1..=1);
    assert_eq!(poll(&mut subscriber, &meddling()), Poll::Ready(1));
    assert!(poll(&mut subscriber, &meddling()).is_pending());
    drop(subscriber);
    let mut subscriber = channel.subscribe(None);
    assert!(poll(&mut subscriber, &meddling()).is_pending());
    channel.close();
    assert_eq!(poll(&mut subscriber, &meddling()), Poll::Ready(0));
    assert_eq!(channel.counters().subscribers, 0);
}

#[test]
fn what_is_held_is_bounded_whoever_stalls() {
    let channel = plain().history_events(20).queue_events(30).build();
    let stalled: Vec<_> = (0..100).map(|_| channel.subscribe(None)).collect();
    publish(&channel, 1..=10_000);
    assert_eq!(channel.counters().held_events, 50);
    drop(stalled);
    assert_eq!(channel.counters().subscribers, 0);
}
