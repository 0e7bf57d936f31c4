//! Server-sent events.

use super::doors::into_response;
use super::fixed::Response;
use super::parameters::{Parameters, completion_method, compression_method, parameter_methods};
use super::plannable::{Plannable, PlannableAtOnce, answer_methods, call_at_once, with_first};
use super::response_error::ResponseError;
use crate::asgi::{self, Chunks};
use crate::completion::{Completion, OnComplete};
use crate::content::event::IntoEvent;
use crate::content::gather::{Gather, Gathered};
use crate::content::kept_alive::{End, KeptAlive, Ping};
use crate::content::metered::MeteredStream;
use crate::content::once::Once;
use crate::content::subscribed::Subscribed;
use crate::content::threaded_iterator::ThreadedIterator;
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use crate::shutdown::Shutdown;
use antiphon_channel::{Subscriber, Topics};
use antiphon_core::response::content;
use antiphon_core::response::{event_source, streaming};
use antiphon_core::values::event::{self, InvalidEvent, Separator, ServerSentEvent};
use antiphon_core::values::media_type::MediaType;
use bytes::Bytes;
use futures_core::Stream;
use http::StatusCode;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// A response of server-sent events ([WHATWG HTML §9.2]), for a browser's `EventSource`.
///
/// It is a [`StreamingResponse`](crate::StreamingResponse) whose chunks are events, so it can be sent
/// once. It adds what long-lived streams need:
///
/// - **Keep-alive.** A comment goes out when nothing else has for 15 seconds ([`ping`](Self::ping)), so
///   that no proxy takes the connection for dead.
/// - **No cache, no buffer.** `Cache-Control: no-store`, `X-Accel-Buffering: no`, and with HTTP/1
///   `Connection: keep-alive`.
/// - **Shutdown.** It ends cleanly when [`serve`](crate::serve) shuts down, after a
///   [grace period](Self::shutdown_grace_period) if it has one. Under another server it ends when the program
///   calls [`shutdown`](crate::shutdown()); without that, axum's graceful shutdown waits for it.
///
/// A client that half-closes its connection is taken for gone, as of any response: that is how a
/// client that left is noticed while there is nothing to send.
///
/// # Examples
///
/// ```
/// use antiphon::{EventSourceResponse, ServerSentEvent, asgi};
/// use std::time::Duration;
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     let ticks = async_stream::stream! {
///         for tick in 0.. {
///             yield ServerSentEvent::new(tick.to_string()).event("tick");
///             tokio::time::sleep(Duration::from_secs(1)).await;
///         }
///     };
///     EventSourceResponse::new(ticks).retry(Duration::from_secs(3)).call(scope, receive, send).await
/// }
/// # let _ = app;
/// ```
///
/// # Starlette
///
/// `sse_starlette.EventSourceResponse`, whose pings are sent on a fixed beat, whatever else is sent
/// (divergence D-25), and whose events go out one by one (D-26).
///
/// [WHATWG HTML §9.2]: https://html.spec.whatwg.org/multipage/server-sent-events.html
#[must_use = "a response does nothing until it is sent or returned"]
pub struct EventSourceResponse {
    /// Makes the events, once it is known how lines end.
    events: Once<Box<dyn FnOnce(Separator) -> Chunks + Send>>,
    parameters: Parameters,
    separator: Separator,
    ping_interval: Duration,
    ping: Option<Bytes>,
    retry: Option<Duration>,
    shutdown: Option<Shutdown>,
    shutdown_grace_period: Duration,
    on_complete: Option<OnComplete>,
}

impl EventSourceResponse {
    /// Makes a response of what `stream` brings: events or text, or a `Result` of them ([`IntoEvent`]);
    /// status 200.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item: IntoEvent> + Send + 'static,
    {
        Self::of(|separator| {
            let put = move |item: S::Item, gathered: &mut Gathered| {
                item.write_event(separator, gathered.writer())
            };
            Box::pin(Gather::new(stream, put))
        })
    }

    /// Makes a response of what a blocking iterator brings; status 200.
    ///
    /// It is run ahead of the client as
    /// [`StreamingResponse::from_iterator`](crate::StreamingResponse::from_iterator) has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::EventSourceResponse;
    ///
    /// let response = EventSourceResponse::from_iterator(["one", "two"]);
    /// # let _ = response;
    /// ```
    pub fn from_iterator<I>(iterator: I) -> Self
    where
        I: IntoIterator<Item: IntoEvent, IntoIter: Send + 'static>,
    {
        let iterator = iterator.into_iter();
        Self::of(|separator| {
            Box::pin(ThreadedIterator::new(iterator.map(move |item| {
                let mut bytes = Vec::new();
                item.write_event(separator, &mut bytes).map(|()| bytes)
            })))
        })
    }

    /// Makes a response of what is published on an [`EventChannel`](crate::channel::EventChannel); status
    /// 200.
    ///
    /// Events that were published together go out in one write, and none is encoded or copied for this
    /// client alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{EventSourceResponse, channel::EventChannel};
    ///
    /// let channel = EventChannel::new();
    /// let response = EventSourceResponse::from_subscriber(channel.subscribe(None));
    /// # let _ = response;
    /// ```
    pub fn from_subscriber(subscriber: Subscriber) -> Self {
        Self::of(|_| Box::pin(Subscribed::new(subscriber)))
    }

    /// Makes a response of what is published on several channels; status 200.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::EventSourceResponse;
    /// use antiphon::channel::{EventChannel, Topics};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (news, user) = (EventChannel::new(), EventChannel::new());
    /// let topics = Topics::new([("news", &news), ("user:7", &user)], None)?;
    /// let response = EventSourceResponse::from_topics(topics);
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_topics(topics: Topics) -> Self {
        Self::of(|_| Box::pin(Subscribed::new(topics)))
    }

    fn of(events: impl FnOnce(Separator) -> Chunks + Send + 'static) -> Self {
        Self {
            events: Once::new(Box::new(events)),
            parameters: Parameters::new(StatusCode::OK, Some(MediaType::EVENT_STREAM)),
            separator: Separator::default(),
            ping_interval: PING_INTERVAL,
            ping: None,
            retry: None,
            shutdown: None,
            shutdown_grace_period: Duration::ZERO,
            on_complete: None,
        }
    }

    /// Makes the answer that stops a browser's `EventSource` from connecting again: 204.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::EventSourceResponse;
    ///
    /// let response = EventSourceResponse::stop().into_http(&http::Request::new(()))?;
    /// assert_eq!(response.status(), 204);
    /// # Ok::<(), antiphon::InvalidResponse>(())
    /// ```
    pub fn stop() -> Response {
        Response::new(Bytes::new()).status_code(StatusCode::NO_CONTENT)
    }

    parameter_methods!();
    compression_method!();
    completion_method!();

    /// Sets how lines end in pings and in events that are made of text alone; CR LF by default.
    pub const fn separator(mut self, separator: Separator) -> Self {
        self.separator = separator;
        self
    }

    /// Sets how long the stream may be idle before a ping is sent: 15 seconds by default; 0 sends no
    /// pings.
    pub const fn ping(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets what a ping is, instead of the comment `: ping`.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if a client would misread it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{EventSourceResponse, ServerSentEvent, channel::EventChannel};
    ///
    /// let beat = ServerSentEvent::new("").event("heartbeat");
    /// let subscriber = EventChannel::new().subscribe(None);
    /// let response = EventSourceResponse::from_subscriber(subscriber).ping_event(&beat)?;
    /// # let _ = response;
    /// # Ok::<(), antiphon::event::InvalidEvent>(())
    /// ```
    pub fn ping_event(mut self, event: &ServerSentEvent<'_>) -> Result<Self, InvalidEvent> {
        self.ping = Some(event.encode()?.into());
        Ok(self)
    }

    /// Sets how long the client is to wait before it connects again, in whole milliseconds. It is told
    /// so before the first event.
    pub const fn retry(mut self, delay: Duration) -> Self {
        self.retry = Some(delay);
        self
    }

    /// Sets how long the events may go on after the shutdown has begun; 0 by default. It should be
    /// shorter than the server's own deadline.
    ///
    /// A stream that wants to say goodbye watches [`Scope::shutdown`](crate::asgi::Scope::shutdown) and
    /// ends when it has.
    pub const fn shutdown_grace_period(mut self, period: Duration) -> Self {
        self.shutdown_grace_period = period;
        self
    }

    /// Sets the shutdown that ends the events, instead of the scope's or the process's.
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdown = Some(shutdown.clone());
        self
    }
}

impl Plannable for EventSourceResponse {
    type Error = asgi::Error;

    fn plan(
        self,
        request: &RequestFacts<'_>,
    ) -> impl Future<Output = asgi::Result<Planned>> + Send + use<> {
        with_first(self.plan_at_once(request))
    }

    fn call(
        self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + use<> {
        call_at_once(self, scope, receive, send)
    }

    fn for_one_request(&self) -> Self {
        Self {
            events: self.events.move_out(),
            parameters: self.parameters.clone(),
            ping: self.ping.clone(),
            shutdown: self.shutdown.clone(),
            on_complete: self.on_complete.clone(),
            ..*self
        }
    }
}

impl PlannableAtOnce for EventSourceResponse {
    type Error = asgi::Error;

    fn plan_at_once(self, request: &RequestFacts<'_>) -> asgi::Result<Planned> {
        let events = self.events.take()?;
        let negotiation = self.parameters.negotiation(|| request.fields());
        let shutdown = self
            .shutdown
            .or_else(|| request.shutdown.cloned())
            .unwrap_or_else(Shutdown::current);
        let completion = Completion::of(self.on_complete, request.shutdown)
            .map(|completion| completion.ending_with(&shutdown));
        let plan = || -> asgi::Result<Planned> {
            let facts = self.parameters.facts(None)?;
            let content = content::head(facts, self.parameters.content_type())?;
            let plan = streaming::plan(facts, request.method)?;
            let head = event_source::head(Some(request.version)).chain(content);
            let opening = self.retry.map(|delay| {
                let milliseconds = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                let hint = ServerSentEvent::default().retry(milliseconds);
                hint.separator(self.separator).encode()
            });
            // Such an event has nothing that could be refused.
            let opening = opening.and_then(Result::ok).map(Bytes::from);
            let ping = self
                .ping
                .unwrap_or_else(|| event::ping(self.separator).into());
            let events = KeptAlive::new(
                events(self.separator),
                opening,
                Ping::every(self.ping_interval, ping),
                End::with(shutdown, self.shutdown_grace_period),
            );
            let mut parameters = self.parameters;
            parameters.patience.grace = Some(self.shutdown_grace_period);
            Ok(parameters.planned(head, plan, |announced| {
                Content::Stream(MeteredStream::new(Box::pin(events), announced).into())
            }))
        };
        let mut planned = Planned::completing(plan(), completion)?;
        if let Some(negotiation) = negotiation {
            planned.compress(&negotiation, None);
        }
        Ok(planned)
    }
}

answer_methods! {
    impl EventSourceResponse;

    /// Sends the response to whoever `scope` describes, then runs the background task.
    ///
    /// A websocket handshake is denied with it.
    ///
    /// # Errors
    ///
    /// Before anything is sent: [`AlreadySent`](crate::AlreadySent),
    /// [`InvalidResponse`](crate::InvalidResponse) if a header cannot be sent with a stream, and the
    /// error of the events. After that: [`StreamError`](crate::StreamError), and whatever `send`
    /// returns.
    fn call;

    /// Makes the response an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// The events are asked for once; the future does not wait for them. They end with the shutdown of
    /// the process ([`shutdown`](crate::shutdown())), unless another was given.
    ///
    /// # Errors
    ///
    /// [`AlreadySent`](crate::AlreadySent), [`InvalidResponse`](crate::InvalidResponse) if a header
    /// cannot be sent with a stream, or the error of the events, if they fail before the first and before
    /// they first wait.
    async fn into_http -> ResponseError, by ResponseError::new;
}

into_response! {
    /// As for [`StreamingResponse`](crate::StreamingResponse). The version of HTTP is not known either, so
    /// `Connection` is not sent, and the events end with the shutdown of the process, unless another one
    /// was given.
    impl EventSourceResponse;
}

impl fmt::Debug for EventSourceResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventSourceResponse")
            .field("parameters", &self.parameters)
            .field("ping_interval", &self.ping_interval)
            .finish_non_exhaustive()
    }
}

/// Proxies wait for a multiple of it, by their defaults.
const PING_INTERVAL: Duration = Duration::from_secs(15);
