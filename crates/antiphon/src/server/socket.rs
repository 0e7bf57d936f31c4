//! The connection's socket, as hyper reads and writes it. It gives a client up that keeps us waiting.
//!
//! | we wait for            | since                          | bound                | then                    |
//! |------------------------|--------------------------------|----------------------|-------------------------|
//! | the first request      | the connection                 | `head_timeout`       | an error                |
//! | the rest of a head     | its first piece                | `head_timeout`       | an error                |
//! | another request        | the end of the last answer     | `keep_alive_timeout` | the connection's end    |
//! | room to write          | the last write that brought on | `write_timeout`      | an error                |
//! | the program's answer   | the end of the client's side   | half a second        | the end, told to hyper  |
//!
//! Timers run in the calls by which hyper reads, writes and flushes; each of its turns ends with one. With
//! HTTP/2, heads and the ends of single answers are not seen here: see `stall`.

use super::client::{Client, State};
use super::counters::ServerCounters;
use super::limits::{FAREWELL, LEAVE_GRACE, Limits};
use super::presence::presence;
use super::wire::Wire;
use bytes::{Buf, Bytes};
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A socket that watches its client, and to which little pieces that are written together go as one.
///
/// hyper frames a chunk by writing three pieces. For an event of a hundred bytes it costs the kernel
/// more to look at three than it costs us to copy them.
pub(super) struct Socket {
    wire: Wire,
    /// What was read to see which protocol the client speaks.
    ahead: Bytes,
    client: Arc<Client>,
    limits: Arc<Limits>,
    counters: Option<ServerCounters>,
    is_http_2: bool,
    expects: Expects,
    /// When what is expected must have come.
    due: Option<Instant>,
    /// What the client's state was when that was looked at last.
    seen: State,
    /// None of the times below is set, so that most turns need not look at them.
    is_usual: bool,
    /// Something has come since.
    has_read: bool,
    /// hyper will be woken when something comes.
    is_reading: bool,
    /// Since when nothing could be written.
    blocked: Option<Instant>,
    /// When it was first seen that the shutdown has begun.
    stopped: Option<Instant>,
    /// All that the client has sent was read, and nothing more will come.
    has_ended: bool,
    /// When the answer must be there for a client that has ended its side.
    left: Option<Instant>,
    /// When to look whether the client is there, since hyper does not read.
    look: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What is to come from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    Head,
    Request,
    /// Nothing: we have a request to answer.
    Nothing,
}

impl Socket {
    /// The socket of a client that has connected at this time.
    pub(super) fn new(
        wire: Wire,
        client: Arc<Client>,
        limits: Arc<Limits>,
        connected: Instant,
    ) -> Self {
        let due = connected.checked_add(limits.head_timeout);
        Self {
            wire,
            ahead: Bytes::new(),
            client,
            limits,
            counters: None,
            is_http_2: false,
            expects: Expects::Head,
            due,
            seen: State::default(),
            is_usual: true,
            has_read: false,
            is_reading: false,
            blocked: None,
            stopped: None,
            has_ended: false,
            left: None,
            look: None,
            alarm: None,
        }
    }

    /// Counts the bytes that go through, if anybody wants to know.
    pub(super) fn count(&mut self, counters: Option<&ServerCounters>) {
        self.counters = counters.cloned();
    }

    /// Puts back what was read.
    pub(super) fn rewind(&mut self, ahead: Bytes, is_http_2: bool) {
        self.ahead = ahead;
        self.is_http_2 = is_http_2;
    }

    /// Tells whether nothing has happened since the last turn but what an answer that goes on brings.
    fn is_as_before(&self) -> bool {
        self.is_usual
            && !self.has_read
            && self.expects == Expects::Nothing
            && self.seen == self.client.state()
    }

    /// Sees what is to come from the client, by when.
    fn look_ahead(&mut self) {
        let state = self.client.state();
        let has_asked = state.has_asked_since(std::mem::replace(&mut self.seen, state));
        let has_read = std::mem::take(&mut self.has_read);
        if state.is_answered() {
            self.expects = Expects::Nothing;
            self.due = None;
            if state.is_content_awaited() {
                self.client.wait(Instant::now());
            } else if self.blocked.is_none() {
                self.client.wait_no_more();
            }
        } else if has_asked || self.expects == Expects::Nothing {
            let now = Instant::now();
            self.expects = Expects::Request;
            self.due = now.checked_add(self.limits.keep_alive_timeout);
            self.client.wait(now);
        } else if has_read && self.expects == Expects::Request && !self.is_http_2 {
            self.expects = Expects::Head;
            self.due = Instant::now().checked_add(self.limits.head_timeout);
        }
    }

