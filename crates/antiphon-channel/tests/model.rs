//! A channel against a list of all events, whatever is done to it in whatever order.

use antiphon_channel::{EventChannel, Slow, Subscriber};
use antiphon_core::values::event::ServerSentEvent;
use bytes::Bytes;
use proptest::prelude::*;
use std::task::{Context, Poll, Waker};

#[derive(Clone, Debug)]
enum Action {
    Publish {
        length: usize,
        own_id: bool,
    },
    /// With the id of one of the events so far, counted from the newest.
    Subscribe(Option<usize>),
    Poll {
        subscriber: usize,
        max_bytes: usize,
    },
    Drop(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0_usize..60, any::<bool>())
            .prop_map(|(length, own_id)| Action::Publish { length, own_id }),
        1 => proptest::option::of(0_usize..30).prop_map(Action::Subscribe),
        3 => (any::<usize>(), 0_usize..600)
            .prop_map(|(subscriber, max_bytes)| Action::Poll { subscriber, max_bytes }),
        1 => any::<usize>().prop_map(Action::Drop),
    ]
}

/// The list of all events, and what the rules say of it.
struct Model {
    events: Vec<(String, Bytes)>,
    queue: (usize, usize),
    history: (usize, usize),
    slow: Slow,
}

/// A subscriber, by the index of its next event and by that which was next when it came.
struct Reader {
    subscriber: Subscriber,
    cursor: usize,
    joined: usize,
    resync: Option<Bytes>,
    ended: bool,
}

impl Model {
    /// The index from which on the events before `end` keep to a bound.
    fn start(&self, end: usize, (events, bytes): (usize, usize)) -> usize {
        let mut room = bytes;
        let before = self.events[..end].iter().rev().take(events);
        let kept = before.take_while(|(_, frame)| {
            let fits = frame.len() <= room;
            room = room.saturating_sub(frame.len());
            fits
        });
        end - kept.count()
    }

    fn live(&self) -> usize {
        let end = self.events.len();
        self.start(end, self.queue).min(end.saturating_sub(1))
    }

    /// The index of the first event that is held: what a replay may need which began when the first
    /// live event was the next. Ids of those before are forgotten.
    fn first(&self) -> usize {
        self.start(self.live(), self.history)
    }

    fn resync(&self) -> Bytes {
        let newest = self.events.last().map_or("e-0", |(id, _)| id);
        format!("id: {newest}\r\nevent: resync\r\ndata: \r\n\r\n").into()
    }

    fn subscribe(&self, channel: &EventChannel, back: Option<usize>) -> Reader {
        let back = back.filter(|back| *back < self.events.len());
        let index = back.map(|back| self.events.len() - 1 - back);
        let last_event_id = index.map(|index| self.events[index].0.as_bytes());
        let next = self.events.len();
        let cursor = index.map_or(next, |index| index + 1);
        let missed = cursor < self.start(next, self.history)
            || index.is_some_and(|index| index < self.first());
        Reader {
            subscriber: channel.subscribe(last_event_id),
            cursor: if missed { next } else { cursor },
            joined: next,
            resync: missed.then(|| self.resync()),
            ended: false,
        }
    }

    /// What the next poll gives; nothing is the end, `None` that it has to wait.
    fn expect(&self, reader: &mut Reader, max_bytes: usize) -> Option<Vec<Bytes>> {
        if reader.resync.is_some() {
            return reader.resync.take().map(|resync| vec![resync]);
        }
        if reader.ended {
            return Some(Vec::new());
        }
        if reader.cursor.max(reader.joined) < self.live() {
            match self.slow {
                Slow::Disconnect => {
                    reader.ended = true;
                    return Some(Vec::new());
                }
                Slow::DropOldest => reader.cursor = self.live(),
                Slow::Resync => {
                    reader.cursor = self.events.len();
                    return Some(vec![self.resync()]);
                }
            }
        }
        let mut batch: Vec<Bytes> = Vec::new();
        while let Some((_, frame)) = self.events.get(reader.cursor) {
            let bytes: usize = batch.iter().map(Bytes::len).sum();
            if !batch.is_empty() && bytes + frame.len() > max_bytes {
                break;
            }
            batch.push(frame.clone());
            reader.cursor += 1;
        }
        (!batch.is_empty()).then_some(batch)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_channel_does_what_a_list_of_all_events_says(
        actions in proptest::collection::vec(action(), 1..120),
        queue in (1_usize..12, 1_usize..1000),
        history in (0_usize..25, 0_usize..1500),
        slow in prop_oneof![Just(Slow::Disconnect), Just(Slow::DropOldest), Just(Slow::Resync)],
    ) {
        let channel = EventChannel::builder()
            .queue_events(queue.0)
            .queue_bytes(queue.1)
            .history_events(history.0)
            .history_bytes(history.1)
            .slow(slow)
            .epoch("e")
            .unwrap()
            .build();
        let mut model = Model { events: Vec::new(), queue, history, slow };
        let mut readers: Vec<Reader> = Vec::new();
        for action in actions {
            match action {
                Action::Publish { length, own_id } => {
                    let number = model.events.len() + 1;
                    let event = ServerSentEvent::new("x".repeat(length));
                    let (event, id) = if own_id {
                        (event.id(format!("own-{number}")), format!("own-{number}"))
                    } else {
                        (event, format!("e-{number}"))
                    };
                    prop_assert_eq!(channel.publish(&event), Ok(id.clone()));
                    let frame = event.id(id.clone()).encode().unwrap();
                    model.events.push((id, frame.into()));
                }
                Action::Subscribe(back) => readers.push(model.subscribe(&channel, back)),
                Action::Poll { subscriber, max_bytes } if !readers.is_empty() => {
                    let index = subscriber % readers.len();
                    let reader = &mut readers[index];
                    let expected = model.expect(reader, max_bytes);
                    let mut batch = Vec::new();
                    let mut context = Context::from_waker(Waker::noop());
                    let polled = reader.subscriber.poll_batch(&mut context, max_bytes, &mut batch);
                    match expected {
                        None => prop_assert_eq!(polled, Poll::Pending),
                        Some(expected) => {
                            prop_assert_eq!(polled, Poll::Ready(expected.len()));
                            prop_assert_eq!(batch, expected);
                        }
                    }
                }
                Action::Drop(subscriber) if !readers.is_empty() => {
                    let index = subscriber % readers.len();
                    drop(readers.swap_remove(index));
                }
                Action::Poll { .. } | Action::Drop(_) => {}
            }
            let counters = channel.counters();
            let listening = readers.iter().filter(|reader| !reader.ended).count();
            prop_assert_eq!(counters.subscribers, listening);
            prop_assert_eq!(counters.held_events, model.events.len() - model.first());
        }
    }
}
