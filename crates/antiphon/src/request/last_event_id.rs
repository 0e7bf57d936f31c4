//! Where a client that connects again wants to go on.

use super::head::RequestHead;
use antiphon_core::fields::FieldName;
use antiphon_core::request::last_event_id;
use http::HeaderValue;

/// The `Last-Event-ID` of a request, if it has one.
///
/// It is whatever the client sends: opaque, of any length, and it proves nothing. With the feature
/// `axum` it is an extractor, which never refuses a request.
///
/// # Examples
///
/// ```
/// use antiphon::{EventSourceResponse, LastEventId, asgi};
/// use antiphon::channel::EventChannel;
///
/// async fn news(
///     channel: &EventChannel, scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send,
/// ) -> asgi::Result {
///     let last = LastEventId::of(&scope);
///     let subscriber = channel.subscribe(last.as_bytes());
///     EventSourceResponse::from_subscriber(subscriber).call(scope, receive, send).await
/// }
/// # let _ = news;
/// ```
///
/// A handler of axum:
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use antiphon::channel::EventChannel;
/// use antiphon::{EventSourceResponse, LastEventId};
/// use axum::{Router, extract::State, routing::get};
///
/// async fn news(State(news): State<EventChannel>, last: LastEventId) -> EventSourceResponse {
///     EventSourceResponse::from_subscriber(news.subscribe(last.as_bytes()))
/// }
///
/// let app: Router = Router::new().route("/news", get(news)).with_state(EventChannel::new());
/// # let _ = app;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastEventId(Option<HeaderValue>);

/// What a client has sent, by whatever it came.
impl From<HeaderValue> for LastEventId {
    fn from(value: HeaderValue) -> Self {
        Self(Some(value))
    }
}

/// As [`read`](LastEventId::read) does.
impl<'a> From<&'a LastEventId> for last_event_id::LastEventId<'a> {
    fn from(id: &'a LastEventId) -> Self {
        id.read()
    }
}

impl LastEventId {
    /// Takes it from a request.
    #[must_use]
    pub fn of(request: &impl RequestHead) -> Self {
        let value = request.headers().get(FieldName::LAST_EVENT_ID.as_str());
        Self(value.cloned())
    }

    /// Returns the value as it came, for [`EventChannel::subscribe`](crate::channel::EventChannel::subscribe),
    /// which reads it.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_ref().map(HeaderValue::as_bytes)
    }

    /// Reads the value: an id of at most 1 KiB, none, or one that no event can have.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{LastEventId, last_event_id};
    ///
    /// let request = http::Request::get("/").header("last-event-id", "7").body(()).unwrap();
    /// assert_eq!(LastEventId::of(&request).read(), last_event_id::LastEventId::Given(b"7"));
    /// ```
    #[must_use]
    pub fn read(&self) -> last_event_id::LastEventId<'_> {
        last_event_id::LastEventId::parse(self.as_bytes())
    }
}
