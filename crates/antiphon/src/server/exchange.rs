//! One request's answer, on its way from the application to hyper.
//!
//! The application's future is polled by the connection's own task: first inside the service's
//! future, then, if there is more, inside the body. What it has sent by the time it first waits goes
//! straight out as the response; no task is spawned and no channel is made. One piece of content is
//! held at a time, so a client that reads slowly holds the application up.
//!
//! A response that is a stream is handed over whole: the connection polls the stream itself, and the
//! application only if something else wakes it.

use super::wake_source::WakeSource;
use crate::asgi::{Error, Message, Result, SendError};
use crate::body::{Body, BodyError};
use crate::content::file_error::FileError;
use crate::content::metered::{MeteredStream, StreamError};
use crate::deliver::planned;
use antiphon_core::fields::Headers;
use antiphon_core::request::method;
use antiphon_core::text::number;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio_util::task::TaskTracker;

/// What application and connection share.
#[derive(Debug, Default)]
pub(crate) struct Exchange(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    head: Option<(u16, Headers)>,
    head_sent: bool,
    /// Content that the connection has not taken yet.
    content: Option<Bytes>,
    /// The application has sent its last piece of content.
    ended: bool,
    /// The connection has the whole response.
    handed_over: bool,
    /// The connection is gone.
    closed: bool,
    /// A stream that is the content, until the connection takes it.
    stream: Option<Box<MeteredStream>>,
    /// How the stream ended.
    stream_end: Option<thread::Result<std::result::Result<(), StreamError>>>,
    /// The application does not wait for the stream's end any more.
    stream_left: bool,
    /// The application, waiting for room or for the hand-over; it may have sent its `Send` elsewhere.
    application: Option<Waker>,
    /// The connection, waiting for content.
    connection: Option<Waker>,
}

impl Exchange {
    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn send(&self, message: Message) -> Result {
        match message {
            Message::Start {
                status, headers, ..
            } => self.start(status, headers)?,
            Message::Pathsend { .. } => return Err(SendError::NotOffered.into()),
            Message::Body {
                mut body,
                more_body,
                ..
            } => {
                poll_fn(|context| self.poll_content(&mut body, more_body, context)).await?;
            }
        }
        Ok(())
    }

    /// A head and all the content there is, at once.
    pub(crate) fn answer(
        &self,
        status: u16,
        headers: Headers,
        body: Bytes,
    ) -> std::result::Result<(), SendError> {
        let mut state = self.lock();
        state.put_head(status, headers)?;
        state.content = (!body.is_empty()).then_some(body);
        state.ended = true;
        wake(&mut state.connection);
        Ok(())
    }

    /// A head and a stream; waits for the stream's end.
    pub(crate) async fn stream(
        &self,
        status: u16,
        headers: Headers,
        stream: Box<MeteredStream>,
    ) -> Result {
        {
            let mut state = self.lock();
            state.put_head(status, headers)?;
            state.stream = Some(stream);
            wake(&mut state.connection);
        }
        let waiting = WaitsForStream(self);
        let end = poll_fn(|context| {
            let mut state = self.lock();
            if state.closed {
                return Poll::Ready(Err(SendError::Disconnected.into()));
            }
            if let Some(end) = state.stream_end.take() {
                drop(state);
                let end = end.unwrap_or_else(|panic| resume_unwind(panic));
                return Poll::Ready(end.map_err(Error::from));
            }
            state.application = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        drop(waiting);
        end
    }

    fn start(&self, status: u16, headers: Headers) -> std::result::Result<(), SendError> {
        let mut state = self.lock();
        state.put_head(status, headers)?;
        wake(&mut state.connection);
        Ok(())
    }

    fn poll_content(
        &self,
        body: &mut Bytes,
        more_body: bool,
        context: &mut Context<'_>,
    ) -> Poll<std::result::Result<(), SendError>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Err(SendError::Disconnected));
        }
        if !state.head_sent {
            return Poll::Ready(Err(SendError::HeadMissing));
        }
        if state.ended {
            return Poll::Ready(Err(SendError::AfterEnd));
        }
        if !body.is_empty() {
            if state.content.is_some() {
                state.application = Some(context.waker().clone());
                return Poll::Pending;
            }
            state.content = Some(std::mem::take(body));
        }
        state.ended = !more_body;
        wake(&mut state.connection);
        Poll::Ready(Ok(()))
    }

    pub(crate) async fn has_room(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.content.is_none() || state.closed {
                return Poll::Ready(());
            }
            state.application = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(crate) async fn handed_over(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.handed_over || state.closed {
                return Poll::Ready(());
            }
            state.application = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// An application that waits for its stream's end, or gives that up.
struct WaitsForStream<'a>(&'a Exchange);

impl Drop for WaitsForStream<'_> {
    fn drop(&mut self) {
        self.0.lock().stream_left = true;
    }
}

