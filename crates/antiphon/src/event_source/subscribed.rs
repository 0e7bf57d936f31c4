//! The events of a channel, as a subscriber gets them.

use crate::asgi::Error;
use crate::streaming::{Chunks, FULL, Gathered};
use antiphon_channel::Subscriber;
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) struct Subscribed {
    subscriber: Subscriber,
    taken: VecDeque<Bytes>,
    gathered: Gathered,
}

impl Subscribed {
    pub(crate) fn new(subscriber: Subscriber) -> Self {
        Self {
            subscriber,
            taken: VecDeque::new(),
            gathered: Gathered::default(),
        }
    }
}

impl Chunks for Subscribed {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        if this.taken.is_empty() && this.gathered.is_empty() {
            ready!(this.subscriber.poll_batch(context, FULL, &mut this.taken));
        }
        Poll::Ready(this.gathered.take_of(&mut this.taken).map(Ok))
    }
}
