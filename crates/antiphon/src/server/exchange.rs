//! One request's answer, on its way from the application to the connection.

use super::length::Length;
use super::request_content::RequestContent;
use crate::asgi::peer::Peer;
use crate::asgi::{self, Chunks, Patience, SendError};
use antiphon_core::fields::Headers;
use bytes::Bytes;
use http::StatusCode;
use std::fmt;
use std::mem;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

/// What application and connection share: the content of the request, and the part of the answer that was
/// sent and is not taken yet.
#[derive(Debug)]
pub(super) struct Exchange {
    state: Mutex<State>,
    request: Mutex<RequestContent>,
    /// Whether the request has content. That of most has none, and costs nothing.
    has_content: bool,
    patience: OnceLock<Patience>,
    /// Whether the request wants the head alone.
    is_head: bool,
}

#[derive(Default)]
struct State {
    phase: Phase,
    head: Option<(u16, Headers)>,
    length: Length,
    /// One piece of content. While it lies here, the application waits.
    content: Option<Bytes>,
    stream: Option<Chunks>,
    /// How the stream ended, until the application learns it.
    stream_end: Option<StreamEnd>,
    /// The application, waiting for something that the connection does. It may have sent its `Send`
    /// to another thread.
    application: Option<Waker>,
    /// The connection, waiting for something that the application sends.
    connection: Option<Waker>,
    /// Whoever waits for the client to be gone.
    watcher: Option<Waker>,
    /// The application has ended, so nothing that is sent now would be taken.
    has_returned: bool,
}

/// How a stream ended: well, with an error, or with a panic.
pub(super) type StreamEnd = thread::Result<asgi::Result>;

/// How far an answer has come.
///
/// | phase        | application sends          | connection polls    | client leaves         | application ends |
/// |--------------|----------------------------|---------------------|-----------------------|------------------|
/// | `Unanswered` | head → another phase (1)   | waits               | `Closed`              | error page       |
/// | `Open`       | piece; the last → `Ended` (5) | takes the piece     | `Filled` (2), `Closed` | cut             |
/// | `Streaming`  | leaves it → `Open`         | takes a chunk (3)   | `Complete` (2), `Closed` | cut           |
/// | `Ended`      | error                      | the rest → `Complete` | `Complete` (4), `Closed` | logged      |
/// | `Filled`     | dropped; the last → `Complete` | no more         | has left              | logged           |
/// | `Complete`   | error                      | no more             | has left              | logged           |
/// | `Untrue`     | error                      | error page, or cut  | `Closed`              | the same         |
/// | `Closed`     | error                      | no more             | has left              | is dropped       |
///
/// 1. A head alone → `Open`, with a stream → `Streaming`, with all the content → `Ended`.
/// 2. If the connection has as much content as the head announced.
/// 3. The stream's end → `Ended`. Its failure → `Open`, since it is the application that then fails.
/// 4. If the connection has all the content.
/// 5. Content that the head's length belies → `Untrue`. Of a head that is still here, the client sees
///    nothing.
///
/// An application *ends* when it returns, fails or panics. *Error page*: the client gets 500, or what a
/// file's error says. *Cut*: the connection is, after a piece that was sent together with the head.
/// *Logged*: the client has its answer, and only an error is logged. What comes out of turn in any other
/// way is an error of [`send`](crate::asgi::Send::send).
///
/// Each event takes the lock, so one of two comes first. Who wins a race:
///
/// - **Application and client.** What is sent before the client leaves is lost without an error. What
///   is sent later is [`SendError::Disconnected`].
/// - **The last piece and a failure.** The answer is complete, and the failure is only logged.
/// - **The end of a stream and an application that leaves it.** The end, if the connection polls the
///   stream before it polls the application.
/// - **The application's end.** What a task that it has left behind sends after it is
///   [`SendError::Returned`], and what it receives is a disconnect.
/// - **Shutdown.** It is no event of an answer. The server waits for its answers up to its deadline, and
///   then drops the connections as if the clients left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No head was sent.
    #[default]
    Unanswered,
    /// The head was sent, and content follows.
    Open,
    /// The head was sent, and a stream is the content.
    Streaming,
    /// The application has sent its last piece of content.
    Ended,
    /// The connection has as much content as was announced, but the application has not ended.
    Filled,
    /// The connection has the whole answer, and the application has ended it.
    Complete,
    /// The content is not as long as the head said.
    Untrue(SendError),
    /// The connection let go of the answer before it was complete.
    Closed,
}

/// How much of an answer must have been sent before its head goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    Head,
    Content,
    End,
}

/// What the connection gets of an answer when its head goes out.
pub(super) enum Answer {
    /// All of it.
    Whole(StatusCode, Headers, Bytes),
    /// A head; a stream, or pieces to be taken from the exchange, follow.
    Begun(StatusCode, Headers, Option<Chunks>),
    /// None of it: its content is not what its head says.
    Untrue(SendError),
}

