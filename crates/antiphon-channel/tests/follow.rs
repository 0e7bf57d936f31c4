//! Channels that follow the streams of an engine, against a model of one, on several nodes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_channel::follow::{Answer, Ask, EntryId, Follower, Outcome, StreamState, event};
use antiphon_channel::{EventChannel, Newcomers, Slow, Subscriber};
use bytes::Bytes;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A stream as Redis has it.
#[derive(Default)]
struct Stream {
    entries: BTreeMap<EntryId, Bytes>,
    last_id: EntryId,
    added: u64,
}

impl Stream {
    fn add(&mut self, text: &str) -> EntryId {
        self.last_id = EntryId {
            milliseconds: self.last_id.milliseconds + 1,
            sequence: 0,
        };
        self.added += 1;
        let frame = event(self.last_id, [(&b"data"[..], text.as_bytes())]).unwrap();
        self.entries.insert(self.last_id, frame);
        self.last_id
    }

    fn trim(&mut self, length: usize) {
        while self.entries.len() > length {
            self.entries.pop_first();
        }
    }

    fn answer(&self, ask: Ask) -> Answer<Bytes> {
        let owned = |(id, frame): (&EntryId, &Bytes)| (*id, frame.clone());
        match ask {
            Ask::Newest { count } => {
                Answer::Entries(self.entries.iter().rev().take(count).map(owned).collect())
            }
            Ask::Since { from, count } => {
                Answer::Entries(self.entries.range(from..).take(count).map(owned).collect())
            }
            Ask::Before { from, count } => {
                let before = self.entries.range(..=from).rev();
                Answer::Entries(before.take(count).map(owned).collect())
            }
            Ask::State if self.last_id == EntryId::ZERO => Answer::State(None),
            Ask::State => Answer::State(Some(StreamState {
                length: self.entries.len() as u64,
                last_id: self.last_id,
                entries_added: Some(self.added),
            })),
        }
    }
}

/// A process that follows the streams of one engine.
struct Node {
    follower: Follower,
    engine: Rc<RefCell<BTreeMap<String, Stream>>>,
    asked: usize,
}

impl Node {
    fn new(engine: &Rc<RefCell<BTreeMap<String, Stream>>>, follower: Follower) -> Self {
        follower.connected();
        Self {
            follower,
            engine: Rc::clone(engine),
            asked: 0,
        }
    }

    /// Asks and answers until there is nothing to ask.
    fn settle(&mut self) {
        loop {
            let asks = self.follower.asks();
            if asks.is_empty() {
                return;
            }
            for (name, ask) in asks {
                let answer = self
                    .engine
                    .borrow_mut()
                    .entry(name.to_string())
                    .or_default()
                    .answer(ask);
                self.asked += 1;
                self.follower.answer(&name, answer);
            }
        }
    }

    /// What the blocking read would find.
    fn wake(&mut self) {
        let watched = self.follower.watched();
        let engine = self.engine.borrow();
        let woken: Vec<_> = watched
            .iter()
            .filter(|(name, place)| {
                let newest = engine
                    .get(&**name)
                    .and_then(|stream| stream.entries.last_key_value());
                newest.is_some_and(|(newest, _)| newest > place)
            })
            .map(|(name, _)| &**name)
            .collect();
        self.follower.woke(woken);
        drop(engine);
        self.settle();
        assert!(self.follower.is_caught_up());
    }
}

fn engine() -> Rc<RefCell<BTreeMap<String, Stream>>> {
    Rc::default()
}

fn add(
    engine: &Rc<RefCell<BTreeMap<String, Stream>>>,
    texts: impl IntoIterator<Item = u32>,
) -> Vec<String> {
    let mut engine = engine.borrow_mut();
    let stream = engine.entry("news".to_owned()).or_default();
    texts
        .into_iter()
        .map(|text| stream.add(&text.to_string()).to_string())
        .collect()
}

/// All that is ready, as text; `!` is the end.
fn read(subscriber: &mut Subscriber) -> Vec<String> {
    let mut context = Context::from_waker(Waker::noop());
    let mut texts = Vec::new();
    loop {
        let mut batch = Vec::new();
        match subscriber.poll_batch(&mut context, 1 << 20, &mut batch) {
            Poll::Pending => return texts,
            Poll::Ready(0) => {
                texts.push("!".to_owned());
                return texts;
            }
            Poll::Ready(_) => texts.extend(batch.iter().map(|frame| {
                let frame = str::from_utf8(frame).unwrap().trim_end();
                frame
                    .replace("id: ", "")
                    .replace("data: ", "")
                    .replace("\r\n", " ")
            })),
        }
    }
}

