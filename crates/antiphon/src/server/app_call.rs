//! One call of the application, driven by the connection.
//!
//! The application's future is polled by the connection's own task: first inside the service's
//! future, then, if there is more, inside the body. What it has sent by the time it first waits goes
//! straight out as the response; no task is spawned and no channel is made. One piece of content is
//! held at a time, so a client that reads slowly holds the application up.
//!
//! A response that is a stream is handed over whole: the connection polls the stream itself, and the
//! application only if something else wakes it.

use super::exchange::{Answer, Exchange, Needed, StreamEnd};
use super::failure::Failure;
use super::request_span::RequestSpan;
use super::tasks::Tasks;
use super::wake_source::WakeSource;
use crate::asgi::{self, Chunks, Patience};
use crate::body::Body;
use crate::deliver;
use crate::response::error_pages;
use antiphon_core::text::number;
use bytes::Bytes;
use futures_core::Stream;
use http::Method;
use http::uri::PathAndQuery;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A request that an application is answering. As a [`Stream`], the content that follows the head.
pub(super) struct AppCall {
    app: Option<App>,
    exchange: Arc<Exchange>,
    method: Method,
    target: Option<PathAndQuery>,
    tasks: Tasks,
    /// How much of the announced content the connection has yet to take. When it has all, it asks no
    /// more, even if the application has a last, empty message to send.
    missing: Option<u64>,
    /// Why the application failed, until the content that it has sent before is taken.
    failure: Option<Failure>,
    handed_over: Option<HandedOver>,
    /// What the application runs in, if the server tells of requests.
    span: RequestSpan,
}

type App = Pin<Box<dyn Future<Output = asgi::Result> + Send>>;

/// A stream that the connection polls itself.
struct HandedOver {
    chunks: Chunks,
    /// What wakes the application while the stream is polled instead of it.
    wake_source: Arc<WakeSource>,
}

/// How far an application has come.
enum Progress {
    Waiting,
    Returned,
    Failed(Failure),
}

impl AppCall {
    /// The answer of `app` to a request; method and target are for the log.
    pub(super) fn new(
        app: App,
        exchange: Arc<Exchange>,
        (method, target): (Method, Option<PathAndQuery>),
        tasks: Tasks,
        span: RequestSpan,
    ) -> Self {
        Self {
            app: Some(app),
            exchange,
            method,
            target,
            tasks,
            missing: None,
            failure: None,
            handed_over: None,
            span,
        }
    }