/// The connection's side; the application's is [`Peer`].
impl Exchange {
    /// Takes the answer if as much of it was sent as is `needed`. Otherwise the connection is woken when
    /// there is more.
    pub(super) fn take_answer(&self, needed: Needed, context: &Context<'_>) -> Option<Answer> {
        let mut state = self.lock();
        if let Phase::Untrue(error) = state.phase {
            return Some(Answer::Untrue(error));
        }
        let is_ended = state.phase == Phase::Ended;
        let is_enough = match needed {
            Needed::Head => true,
            Needed::Content => is_ended || state.content.is_some(),
            Needed::End => is_ended,
        };
        let Some((status, headers)) = state.head.take_if(|_| is_enough) else {
            state.connection = Some(context.waker().clone());
            return None;
        };
        // What has another status was not taken.
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Some(if is_ended {
            let content = state.content.take().unwrap_or_default();
            state.phase = Phase::Complete;
            state.wake_application();
            Answer::Whole(status, headers, content)
        } else {
            Answer::Begun(status, headers, state.stream.take())
        })
    }

    /// The answer to a request, of which the application has sent nothing yet.
    pub(super) fn new(is_head: bool, request: RequestContent) -> Self {
        Self {
            state: Mutex::default(),
            has_content: !request.has_all(),
            request: Mutex::new(request),
            patience: OnceLock::new(),
            is_head,
        }
    }

    /// Returns why the content is not what the head says, if it is not.
    pub(super) fn untruth(&self) -> Option<SendError> {
        match self.lock().phase {
            Phase::Untrue(error) => Some(error),
            _ => None,
        }
    }

    /// Tells whether no head was sent.
    pub(super) fn is_unanswered(&self) -> bool {
        self.lock().phase == Phase::Unanswered
    }

    /// Tells whether the application waits for its stream's end.
    pub(super) fn is_streaming(&self) -> bool {
        self.lock().phase == Phase::Streaming
    }

    /// Takes the next piece of content; `None` after the last. Wakes nobody when there is one.
    pub(super) fn take_piece(&self) -> Poll<Option<Bytes>> {
        self.lock().take_piece()
    }

    /// Takes the next piece of content; `None` after the last. Otherwise the connection is woken when
    /// there is one.
    pub(super) fn poll_piece(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        let piece = state.take_piece();
        if piece.is_pending() {
            state.connection = Some(context.waker().clone());
        }
        piece
    }

    /// Tells the application how its stream ended, so that it is the one that fails.
    pub(super) fn end_stream(&self, end: StreamEnd) {
        self.lock().end_stream(end);
    }

    /// Lets go of the answer, and tells whether the connection has all of it. `has_announced` says
    /// whether it has as much content as was announced, `has_stream` whether that comes from a stream.
    pub(super) fn release(&self, has_announced: bool, has_stream: bool) -> bool {
        let mut state = self.lock();
        if has_announced && has_stream {
            state.end_stream(Ok(Ok(())));
        }
        state.phase = match state.phase {
            _ if state.content.is_some() => Phase::Closed,
            Phase::Ended => Phase::Complete,
            Phase::Open | Phase::Streaming if has_announced => Phase::Filled,
            _ => Phase::Closed,
        };
        state.wake_application();
        state.phase != Phase::Closed
    }

    /// Learns that the application has ended: what it has sent is all there is.
    pub(super) fn end_application(&self) {
        let mut state = self.lock();
        state.has_returned = true;
        state.wake_application();
        drop(state);
        self.leave_request();
    }

    /// Returns how long the client may let the answer wait.
    pub(super) fn patience(&self) -> Patience {
        self.patience.get().copied().unwrap_or_default()
    }

    /// Completes with whether the connection can be used again when the answer is through, as far as the
    /// request is concerned: takes what nobody wants of its content.
    pub(super) fn poll_drained(&self, context: &mut Context<'_>) -> Poll<bool> {
        if self.has_content {
            self.lock_request().poll_drained(context)
        } else {
            Poll::Ready(true)
        }
    }

    fn lock_request(&self) -> MutexGuard<'_, RequestContent> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer for Exchange {
    fn start(&self, status: u16, headers: Headers) -> Result<(), SendError> {
        if !(200..1000).contains(&status) {
            return Err(SendError::InvalidStatus);
        }
        let length = Length::announced(status, &headers, self.is_head)?;
        let mut state = self.lock();
        state.put_head(status, headers, Phase::Open)?;
        state.length = length;
        wake(&mut state.connection);
        Ok(())
    }