fn position(subscriber: &mut Subscriber) -> Option<Bytes> {
    let mut context = Context::from_waker(Waker::noop());
    match subscriber.poll_position(&mut context) {
        Poll::Ready(position) => position,
        Poll::Pending => panic!("expected a channel that was read"),
    }
}

fn builder() -> antiphon_channel::Builder {
    EventChannel::builder().history_events(3)
}

#[test]
fn a_newcomer_gets_what_is_added_after_it_was_told_where_it_is() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    let mut subscriber = node.follower.subscribe("news", None);
    assert!(
        subscriber
            .poll_position(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    node.settle();
    assert_eq!(position(&mut subscriber).unwrap(), "id: 5-0\r\n\r\n");
    add(&engine, [6]);
    node.wake();
    assert_eq!(read(&mut subscriber), ["6-0 6"]);
    assert_eq!(node.follower.counters().read, 1);
}

#[test]
fn a_newcomer_gets_what_is_added_after_it_came_though_it_was_not_looked_at() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    // One comes before the stream was read, one after that.
    let mut early = node.follower.subscribe("news", None);
    node.settle();
    add(&engine, [6]);
    node.wake();
    let mut late = node.follower.subscribe("news", None);
    add(&engine, [7]);
    node.wake();
    assert_eq!(position(&mut early), None);
    assert_eq!(read(&mut early), ["6-0 6", "7-0 7"]);
    assert_eq!(position(&mut late), None);
    assert_eq!(read(&mut late), ["7-0 7"]);
}

#[test]
fn a_newcomer_that_was_not_looked_at_is_told_of_a_gap() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    let mut early = node.follower.subscribe("news", None);
    node.settle();
    let mut late = node.follower.subscribe("news", None);
    add(&engine, [6, 7]);
    engine.borrow_mut().get_mut("news").unwrap().trim(1);
    node.wake();
    let resync = ["7-0 event: resync data:"];
    assert_eq!(read(&mut early), resync);
    assert_eq!(read(&mut late), resync);
}

#[test]
fn a_newcomer_may_get_the_history() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().newcomers(Newcomers::History).follower());
    let mut subscriber = node.follower.subscribe("news", None);
    node.settle();
    assert_eq!(read(&mut subscriber), ["3-0 3", "4-0 4", "5-0 5"]);
    assert_eq!(position(&mut subscriber), None);
}

#[test]
fn an_id_is_found_in_memory_or_in_the_stream() {
    let engine = engine();
    let ids = add(&engine, 1..=2000);
    let mut node = Node::new(&engine, builder().queue_events(5000).follower());
    let _kept = node.follower.subscribe("news", None);
    node.settle();
    let mut subscriber = |last: &str| {
        let mut subscriber = node.follower.subscribe("news", Some(last.as_bytes()));
        let mut texts = read(&mut subscriber);
        node.settle();
        texts.extend(read(&mut subscriber));
        (texts.len(), texts.first().cloned())
    };
    assert_eq!(subscriber(&ids[1997]), (2, Some("1999-0 1999".to_owned())));
    assert_eq!(subscriber(&ids[1999]), (0, None));
    assert_eq!(subscriber(&ids[0]), (1999, Some("2-0 2".to_owned())));
    let resync = (1, Some("2000-0 event: resync data:".to_owned()));
    assert_eq!(subscriber("0-0"), (2000, Some("1-0 1".to_owned())));
    for unknown in [
        "5",
        "-1",
        "5-1",
        "1999-5",
        "2001-0",
        "18446744073709551615-18446744073709551615",
        "x",
        "\0",
    ] {
        assert_eq!(subscriber(unknown), resync, "{unknown}");
    }
    let counters = node.follower.counters();
    // The newest at the start, 2,000 by pages of 512 with the one that is known, and again for `0-0`
    // and `5-1`, as nobody held them in between.
    assert!(counters.history_reads <= 1 + 3 * 4, "{counters:?}");
}

#[test]
fn many_old_ids_cost_one_reading() {
    let engine = engine();
    let ids = add(&engine, 1..=10_000);
    let mut node = Node::new(&engine, builder().follower());
    let _kept = node.follower.subscribe("news", None);
    node.settle();
    let subscribe = |id: &String| {
        let mut subscriber = node.follower.subscribe("news", Some(id.as_bytes()));
        assert!(read(&mut subscriber).is_empty());
        subscriber
    };
    let mut subscribers: Vec<_> = ids[..9000].iter().step_by(91).map(subscribe).collect();
    node.settle();
    for (index, subscriber) in subscribers.iter_mut().enumerate() {
        assert_eq!(read(subscriber).len(), 10_000 - 1 - 91 * index);
    }
    let counters = node.follower.counters();
    assert!(counters.history_reads <= 21, "{counters:?}");
}