    /// Returns whether this time has come; otherwise the task is woken when it has.
    fn poll_time(&mut self, time: Instant, context: &mut Context<'_>) -> bool {
        let is_set = self.alarm.is_some();
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(time)));
        // An alarm that comes too early is set anew when it has come: most times are put off again and
        // again, and few come.
        if time < alarm.deadline() {
            alarm.as_mut().reset(time);
        } else if is_set && !alarm.is_elapsed() {
            // It wakes the task of the connection, which is always the same.
            return false;
        }
        while alarm.as_mut().poll(context).is_ready() {
            if time <= Instant::now() {
                return true;
            }
            alarm.as_mut().reset(time);
        }
        false
    }

    /// hyper waits for bytes that are not there; ready if it is to see an end instead.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_reading = true;
        if self.is_as_before() {
            return Poll::Pending;
        }
        self.look = None;
        self.look_ahead();
        self.is_usual = self.blocked.is_none() && self.left.is_none();
        if let Some(left) = self.left {
            let is_for_nothing = self.expects != Expects::Nothing
                || self.seen.is_content_awaited()
                || (self.blocked.is_none() && self.poll_time(left, context));
            return if is_for_nothing {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            };
        }
        let Some(due) = self.due else {
            return Poll::Pending;
        };
        if !self.poll_time(due, context) {
            return Poll::Pending;
        }
        match self.expects {
            Expects::Request if self.is_http_2 => {
                self.due = None;
                self.client.expire();
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Expects::Request => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(timed_out("the client has sent no whole head in time"))),
        }
    }

    /// hyper has written all there was. Fails if the client is gone.
    fn poll_flushed(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let is_reading = std::mem::take(&mut self.is_reading);
        if is_reading && self.is_as_before() {
            return Ok(());
        }
        self.look_ahead();
        if self.expects != Expects::Nothing {
            if self.left.is_some() && !self.is_http_2 {
                // The end was kept from hyper while there was an answer to wait for.
                context.waker().wake_by_ref();
            } else if let Some(due) = self.due
                && self.poll_time(due, context)
            {
                context.waker().wake_by_ref();
            }
            return Ok(());
        }
        if is_reading || self.is_http_2 {
            return Ok(());
        }
        // Something unread lies before hyper, which reads no further, so nobody would learn that the
        // client leaves.
        if let Some(left) = self.left {
            return if self.poll_time(left, context) {
                Err(io::ErrorKind::ConnectionAborted.into())
            } else {
                Ok(())
            };
        }
        let look = *self
            .look
            .get_or_insert_with(|| Instant::now() + LOOKS_EVERY);
        self.is_usual = false;
        if self.poll_time(look, context) {
            self.look = None;
            let presence = presence(self.wire.transport());
            if presence.is_gone {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if presence.has_ended {
                self.left = Instant::now().checked_add(LEAVE_GRACE);
            }
            return self.poll_flushed(context);
        }
        Ok(())
    }

    /// Nothing can be written. Fails if that lasts too long.
    fn poll_blocked(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.is_usual = false;
        let blocked = *self.blocked.get_or_insert_with(|| {
            let now = Instant::now();
            self.client.wait(now);
            now
        });
        let patience = self.client.patience();
        let timeout = patience.send_timeout.unwrap_or(self.limits.write_timeout);
        let mut deadline = blocked.checked_add(timeout.min(self.limits.write_timeout));
        if self.client.is_stopping() {
            let stopped = *self.stopped.get_or_insert_with(Instant::now);
            let over = match patience.grace {
                Some(grace) => stopped.checked_add(grace.saturating_add(FAREWELL)),
                // All that HTTP/2 has yet to say is that the connection ends.
                None if self.is_http_2 && !self.client.state().is_answered() => {
                    blocked.max(stopped).checked_add(FAREWELL)
                }
                None => None,
            };
            deadline = [deadline, over].into_iter().flatten().min();
        }
        match deadline {
            Some(deadline) if self.poll_time(deadline, context) => {
                Poll::Ready(Err(timed_out("the client has read nothing for too long")))
            }
            _ => Poll::Pending,
        }
    }

    /// What was written is on its way.
    fn has_written(&mut self) {
        if self.is_http_2 {
            self.client.write();
        }
        if self.is_usual {
            return;
        }
        if self.blocked.take().is_some() {
            self.client.wait_no_more();
            if self.expects != Expects::Nothing {
                self.client.wait(Instant::now());
            }
        }
        if self.left.is_some() {
            self.left = Instant::now().checked_add(LEAVE_GRACE);
        }
    }

    /// Reads for a while what nobody wants: a socket that is closed before it was read resets the
    /// connection, and then the client may lose our answer (RFC 9112 §9.6).
    fn poll_unread(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.client.is_unread() {
            return Poll::Ready(());
        }
        let linger = *self.left.get_or_insert_with(|| Instant::now() + LINGER);
        let mut unread = [0; 4096];
        loop {
            if self.poll_time(linger, context) {
                return Poll::Ready(());
            }
            let mut unread = ReadBuf::new(&mut unread);
            match Pin::new(self.wire.transport_mut()).poll_read(context, &mut unread) {
                Poll::Ready(Ok(())) if !unread.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn watched(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let (Some(counters), Poll::Ready(Ok(bytes))) = (&self.counters, &written) {
            counters.count_written(*bytes);
        }
        if self.wire.has_moved(matches!(written, Poll::Ready(Ok(_)))) {
            self.has_written();
        }
        if written.is_pending() {
            return self.poll_blocked(context);
        }
        written
    }
}

impl AsyncWrite for Socket {
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        let mut whole = [0; WORTH_COPYING];
        let Some(whole) = whole.get_mut(..length) else {
            let written = Pin::new(&mut self.wire).poll_write_vectored(context, pieces);
            return self.watched(written, context);
        };
        let mut rest = &mut *whole;
        for piece in pieces {
            let (start, end) = rest.split_at_mut(piece.len());
            start.copy_from_slice(piece);
            rest = end;
        }
        self.poll_write(context, whole)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.wire).poll_write(context, bytes);
        self.watched(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Without TLS there is nothing to flush.
        if Pin::new(&mut self.wire).poll_flush(context)?.is_pending() {
            return self.watched(Poll::Pending, context).map_ok(drop);
        }
        if self.blocked.is_some() && self.wire.has_moved(false) {
            self.has_written();
        }
        Poll::Ready(self.poll_flushed(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if Pin::new(&mut self.wire)
            .poll_shutdown(context)?
            .is_pending()
        {
            return self.watched(Poll::Pending, context).map_ok(drop);
        }
        self.poll_unread(context).map(Ok)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ahead.is_empty() {
            let length = this.ahead.len().min(buffer.remaining());
            buffer.put_slice(&this.ahead[..length]);
            this.ahead.advance(length);
            if this.ahead.is_empty() {
                this.ahead = Bytes::new();
            }
            this.has_read = true;
            return Poll::Ready(Ok(()));
        }
        if !this.has_ended {
            let before = buffer.filled().len();
            if let Poll::Ready(read) = Pin::new(&mut this.wire).poll_read(context, buffer) {
                read?;
                let count = buffer.filled().len() - before;
                if count > 0 {
                    if let Some(counters) = &this.counters {
                        counters.count_read(count);
                    }
                    this.has_read = true;
                    // Who still takes content of a request works on its answer.
                    if this.left.is_some() {
                        this.left = Instant::now().checked_add(LEAVE_GRACE);
                    }
                    return Poll::Ready(Ok(()));
                }
                if this.is_http_2 {
                    return Poll::Ready(Ok(()));
                }
                this.has_ended = true;
                this.is_usual = false;
                this.left = Instant::now().checked_add(LEAVE_GRACE);
            }
        }
        this.poll_patience(context)
    }
}

fn timed_out(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

/// How often a client is looked for that has sent what nobody reads.
const LOOKS_EVERY: Duration = LEAVE_GRACE;
/// For how long a client may send what nobody wants after it has the answer.
const LINGER: Duration = Duration::from_secs(2);
const WORTH_COPYING: usize = 1024;
