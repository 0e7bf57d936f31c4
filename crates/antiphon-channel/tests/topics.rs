//! Several channels in one stream.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_channel::{EventChannel, InvalidTopics, Slow, Topics};
use antiphon_core::values::event::{Separator, ServerSentEvent};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

fn channel(epoch: &str) -> EventChannel {
    EventChannel::builder()
        .history_events(5)
        .queue_events(5)
        .epoch(epoch)
        .unwrap()
        .build()
}

/// All that is ready: the ids, and what follows them. `!` is the end.
fn read(topics: &mut Topics) -> Vec<(String, String)> {
    let mut context = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    loop {
        let mut parts = Vec::new();
        match topics.poll_batch(&mut context, 0, &mut parts) {
            Poll::Pending => return events,
            Poll::Ready(0) => {
                events.push((String::new(), "!".to_owned()));
                return events;
            }
            Poll::Ready(_) => {
                let text = String::from_utf8(parts.concat()).unwrap();
                for event in text.split_inclusive("\r\n\r\n") {
                    let (id, rest) = event
                        .strip_prefix("id: ")
                        .unwrap()
                        .split_once("\r\n")
                        .unwrap();
                    events.push((id.to_owned(), rest.trim_end().replace("\r\n", " ")));
                }
            }
        }
    }
}

fn texts(topics: &mut Topics) -> Vec<String> {
    read(topics).into_iter().map(|(_, text)| text).collect()
}

fn position(topics: &mut Topics) -> Option<String> {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(position) = topics.poll_position(&mut context) else {
        panic!("expected channels within the process");
    };
    let position: Option<Bytes> = position;
    position.map(|frame| {
        str::from_utf8(&frame).unwrap()["id: ".len()..]
            .trim_end()
            .to_owned()
    })
}

fn publish(channel: &EventChannel, data: &str) {
    channel.publish(&ServerSentEvent::new(data)).unwrap();
}

#[test]
fn a_client_that_comes_back_gets_what_it_has_missed_of_each() {
    let (a, b) = (channel("a"), channel("b"));
    let join =
        |last: Option<&str>| Topics::new([("a", &a), ("b", &b)], last.map(str::as_bytes)).unwrap();
    let mut topics = join(None);
    let first = position(&mut topics).unwrap();
    assert_eq!(position(&mut topics), None);
    publish(&a, "1");
    publish(&b, "2");
    publish(&a, "3");
    let events = read(&mut topics);
    let seen: Vec<_> = events.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(seen, ["data: 1", "data: 2", "data: 3"]);
    // From each id the rest follows, and nothing else.
    let ids = [&first].into_iter().chain(events.iter().map(|(id, _)| id));
    for (taken, id) in ids.enumerate() {
        let mut again = join(Some(id));
        assert_eq!(position(&mut again), None);
        let mut rest = texts(&mut again);
        rest.sort();
        let mut expected: Vec<_> = seen[taken..].to_vec();
        expected.sort_unstable();
        assert_eq!(rest, expected, "{id}");
    }
}

#[test]
fn a_topic_that_the_id_lacks_begins_with_a_resync() {
    let (a, b) = (channel("a"), channel("b"));
    publish(&b, "old");
    let mut topics = Topics::new([("a", &a)], None).unwrap();
    let id = position(&mut topics).unwrap();
    publish(&a, "1");
    for last in [&id, "a-0", "x", "v1~zz=a-0"] {
        let mut topics = Topics::new([("a", &a), ("b", &b)], Some(last.as_bytes())).unwrap();
        let mut seen = texts(&mut topics);
        seen.sort();
        let resync = "event: resync data:";
        let expected = if last == id {
            ["data: 1", resync]
        } else {
            [resync, resync]
        };
        assert_eq!(seen, expected, "{last}");
        publish(&b, "next");
        assert_eq!(texts(&mut topics), ["data: next"]);
    }
}