impl State {
    fn put_head(&mut self, status: u16, headers: Headers) -> std::result::Result<(), SendError> {
        if self.closed {
            return Err(SendError::Disconnected);
        }
        if self.head_sent {
            return Err(SendError::HeadTwice);
        }
        self.head = Some((status, headers));
        self.head_sent = true;
        Ok(())
    }
}

fn wake(waiting: &mut Option<Waker>) {
    if let Some(waker) = waiting.take() {
        waker.wake();
    }
}

/// A request that an application is answering.
pub(crate) struct AppCall {
    app: Option<App>,
    exchange: Arc<Exchange>,
    method: Method,
    target: Option<PathAndQuery>,
    tasks: TaskTracker,
    /// How much of the announced content the connection has yet to take. When it has all, it asks no
    /// more, even if the application has a last, empty message to send.
    missing: Option<u64>,
    /// Why the application failed, until the content that it has sent before is taken.
    failure: Option<Failure>,
    stream: Option<Stream>,
}

/// A stream that the connection polls itself.
struct Stream {
    content: Box<MeteredStream>,
    /// What wakes the application while the stream is polled instead of it.
    wake_source: Arc<WakeSource>,
}

type App = Pin<Box<dyn Future<Output = Result> + Send>>;

/// How far an application has come.
enum Progress {
    Waiting,
    Returned,
    Failed(Failure),
}

impl AppCall {
    /// The answer of `app` to a request; method and target are for the log.
    pub(crate) fn new(
        app: App,
        exchange: Arc<Exchange>,
        (method, target): (Method, Option<PathAndQuery>),
        tasks: TaskTracker,
    ) -> Self {
        Self {
            app: Some(app),
            exchange,
            method,
            target,
            tasks,
            missing: None,
            failure: None,
            stream: None,
        }
    }