    fn poll_content(
        &self,
        body: &mut Bytes,
        more_body: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        let mut state = self.lock();
        if state.has_returned {
            return Poll::Ready(Err(SendError::Returned));
        }
        let ended = match state.phase {
            Phase::Closed => return Poll::Ready(Err(SendError::Disconnected)),
            Phase::Unanswered => return Poll::Ready(Err(SendError::HeadMissing)),
            Phase::Ended | Phase::Complete => return Poll::Ready(Err(SendError::AfterEnd)),
            Phase::Untrue(error) => return Poll::Ready(Err(error)),
            Phase::Filled => {
                // The client has its answer, whatever this is.
                state.length.count(body.len(), more_body)?;
                Phase::Complete
            }
            Phase::Open | Phase::Streaming => {
                if !body.is_empty() && state.content.is_some() {
                    state.application = Some(context.waker().clone());
                    return Poll::Pending;
                }
                if let Err(error) = state.length.count(body.len(), more_body) {
                    state.phase = Phase::Untrue(error);
                    wake(&mut state.connection);
                    return Poll::Ready(Err(error));
                }
                if !body.is_empty() {
                    state.content = Some(mem::take(body));
                }
                Phase::Ended
            }
        };
        if !more_body {
            state.phase = ended;
        }
        wake(&mut state.connection);
        Poll::Ready(Ok(()))
    }

    fn answer(&self, status: u16, headers: Headers, body: Bytes) -> Result<(), SendError> {
        let mut state = self.lock();
        state.put_head(status, headers, Phase::Ended)?;
        state.content = (!body.is_empty()).then_some(body);
        wake(&mut state.connection);
        Ok(())
    }

    fn stream(&self, status: u16, headers: Headers, chunks: Chunks) -> Result<(), SendError> {
        let mut state = self.lock();
        state.put_head(status, headers, Phase::Streaming)?;
        state.stream = Some(chunks);
        wake(&mut state.connection);
        Ok(())
    }

    fn poll_stream_end(&self, context: &mut Context<'_>) -> Poll<asgi::Result> {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return Poll::Ready(Err(SendError::Disconnected.into()));
        }
        if state.has_returned {
            return Poll::Ready(Err(SendError::Returned.into()));
        }
        if let Some(end) = state.stream_end.take() {
            drop(state);
            return Poll::Ready(end.unwrap_or_else(|panic| resume_unwind(panic)));
        }
        state.application = Some(context.waker().clone());
        Poll::Pending
    }

    fn leave_stream(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Streaming {
            state.phase = Phase::Open;
        }
    }

    fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.content.is_none() || state.phase == Phase::Closed || state.has_returned {
            return Poll::Ready(());
        }
        state.application = Some(context.waker().clone());
        Poll::Pending
    }

    fn poll_handed_over(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase.is_over() || state.has_returned {
            return Poll::Ready(());
        }
        state.application = Some(context.waker().clone());
        Poll::Pending
    }

    fn limit(&self, patience: Patience) {
        // An application answers once.
        let _ = self.patience.set(patience);
    }

    fn poll_request(&self, context: &mut Context<'_>) -> Poll<Option<asgi::Result<Bytes>>> {
        if self.has_content {
            self.lock_request().poll_next(context)
        } else {
            Poll::Ready(None)
        }
    }

    fn least_left(&self) -> u64 {
        if self.has_content {
            self.lock_request().least_left()
        } else {
            0
        }
    }

    fn has_request(&self) -> bool {
        !self.has_content || self.lock_request().has_all()
    }

    fn leave_request(&self) {
        if !self.has_content {
            return;
        }
        let mut request = self.lock_request();
        if self.is_unanswered() {
            request.leave();
        } else {
            request.discard();
        }
    }

    fn poll_disconnect(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase.is_over() || state.has_returned {
            return Poll::Ready(());
        }
        state.watcher = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Phase {
    /// Tells whether the connection takes no more.
    const fn is_over(self) -> bool {
        matches!(self, Self::Filled | Self::Complete | Self::Closed)
    }
}

impl State {
    fn put_head(&mut self, status: u16, headers: Headers, next: Phase) -> Result<(), SendError> {
        match self.phase {
            Phase::Closed => Err(SendError::Disconnected),
            _ if self.has_returned => Err(SendError::Returned),
            Phase::Unanswered => {
                self.head = Some((status, headers));
                self.phase = next;
                Ok(())
            }
            _ => Err(SendError::HeadTwice),
        }
    }

    fn take_piece(&mut self) -> Poll<Option<Bytes>> {
        if let Some(content) = self.content.take() {
            wake(&mut self.application);
            return Poll::Ready(Some(content));
        }
        match self.phase {
            Phase::Ended => Poll::Ready(None),
            _ => Poll::Pending,
        }
    }

    fn end_stream(&mut self, end: StreamEnd) {
        self.phase = match end {
            Ok(Ok(())) => Phase::Ended,
            _ => Phase::Open,
        };
        self.stream_end = Some(end);
        wake(&mut self.application);
    }

    /// Wakes all who may wait for the answer to be over.
    fn wake_application(&mut self) {
        wake(&mut self.application);
        wake(&mut self.watcher);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

fn wake(waiting: &mut Option<Waker>) {
    if let Some(waker) = waiting.take() {
        waker.wake();
    }
}