    /// Makes the response, as soon as its head is known.
    pub(super) fn poll_response(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<http::Response<Body>> {
        let progress = self.poll_app(context);
        let needed = match progress {
            Progress::Waiting => Needed::Head,
            // Content goes out with its head, and then the connection is cut.
            Progress::Failed(_) => Needed::Content,
            Progress::Returned => Needed::End,
        };
        Poll::Ready(match self.exchange.take_answer(needed, context) {
            Some(Answer::Whole(status, headers, content)) => {
                self.finish_elsewhere();
                deliver::http::head(status, headers, Body::from(content))
            }
            Some(Answer::Begun(status, headers, stream)) => {
                if let Progress::Failed(failure) = progress {
                    self.failure = Some(failure);
                }
                self.handed_over = stream.map(|chunks| HandedOver {
                    chunks,
                    wake_source: WakeSource::new(context.waker()),
                });
                let announced = headers.declared().content_length;
                self.missing = announced.and_then(number::parse);
                // The target is a piece of what was read of the connection, and keeps all of that in
                // memory. Its copy does not.
                let target = self.target.take();
                self.target = target.and_then(|target| target.as_str().parse().ok());
                deliver::http::head(status, headers, Body::served(Box::pin(self.take())))
            }
            Some(Answer::Untrue(error)) => {
                // A failure has been logged.
                if !matches!(progress, Progress::Failed(_)) {
                    self.log(&error.to_string());
                }
                error_pages::internal_server_error()
            }
            None => match progress {
                Progress::Waiting => return Poll::Pending,
                Progress::Failed(failure) => failure.answer(),
                Progress::Returned => {
                    self.log(match self.exchange.is_unanswered() {
                        true => "the application returned without a response",
                        false => "the application returned before the end of its response",
                    });
                    error_pages::internal_server_error()
                }
            },
        })
    }

    /// Polls the stream that was handed over. `None` when it has ended, or when the application has left
    /// it: what follows is in the exchange.
    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(stream) = &mut self.handed_over else {
            return Poll::Ready(None);
        };
        let chunks = stream.chunks.as_mut();
        let poll = || self.span.run(|| chunks.poll_next(context));
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Ready(Some(Ok(chunk)))) => return Poll::Ready(Some(chunk)),
            Ok(Poll::Ready(None)) => self.end_stream(Ok(Ok(()))),
            Ok(Poll::Ready(Some(Err(error)))) => self.end_stream(Ok(Err(error))),
            Err(panic) => self.end_stream(Err(panic)),
            Ok(Poll::Pending) => {
                if !stream.wake_source.has_woken(context.waker()) {
                    return Poll::Pending;
                }
                let waker = Waker::from(Arc::clone(&stream.wake_source));
                match self.poll_app(&mut Context::from_waker(&waker)) {
                    Progress::Waiting if self.exchange.is_streaming() => return Poll::Pending,
                    Progress::Failed(failure) => self.failure = Some(failure),
                    Progress::Waiting | Progress::Returned => {}
                }
                self.handed_over = None;
            }
        }
        Poll::Ready(None)
    }

    fn end_stream(&mut self, end: StreamEnd) {
        self.handed_over = None;
        self.exchange.end_stream(end);
    }

    /// Takes the next piece from the exchange, and polls the application if there is none.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<asgi::Result<Bytes>>> {
        // Who polls the application need not be woken by what it sends meanwhile.
        if let Poll::Ready(piece) = self.exchange.take_piece() {
            return Poll::Ready(piece.map(Ok));
        }
        let progress = self.poll_app(context);
        if let Progress::Failed(failure) = progress {
            return Poll::Ready(Some(Err(failure.into_error())));
        }
        if let Some(error) = self.exchange.untruth() {
            self.log(&error.to_string());
            return Poll::Ready(Some(Err(error.into())));
        }
        match (self.exchange.poll_piece(context), progress) {
            (Poll::Ready(piece), _) => Poll::Ready(piece.map(Ok)),
            (Poll::Pending, Progress::Returned) => {
                let reason = "the application returned before the end of its response";
                self.log(reason);
                Poll::Ready(Some(Err(reason.into())))
            }
            (Poll::Pending, _) => Poll::Pending,
        }
    }

    fn poll_app(&mut self, context: &mut Context<'_>) -> Progress {
        let Some(app) = &mut self.app else {
            let failure = self.failure.take();
            return failure.map_or(Progress::Returned, Progress::Failed);
        };
        let poll = || self.span.run(|| app.as_mut().poll(context));
        let failure = match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => return Progress::Waiting,
            Ok(Poll::Ready(Ok(()))) => {
                self.end_app();
                return Progress::Returned;
            }
            Ok(Poll::Ready(Err(error))) => Failure::error(error),
            Err(panic) => Failure::panic(&*panic),
        };
        self.end_app();
        if failure.is_of_client() {
            self.span
                .run(|| tracing::debug!(method = %self.method, "{failure}"));
        } else if failure.answer().status().is_server_error() {
            self.log(&failure.to_string());
        }
        Progress::Failed(failure)
    }

    fn end_app(&mut self) {
        self.app = None;
        // Whoever has neither `Send` nor `Receive` needs not be told.
        if Arc::strong_count(&self.exchange) > 1 {
            self.exchange.end_application();
        }
    }

    /// Returns how long the client may let the answer wait.
    pub(super) fn patience(&self) -> Patience {
        self.exchange.patience()
    }

    /// Completes with whether the connection can be used again, as far as the request is concerned.
    pub(super) fn poll_drained(&self, context: &mut Context<'_>) -> Poll<bool> {
        self.exchange.poll_drained(context)
    }

    /// Spawns what is left of the application: the connection has all it needs.
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
            handed_over: self.handed_over.take(),
            span: mem::take(&mut self.span),
        }
    }

    fn log(&self, reason: &str) {
        let Self { method, target, .. } = self;
        let path = target.as_ref().map(PathAndQuery::path);
        self.span.run(|| tracing::error!(%method, path, "{reason}"));
    }
}

impl Stream for AppCall {
    type Item = asgi::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<asgi::Result<Bytes>>> {
        let next = match self.poll_stream(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(chunk)) => Some(Ok(chunk)),
            Poll::Ready(None) => std::task::ready!(self.poll_piece(context)),
        };
        if let (Some(Ok(piece)), Some(missing)) = (&next, &mut self.missing) {
            *missing = missing.saturating_sub(piece.len() as u64);
        }
        Poll::Ready(next)
    }
}

impl Drop for AppCall {
    /// The connection lets go: because it has all, or because it is gone.
    fn drop(&mut self) {
        if self.app.is_none() {
            return;
        }
        let has_stream = self.handed_over.take().is_some();
        if self.exchange.release(self.missing == Some(0), has_stream) {
            self.finish_elsewhere();
        }
    }
}