    /// The response, as soon as its head is known.
    pub(crate) fn poll_response(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<http::Response<Body>> {
        let this = &mut *self;
        let progress = this.poll_app(context);
        let mut state = this.exchange.lock();
        let head = match (&progress, state.ended) {
            // What fails once all is sent, such as a background task, is not the client's concern.
            (_, true) | (Progress::Waiting, _) => state.head.take(),
            // Content goes out with its head, and then the connection is cut.
            (Progress::Failed(_), false) if state.content.is_some() => state.head.take(),
            (Progress::Failed(_), false) => None,
            (Progress::Returned, false) => {
                this.log(match state.head_sent {
                    true => "the application returned before the end of its response",
                    false => "the application returned without a response",
                });
                None
            }
        };
        let waiting = this.app.is_some();
        match head {
            None if waiting => {
                state.connection = Some(context.waker().clone());
                Poll::Pending
            }
            None => {
                drop(state);
                Poll::Ready(match progress {
                    Progress::Failed(failure) => failure.answer(),
                    _ => planned::internal_server_error(),
                })
            }
            Some((status, headers)) => {
                let Ok(status) = StatusCode::from_u16(status) else {
                    this.log("the application sent a status code outside 100 to 999");
                    return Poll::Ready(planned::internal_server_error());
                };
                let body = if state.ended {
                    let content = state.content.take().unwrap_or_default();
                    state.handed_over = true;
                    wake(&mut state.application);
                    drop(state);
                    this.finish_elsewhere();
                    Body::from(content)
                } else {
                    let stream = state.stream.take();
                    drop(state);
                    if let Progress::Failed(failure) = progress {
                        this.failure = Some(failure);
                    }
                    this.stream = stream.map(|content| Stream {
                        content,
                        wake_source: WakeSource::new(context.waker()),
                    });
                    let announced = headers.declared().content_length;
                    this.missing = announced.and_then(number::parse);
                    // The target is a piece of what was read of the connection, and keeps all of that
                    // in memory. Its copy does not.
                    let target = this.target.take();
                    this.target = target.and_then(|target| target.as_str().parse().ok());
                    Body::running(this.take())
                };
                Poll::Ready(planned::head(status, headers, body))
            }
        }
    }

    /// The next piece of content.
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, BodyError>>> {
        while let Some(stream) = &mut self.stream {
            let chunk = catch_unwind(AssertUnwindSafe(|| stream.content.poll_chunk(context)));
            match chunk {
                Ok(Poll::Ready(Some(Ok(chunk)))) => return Poll::Ready(Some(Ok(chunk))),
                Ok(Poll::Ready(None)) => self.end_stream(Ok(Ok(()))),
                Ok(Poll::Ready(Some(Err(error)))) => self.end_stream(Ok(Err(error))),
                Err(panic) => self.end_stream(Err(panic)),
                Ok(Poll::Pending) => {
                    if !stream.wake_source.has_woken(context.waker()) {
                        return Poll::Pending;
                    }
                    let waker = Waker::from(Arc::clone(&stream.wake_source));
                    match self.poll_app(&mut Context::from_waker(&waker)) {
                        Progress::Waiting if !self.exchange.lock().stream_left => {
                            return Poll::Pending;
                        }
                        Progress::Failed(failure) => self.failure = Some(failure),
                        Progress::Waiting | Progress::Returned => {}
                    }
                    self.stream = None;
                }
            }
        }
        loop {
            {
                let mut state = self.exchange.lock();
                if let Some(content) = state.content.take() {
                    wake(&mut state.application);
                    if let Some(missing) = &mut self.missing {
                        *missing = missing.saturating_sub(content.len() as u64);
                    }
                    return Poll::Ready(Some(Ok(content)));
                }
                if state.ended {
                    return Poll::Ready(None);
                }
            }
            match self.poll_app(context) {
                Progress::Failed(failure) => {
                    return Poll::Ready(Some(Err(BodyError::new(failure.0))));
                }
                Progress::Returned => {
                    let state = self.exchange.lock();
                    if state.content.is_none() && !state.ended {
                        let reason = "the application returned before the end of its response";
                        self.log(reason);
                        return Poll::Ready(Some(Err(BodyError::new(reason))));
                    }
                }
                Progress::Waiting => {
                    let mut state = self.exchange.lock();
                    if state.content.is_none() && !state.ended {
                        state.connection = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Tells the application how its stream ended, so that it is the one who fails.
    fn end_stream(&mut self, end: thread::Result<std::result::Result<(), StreamError>>) {
        self.stream = None;
        let mut state = self.exchange.lock();
        state.ended = matches!(end, Ok(Ok(())));
        state.stream_end = Some(end);
        wake(&mut state.application);
    }

    fn poll_app(&mut self, context: &mut Context<'_>) -> Progress {
        let Some(app) = &mut self.app else {
            let failure = self.failure.take();
            return failure.map_or(Progress::Returned, Progress::Failed);
        };
        let failure = match catch_unwind(AssertUnwindSafe(|| app.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Progress::Waiting,
            Ok(Poll::Ready(Ok(()))) => {
                self.app = None;
                return Progress::Returned;
            }
            Ok(Poll::Ready(Err(error))) => error,
            Err(panic) => format!("panic: {}", panic_text(&*panic)).into(),
        };
        self.app = None;
        let failure = Failure(failure);
        if failure.answer().status().is_server_error() {
            self.log(&failure.0.to_string());
        }
        Progress::Failed(failure)
    }

    /// The connection has all it needs: what is left of the application goes on by itself.
    fn hand_over(&mut self) {
        let mut state = self.exchange.lock();
        state.handed_over = true;
        wake(&mut state.application);
        drop(state);
        self.finish_elsewhere();
    }

    fn finish_elsewhere(&mut self) {
        if self.app.is_some() {
            let rest = self.take();
            self.tasks.spawn(rest.finish());
        }
    }

    async fn finish(mut self) {
        poll_fn(|context| match self.poll_app(context) {
            Progress::Waiting => Poll::Pending,
            Progress::Returned | Progress::Failed(_) => Poll::Ready(()),
        })
        .await;
    }

    fn take(&mut self) -> Self {
        Self {
            app: self.app.take(),
            exchange: Arc::clone(&self.exchange),
            method: self.method.clone(),
            target: self.target.take(),
            tasks: self.tasks.clone(),
            missing: self.missing.take(),
            failure: self.failure.take(),
            stream: self.stream.take(),
        }
    }

    fn log(&self, reason: &str) {
        let Self { method, target, .. } = self;
        tracing::error!(%method, path = target.as_ref().map(PathAndQuery::path), "{reason}");
    }
}

impl Drop for AppCall {
    /// The connection lets go: because it has all, or because it is gone.
    fn drop(&mut self) {
        if self.app.is_none() {
            return;
        }
        let stream = self.stream.take();
        let mut state = self.exchange.lock();
        if stream.is_some_and(|stream| stream.content.missing() == Some(0)) {
            state.ended = true;
            state.stream_end = Some(Ok(Ok(())));
        }
        let complete = !state.handed_over && state.content.is_none();
        if complete && (state.ended || self.missing == Some(0)) {
            drop(state);
            self.hand_over();
        } else {
            state.closed = true;
            wake(&mut state.application);
        }
    }
}

/// Why an application did not answer.
#[derive(Debug)]
struct Failure(Error);

impl Failure {
    /// What the client is told, if nothing was sent: 404 or 403 for a file that cannot be sent, 500
    /// for all else.
    fn answer(&self) -> http::Response<Body> {
        match self.0.downcast_ref::<FileError>() {
            // hyper leaves the content out after HEAD.
            Some(error) => error.answer(method::Method::Get),
            None => planned::internal_server_error(),
        }
    }
}

/// The text of a panic, as the standard hook finds it.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