#[test]
fn events_keep_their_form_with_the_id_of_the_stream() {
    let (a, b) = (channel("a"), channel("b"));
    let mut topics = Topics::new([("a", &a), ("b", &b)], None).unwrap();
    position(&mut topics);
    let event = ServerSentEvent::new("x\ny")
        .event("e")
        .comment("id: no\nc")
        .retry(5);
    let mut context = Context::from_waker(Waker::noop());
    for separator in [Separator::CrLf, Separator::Lf, Separator::Cr] {
        for event in [event.clone(), event.clone().id("own~id")] {
            let event = event.separator(separator);
            a.publish(&event).unwrap();
            let mut parts: Vec<Bytes> = Vec::new();
            assert!(topics.poll_batch(&mut context, 0, &mut parts).is_ready());
            let sent = String::from_utf8(parts.concat()).unwrap();
            let line = sent
                .split(['\r', '\n'])
                .find(|line| line.starts_with("id: v1~"))
                .unwrap();
            assert!(line.contains("=b-0"), "{line}");
            let id = line["id: ".len()..].to_owned();
            let expected = if event.id.is_some() {
                event.id(id).encode().unwrap()
            } else {
                let rest = event.encode().unwrap();
                [line.as_bytes(), separator.as_str().as_bytes(), &rest].concat()
            };
            assert_eq!(sent.as_bytes(), expected);
        }
    }
    // An event may take its client's id away; the stream keeps its own.
    a.publish(&ServerSentEvent::new("x").id("")).unwrap();
    let (id, _) = read(&mut topics).remove(0);
    assert!(id.contains("own%7Eid"), "{id}");
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn topics_come_and_go_while_the_stream_is_open() {
    let (a, b) = (channel("a"), channel("b"));
    let mut topics = Topics::new([("a", &a)], None).unwrap();
    position(&mut topics);
    let handle = topics.handle();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut parts: Vec<Bytes> = Vec::new();
    assert!(
        topics
            .poll_batch(&mut Context::from_waker(&waker), 0, &mut parts)
            .is_pending()
    );
    publish(&b, "before");
    handle.add("b", &b).unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    // Where the stream is in it is told without an event.
    let told = read(&mut topics);
    assert_eq!((told.len(), &*told[0].1), (1, ""));
    publish(&b, "1");
    assert_eq!(texts(&mut topics), ["data: 1"]);
    let both = [("a", &a), ("b", &b)];
    let mut again = Topics::new(both, Some(told[0].0.as_bytes())).unwrap();
    assert_eq!(texts(&mut again), ["data: 1"]);

    assert_eq!(handle.add("b", &b), Err(InvalidTopics::Twice("b".into())));
    assert!(handle.remove("b") && !handle.remove("b"));
    publish(&b, "2");
    publish(&a, "3");
    let events = read(&mut topics);
    assert_eq!((events.len(), &*events[0].1), (1, "data: 3"));
    assert!(!events[0].0.contains("=b-"), "{}", events[0].0);
    assert_eq!((a.counters().subscribers, b.counters().subscribers), (2, 1));
    drop(again);
    handle.add("b", &b).unwrap();
    assert!(handle.remove("b"));
    assert_eq!(texts(&mut topics), [""; 0]);
    assert_eq!(b.counters().subscribers, 0);
    assert_eq!(format!("{handle:?}"), "TopicsHandle { topics: 1, .. }");
}

#[test]
fn as_many_topics_as_the_id_has_room_for() {
    let a = channel("a");
    let names: Vec<_> = (0..27).map(|number| number.to_string()).collect();
    let join =
        |count: usize| Topics::new(names[..count].iter().map(|name| (name.as_str(), &a)), None);
    let error = join(27).unwrap_err();
    assert!(
        error.to_string().starts_with("topics: expected 26 at most"),
        "{error}"
    );
    let mut topics = join(26).unwrap();
    let id = position(&mut topics).unwrap();
    assert!(id.len() <= 1024);
    publish(&a, "x");
    assert_eq!(texts(&mut topics).len(), 26);
    drop(topics);
    assert_eq!(a.counters().subscribers, 0);
}

#[test]
fn a_stream_ends_with_the_first_of_its_channels_and_when_it_is_slow() {
    let (a, b) = (channel("a"), channel("b"));
    let join = || Topics::new([("a", &a), ("b", &b)], None).unwrap();
    let (mut slow, mut topics) = (join(), join());
    for number in 0..3 {
        publish(&a, &number.to_string());
    }
    texts(&mut topics);
    for number in 0..4 {
        publish(&a, &number.to_string());
    }
    assert_eq!(texts(&mut slow), ["!"]);
    publish(&b, "last");
    assert_eq!(texts(&mut topics).len(), 5);
    b.close();
    assert_eq!(texts(&mut topics), ["!"]);
    assert_eq!(a.counters().subscribers, 0);
    assert_eq!(texts(&mut topics), ["!"]);
    assert_eq!(Slow::default(), Slow::Disconnect);
}