#[test]
fn an_id_that_another_node_has_told_is_waited_for() {
    let engine = engine();
    add(&engine, [1]);
    let mut node = Node::new(&engine, builder().follower());
    let mut other = node.follower.subscribe("news", None);
    node.settle();
    position(&mut other);
    let ids = add(&engine, [2, 3]);
    // This node has not heard of them.
    let mut subscriber = node.follower.subscribe("news", Some(ids[0].as_bytes()));
    assert!(read(&mut subscriber).is_empty());
    node.settle();
    assert_eq!(read(&mut subscriber), ["3-0 3"]);
    assert_eq!(read(&mut other), ["2-0 2", "3-0 3"]);
}

#[test]
fn a_gap_is_told_once_to_each() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    let mut subscribers = [None, Some(&b"3-0"[..])].map(|id| node.follower.subscribe("news", id));
    node.settle();
    subscribers
        .iter_mut()
        .for_each(|subscriber| _ = read(subscriber));
    add(&engine, 6..=9);
    engine.borrow_mut().get_mut("news").unwrap().trim(2);
    node.wake();
    for subscriber in &mut subscribers {
        assert_eq!(read(subscriber), ["9-0 event: resync data:"]);
    }
    add(&engine, [10]);
    node.wake();
    for subscriber in &mut subscribers {
        assert_eq!(read(subscriber), ["10-0 10"]);
    }
    assert_eq!(node.follower.counters().gaps, 1);
    assert!(format!("{:?}", node.follower).contains("gaps: 1"));
}

