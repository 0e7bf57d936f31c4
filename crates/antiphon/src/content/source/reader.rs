//! Reading what a plan asks for of a source.

use super::error::SourceError;
use super::facts::SourceFacts;
use super::source::{AnySource, Pieces};
use crate::asgi;
use antiphon_core::body::segment::{self, Segment};
use antiphon_core::response::file::FileContent;
use bytes::Bytes;
use futures_core::Stream;
use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

/// The parts of a body that are not sent yet. Some ranges are asked for ahead of the one that is being sent.
pub(crate) struct SourceReader {
    source: Arc<dyn AnySource>,
    facts: SourceFacts,
    parts: VecDeque<Part>,
    /// What came before the head was sent.
    first: Option<Bytes>,
    patience: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

enum Part {
    Bytes(Bytes),
    Range(Asked),
}

/// A range, of which the first bytes may have been sent.
struct Asked {
    range: Range<u64>,
    pieces: Option<Pieces>,
    /// What came before its turn.
    ready: Option<Option<Result<Bytes, SourceError>>>,
}

impl SourceReader {
    pub(crate) fn new(
        source: Arc<dyn AnySource>,
        facts: SourceFacts,
        content: FileContent,
        mut opened: Option<(Range<u64>, Pieces)>,
        patience: Duration,
    ) -> Self {
        let whole = 0..facts.length();
        let segments = match content {
            FileContent::Whole(length) => vec![Segment::File(0..length)],
            FileContent::UntilEnd => vec![Segment::File(whole)],
            FileContent::Segments(segments) => segments,
        };
        // Nobody is asked for nothing.
        let segments = segments.into_iter().filter(|segment| !segment.is_empty());
        let parts = segments.map(|segment| match segment {
            Segment::Bytes(bytes) => Part::Bytes(bytes.into()),
            Segment::File(range) => Part::Range(Asked {
                pieces: opened
                    .take_if(|(opened, _)| *opened == range)
                    .map(|(_, pieces)| pieces),
                range,
                ready: None,
            }),
        });
        Self {
            source,
            facts,
            parts: parts.collect(),
            first: None,
            patience,
            alarm: None,
            is_waiting: false,
        }
    }

    /// Waits for the first bytes, so that an error can still become an answer.
    pub(crate) fn poll_first(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SourceError>> {
        self.first = ready!(self.poll_piece(context)).transpose()?;
        Poll::Ready(Ok(()))
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, SourceError>>> {
        loop {
            self.ask_ahead(context);
            let asked = match self.parts.front_mut() {
                None => return Poll::Ready(None),
                Some(Part::Bytes(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.parts.pop_front();
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Part::Range(asked)) => asked,
            };
            if asked.range.is_empty() {
                self.parts.pop_front();
                continue;
            }
            let Poll::Ready(piece) = asked.poll(context) else {
                return self.poll_alarm(context).map(|error| Some(Err(error)));
            };
            self.is_waiting = false;
            let missing = asked.range.end - asked.range.start;
            let error = match piece {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) if piece.len() as u64 <= missing => {
                    asked.range.start += piece.len() as u64;
                    return Poll::Ready(Some(Ok(piece)));
                }
                Some(Ok(piece)) => SourceError::too_long(missing, piece.len()),
                Some(Err(error)) => error,
                None => SourceError::ended(missing),
            };
            self.parts.clear();
            return Poll::Ready(Some(Err(error.of(&self.source.label()))));
        }
    }

    /// Asks for the next ranges, so that the source has begun with each when its turn comes.
    fn ask_ahead(&mut self, context: &mut Context<'_>) {
        let ranges = self.parts.iter_mut().filter_map(|part| match part {
            Part::Range(asked) => Some(asked),
            Part::Bytes(_) => None,
        });
        for (index, asked) in ranges.take(AHEAD).enumerate() {
            let range = asked.range.clone();
            asked
                .pieces
                .get_or_insert_with(|| self.source.pieces(range, &self.facts));
            if index > 0 {
                asked.poll_ahead(context);
            }
        }
    }

    /// Waits until the source has not answered for too long.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<SourceError> {
        if !self.is_waiting {
            self.is_waiting = true;
            let until = Instant::now() + self.patience;
            match &mut self.alarm {
                Some(alarm) => alarm.as_mut().reset(until),
                // Elsewhere than on tokio nobody has a clock.
                None if Handle::try_current().is_err() => return Poll::Pending,
                None => self.alarm = Some(Box::pin(sleep_until(until))),
            }
        }
        let Some(alarm) = &mut self.alarm else {
            return Poll::Pending;
        };
        ready!(alarm.as_mut().poll(context));
        self.parts.clear();
        let error = SourceError::silent(self.patience);
        Poll::Ready(error.of(&self.source.label()))
    }
}

impl Asked {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, SourceError>>> {
        if let Some(ready) = self.ready.take() {
            return Poll::Ready(ready);
        }
        match &mut self.pieces {
            Some(pieces) => pieces.as_mut().poll_next(context),
            None => Poll::Ready(None),
        }
    }

    fn poll_ahead(&mut self, context: &mut Context<'_>) {
        if let (None, Some(pieces)) = (&self.ready, &mut self.pieces)
            && let Poll::Ready(piece) = pieces.as_mut().poll_next(context)
        {
            self.ready = Some(piece);
        }
    }
}

impl Stream for SourceReader {
    type Item = asgi::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => ready!(self.poll_piece(context)),
        };
        Poll::Ready(piece.map(|piece| piece.map_err(Into::into)))
    }
}

/// Returns the number of bytes of what is sent.
pub(crate) fn total(content: &FileContent, facts: &SourceFacts) -> u64 {
    match content {
        FileContent::Whole(length) => *length,
        FileContent::UntilEnd => facts.length(),
        FileContent::Segments(segments) => segment::total(segments),
    }
}

/// So many ranges are asked for at once, of each of which one piece is held.
const AHEAD: usize = 4;