#[test]
fn the_first_events_of_a_stream_are_no_gap_and_its_place_is_an_id() {
    let engine = engine();
    let mut node = Node::new(&engine, builder().follower());
    let mut subscriber = node.follower.subscribe("news", None);
    node.settle();
    assert_eq!(position(&mut subscriber).unwrap(), "id: 0-0\r\n\r\n");
    add(&engine, [1, 2]);
    node.wake();
    assert_eq!(read(&mut subscriber), ["1-0 1", "2-0 2"]);
    // Also by another node, which has not seen the stream empty, as long as it has all.
    let mut other = Node::new(&engine, builder().history_events(1).follower());
    let subscribe = |node: &mut Node| {
        let mut subscriber = node.follower.subscribe("news", Some(b"0-0"));
        for _ in 0..2 {
            assert!(
                subscriber
                    .poll_position(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
            node.settle();
        }
        read(&mut subscriber)
    };
    let mut again = node.follower.subscribe("news", Some(b"0-0"));
    assert_eq!(read(&mut again), ["1-0 1", "2-0 2"]);
    assert_eq!(subscribe(&mut other), ["1-0 1", "2-0 2"]);
    engine.borrow_mut().get_mut("news").unwrap().trim(1);
    let mut late = Node::new(&engine, builder().follower());
    assert_eq!(subscribe(&mut late), ["2-0 event: resync data:"]);
}

#[test]
fn subscriptions_end_when_the_engine_is_away_for_too_long_and_when_all_is_closed() {
    let engine = engine();
    let ids = add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    let mut subscriber = node.follower.subscribe("news", None);
    node.settle();
    assert!(read(&mut subscriber).is_empty());
    let (now, outage) = (Instant::now(), Duration::from_secs(60));
    node.follower.tick(now, outage);
    node.follower.disconnected(now);
    assert_eq!(
        node.follower.tick(now, outage),
        now + Duration::from_secs(5)
    );
    assert!(read(&mut subscriber).is_empty());
    // What is in memory is still to be had.
    let mut known = node.follower.subscribe("news", Some(ids[3].as_bytes()));
    assert_eq!(read(&mut known), ["5-0 5"]);
    let mut older = node.follower.subscribe("news", Some(ids[0].as_bytes()));
    assert!(read(&mut older).is_empty());

    node.follower.tick(now + outage, outage);
    for subscriber in [&mut subscriber, &mut known, &mut older] {
        let told = read(subscriber);
        assert!(
            told.len() == 2 && told[0].starts_with("retry: ") && told[1] == "!",
            "{told:?}"
        );
    }
    let mut late = node.follower.subscribe("news", None);
    assert!(read(&mut late).is_empty());
    node.follower.connected();
    node.settle();
    add(&engine, [6]);
    node.wake();
    assert_eq!(read(&mut late), ["6-0 6"]);
    assert_eq!(node.follower.counters().reconnects, 1);

    node.follower.close();
    assert_eq!(read(&mut late), ["!"]);
    assert_eq!(read(&mut node.follower.subscribe("other", None)), ["!"]);
    assert_eq!(node.follower.counters().subscribers, 0);
}

#[test]
fn who_leaves_while_it_waits_leaves_nothing_behind() {
    let engine = engine();
    let ids = add(&engine, 1..=2000);
    let mut node = Node::new(&engine, builder().follower());
    let mut kept = node.follower.subscribe("news", None);
    node.settle();
    read(&mut kept);
    let mut gone = node.follower.subscribe("news", Some(ids[0].as_bytes()));
    read(&mut gone);
    drop(gone);
    node.settle();
    assert_eq!(node.follower.counters().history_reads, 1);
    assert_eq!(node.follower.counters().subscribers, 1);
}

#[test]
fn a_channel_is_followed_for_a_minute_after_the_last_subscriber() {
    let engine = engine();
    add(&engine, [1]);
    let mut node = Node::new(&engine, builder().follower());
    drop(node.follower.subscribe("news", None));
    node.settle();
    let (mut now, outage) = (Instant::now(), Duration::from_secs(60));
    let mut channels = Vec::new();
    for _ in 0..16 {
        node.follower.tick(now, outage);
        node.settle();
        now += Duration::from_secs(5);
        channels.push(node.follower.counters().channels);
    }
    assert_eq!((channels[12], channels[15]), (1, 0));
    // It was asked for once in each sweep, so that what is deleted is seen.
    assert!((10..=20).contains(&node.asked), "{}", node.asked);
}

#[test]
fn a_deleted_stream_is_seen_by_the_sweep() {
    let engine = engine();
    add(&engine, 1..=5);
    let mut node = Node::new(&engine, builder().follower());
    let mut subscriber = node.follower.subscribe("news", None);
    node.settle();
    read(&mut subscriber);
    engine.borrow_mut().clear();
    let now = Instant::now();
    node.follower.tick(now, Duration::MAX);
    node.follower
        .tick(now + Duration::from_secs(5), Duration::MAX);
    node.settle();
    assert_eq!(read(&mut subscriber), ["0-0 event: resync data:"]);
    let outcome = node.follower.answer("unknown", Answer::State(None));
    assert_eq!(outcome, Outcome::Fine);
}

#[test]
fn a_question_that_is_refused_is_asked_again_with_the_next_sweep() {
    let engine = engine();
    add(&engine, [1]);
    let mut node = Node::new(&engine, builder().follower());
    let mut subscriber = node.follower.subscribe("news", None);
    let asks = node.follower.asks();
    assert_eq!((asks.len(), node.follower.is_starting("news")), (1, true));
    node.follower.failed("news");
    node.settle();
    assert!(node.follower.is_starting("news"));
    let now = Instant::now();
    node.follower.tick(now, Duration::MAX);
    node.follower
        .tick(now + Duration::from_secs(5), Duration::MAX);
    node.settle();
    assert_eq!(position(&mut subscriber).unwrap(), "id: 1-0\r\n\r\n");
    assert!(!node.follower.is_starting("news"));
    node.follower.published();
    assert_eq!(node.follower.counters().published, 1);
}

#[derive(Clone, Debug)]
enum Action {
    Add(u8),
    Trim(usize),
    Wake(usize),
    /// One question and its answer.
    Step(usize),
    /// A client reads what is ready.
    Read(usize),
    /// A client connects to a node, with the last id that it has.
    Hop(usize, usize),
    /// The node loses its connection, with what it has asked.
    Reconnect(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (1..4_u8).prop_map(Action::Add),
        1 => (0..12_usize).prop_map(Action::Trim),
        4 => (0..2_usize).prop_map(Action::Wake),
        8 => (0..2_usize).prop_map(Action::Step),
        6 => (0..3_usize).prop_map(Action::Read),
        2 => (0..3_usize, 0..2_usize).prop_map(|(client, node)| Action::Hop(client, node)),
        1 => (0..2_usize).prop_map(Action::Reconnect),
    ]
}

/// A browser.
#[derive(Default)]
struct Client {
    subscriber: Option<Subscriber>,
    last: Option<u64>,
    is_told: bool,
}

impl Client {
    /// Reads what is ready; each event is the one after the last, unless a resync came between.
    fn read(&mut self) {
        let Some(subscriber) = &mut self.subscriber else {
            return;
        };
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(told) = subscriber.poll_position(&mut context) else {
            return;
        };
        let told = told.map(|told| str::from_utf8(&told[4..]).unwrap().trim_end().to_owned());
        for text in told.into_iter().chain(read(subscriber)) {
            if text == "!" {
                self.subscriber = None;
                return;
            }
            let id = text.split_once(' ').map_or(&*text, |(id, _)| id);
            let number = EntryId::parse(id.as_bytes()).unwrap().milliseconds;
            let is_event = text.contains(' ') && !text.contains("resync");
            if is_event && let Some(last) = self.last {
                assert_eq!(number, last + 1, "{text} came after {last}");
            }
            self.is_told |= text.contains("resync");
            self.last = Some(number);
        }
    }
}

/// Has clients hop between two nodes, and checks that each sees all in order, or is told.
fn hop(actions: impl IntoIterator<Item = Action>, slow: Slow, queue: usize) {
    let engine = engine();
    let follower = || builder().queue_events(queue).slow(slow).follower();
    let mut nodes = [
        Node::new(&engine, follower()),
        Node::new(&engine, follower()),
    ];
    let mut clients: [Client; 3] = Default::default();
    let mut pending = [vec![], vec![]];
    let mut number = 0;
    for action in actions {
        match action {
            Action::Add(count) => {
                for _ in 0..count {
                    number += 1;
                    add(&engine, [number]);
                }
            }
            Action::Trim(length) => {
                engine
                    .borrow_mut()
                    .entry("news".to_owned())
                    .or_default()
                    .trim(length);
            }
            Action::Wake(node) => {
                let names: Vec<_> = nodes[node].follower.watched();
                nodes[node]
                    .follower
                    .woke(names.iter().map(|(name, _)| &**name));
            }
            Action::Step(node) => {
                let follower = &nodes[node].follower;
                if pending[node].is_empty() {
                    for (name, ask) in follower.asks() {
                        let mut engine = engine.borrow_mut();
                        let answer = engine.entry(name.to_string()).or_default().answer(ask);
                        pending[node].push((name, answer));
                    }
                } else {
                    for (name, answer) in pending[node].drain(..) {
                        follower.answer(&name, answer);
                    }
                }
            }
            Action::Read(client) => clients[client].read(),
            Action::Hop(client, node) => {
                let client = &mut clients[client];
                let last = client.last.map(|last| format!("{last}-0"));
                let last = last.as_deref().map(str::as_bytes);
                client.subscriber = Some(nodes[node].follower.subscribe("news", last));
            }
            Action::Reconnect(node) => {
                pending[node].clear();
                nodes[node].follower.disconnected(Instant::now());
                nodes[node].follower.connected();
            }
        }
    }
    // In the end all have all.
    for (node, pending) in nodes.iter_mut().zip(pending) {
        for (name, answer) in pending {
            node.follower.answer(&name, answer);
        }
        node.settle();
    }
    for client in &mut clients {
        if client.subscriber.is_none() {
            let last = client.last.map(|last| format!("{last}-0"));
            let last = last.as_deref().map(str::as_bytes);
            client.subscriber = Some(nodes[0].follower.subscribe("news", last));
        }
    }
    let now = Instant::now();
    for round in 0..3 {
        clients.iter_mut().for_each(Client::read);
        for node in &nodes {
            node.follower
                .tick(now + Duration::from_secs(5 * round), Duration::MAX);
        }
        nodes.iter_mut().for_each(Node::settle);
        nodes.iter_mut().for_each(Node::wake);
    }
    for client in &mut clients {
        client.read();
        if client.subscriber.is_some() {
            assert_eq!(client.last.unwrap_or(0), u64::from(number));
        }
    }
}

#[test]
fn older_events_that_come_too_late_leave_no_gap() {
    // A client wants old events and leaves while they are under way, and the log lets go of what it held
    // for it. Then it wants the same again.
    let actions = [
        Action::Hop(2, 0),
        Action::Add(1),
        Action::Step(0),
        Action::Add(4),
        Action::Hop(1, 0),
        Action::Step(0),
        Action::Wake(0),
        Action::Add(6),
        Action::Read(2),
        Action::Step(0),
        Action::Read(1),
        Action::Wake(0),
        Action::Add(1),
        Action::Wake(0),
        Action::Step(0),
        Action::Hop(2, 0),
        Action::Step(0),
        Action::Read(2),
        Action::Step(0),
        Action::Step(0),
        Action::Hop(2, 0),
        Action::Add(1),
    ];
    hop(actions, Slow::Disconnect, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn clients_that_hop_see_all_in_order_or_are_told(
        actions in proptest::collection::vec(action(), 1..150),
        slow in prop_oneof![Just(Slow::Disconnect), Just(Slow::Resync)],
        queue in 1..8_usize,
    ) {
        hop(actions, slow, queue);
    }
}
