//! JSON Lines.

use super::doors::into_response;
use super::json::{self, JsonError};
use super::parameters::{Parameters, completion_method, compression_method, parameter_methods};
use super::plannable::{Plannable, PlannableAtOnce, answer_methods, call_at_once, with_first};
use super::response_error::ResponseError;
use crate::asgi;
use crate::completion::{Completion, OnComplete};
use crate::content::gather::{Gather, Gathered, Gathering};
use crate::content::metered::MeteredStream;
use crate::content::once::Once;
use crate::content::threaded_iterator::ThreadedIterator;
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::response::json_lines::{InvalidLine, JsonLines, MEDIA_TYPE};
use antiphon_core::response::{content, streaming};
use futures_core::Stream;
use http::StatusCode;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A response of JSON Lines ([jsonlines.org]): one JSON value on each line, `application/jsonl`.
///
/// It is a [`StreamingResponse`](crate::StreamingResponse) whose chunks are values, so it can be sent
/// once, and what is said there of errors, length and slow clients holds here. Lines that are ready
/// together share a write, except with [`flush_each_line`](Self::flush_each_line).
///
/// A value that cannot be a line ends the response with [`InvalidLine`], which names the line; the lines
/// before it are sent.
///
/// # Examples
///
/// ```
/// use antiphon::{JsonLinesResponse, asgi};
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     let rows = async_stream::stream! {
///         for id in 1..=3 {
///             yield serde_json::json!({"id": id});
///         }
///     };
///     JsonLinesResponse::new(rows).call(scope, receive, send).await
/// }
/// # let _ = app;
/// ```
///
/// # Starlette
///
/// It has no such class.
///
/// [jsonlines.org]: https://jsonlines.org
#[must_use = "a response does nothing until it is sent or returned"]
pub struct JsonLinesResponse {
    lines: Once<Pin<Box<dyn Gathering + Send>>>,
    parameters: Parameters,
    on_complete: Option<OnComplete>,
}

impl JsonLinesResponse {
    /// Makes a response of the values that `stream` brings; status 200.
    ///
    /// A `Result` is a value like any other, `{"Ok": …}` or `{"Err": …}`: for a stream that can fail there is
    /// [`try_new`](Self::try_new).
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item: Serialize> + Send + 'static,
    {
        let mut lines = JsonLines::default();
        let put = move |value: S::Item, gathered: &mut Gathered| {
            Ok(write(&mut lines, &value, gathered.writer())?)
        };
        Self::of(Gather::new(stream, put))
    }

    /// Makes a response of the values that `stream` brings until it fails; status 200.
    ///
    /// Its own error ends the response as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::JsonLinesResponse;
    /// use futures_util::stream;
    ///
    /// let rows = stream::iter([Ok(1), Err("the database is gone")]);
    /// let response = JsonLinesResponse::try_new(rows);
    /// # let _ = response;
    /// ```
    pub fn try_new<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: Into<asgi::Error>,
    {
        let mut lines = JsonLines::default();
        let put = move |value: S::Item, gathered: &mut Gathered| {
            let value = value.map_err(Into::into)?;
            Ok(write(&mut lines, &value, gathered.writer())?)
        };
        Self::of(Gather::new(stream, put))
    }

    /// Makes a response of the values that a blocking iterator brings; status 200.
    ///
    /// It is run ahead of the client as
    /// [`StreamingResponse::from_iterator`](crate::StreamingResponse::from_iterator) has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::JsonLinesResponse;
    ///
    /// let response = JsonLinesResponse::from_iterator([("one", 1), ("two", 2)]);
    /// # let _ = response;
    /// ```
    pub fn from_iterator<I>(iterator: I) -> Self
    where
        I: IntoIterator<Item: Serialize, IntoIter: Send + 'static>,
    {
        let mut lines = JsonLines::default();
        Self::of(ThreadedIterator::new(iterator.into_iter().map(
            move |value| {
                let mut line = Vec::new();
                write(&mut lines, &value, &mut line).map(|()| line)
            },
        )))
    }

    /// Makes a response of the values that a blocking iterator brings until it fails; status 200.
    ///
    /// Its own error ends the response as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::JsonLinesResponse;
    ///
    /// let numbers = ["1", "2", "three"].map(str::parse::<u8>);
    /// let response = JsonLinesResponse::try_from_iterator(numbers);
    /// # let _ = response;
    /// ```
    pub fn try_from_iterator<I, T, E>(iterator: I) -> Self
    where
        I: IntoIterator<Item = Result<T, E>, IntoIter: Send + 'static>,
        T: Serialize,
        E: Into<asgi::Error>,
    {
        let mut lines = JsonLines::default();
        Self::of(ThreadedIterator::new(iterator.into_iter().map(
            move |value| {
                let (value, mut line) = (value.map_err(Into::into)?, Vec::new());
                write(&mut lines, &value, &mut line)?;
                Ok::<_, asgi::Error>(line)
            },
        )))
    }

    fn of(lines: impl Gathering + Send + 'static) -> Self {
        Self {
            lines: Once::new(Box::pin(lines)),
            parameters: Parameters::new(StatusCode::OK, Some(MEDIA_TYPE)),
            on_complete: None,
        }
    }

    parameter_methods!();
    compression_method!();
    completion_method!();

    /// Sets whether each line is a message, or a frame of the body, of its own. By default lines that are
    /// ready together share one, up to 64 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::JsonLinesResponse;
    ///
    /// let response = JsonLinesResponse::from_iterator(1..=3).flush_each_line(true);
    /// # let _ = response;
    /// ```
    pub fn flush_each_line(mut self, flush: bool) -> Self {
        if let Some(lines) = self.lines.get_mut() {
            lines.as_mut().set_merge(!flush);
        }
        self
    }
}

/// Appends a value as a line.
fn write<T>(
    lines: &mut JsonLines,
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), InvalidLine<JsonError>>
where
    T: Serialize,
{
    lines.write(bytes, |line| json::write(value, line))
}

impl Plannable for JsonLinesResponse {
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
            lines: self.lines.move_out(),
            parameters: self.parameters.clone(),
            on_complete: self.on_complete.clone(),
        }
    }
}

impl PlannableAtOnce for JsonLinesResponse {
    type Error = asgi::Error;

    fn plan_at_once(self, request: &RequestFacts<'_>) -> asgi::Result<Planned> {
        let lines = self.lines.take()?;
        let completion = Completion::of(self.on_complete, request.shutdown);
        let negotiation = self.parameters.negotiation(|| request.fields());
        let plan = || -> asgi::Result<Planned> {
            let facts = self.parameters.facts(None)?;
            let head = content::head(facts, self.parameters.content_type())?;
            let plan = streaming::plan(facts, request.method)?;
            Ok(self.parameters.planned(head, plan, |announced| {
                Content::Stream(MeteredStream::new(lines, announced).into())
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
    impl JsonLinesResponse;

    /// Sends the response to whoever `scope` describes, then runs the background task.
    ///
    /// A websocket handshake is denied with it.
    ///
    /// # Errors
    ///
    /// Before anything is sent: [`AlreadySent`](crate::AlreadySent),
    /// [`InvalidResponse`](crate::InvalidResponse) if a header cannot be sent with a stream,
    /// [`InvalidLine`] of the first value, and the stream's own error. After that:
    /// [`StreamError`](crate::StreamError), and whatever `send` returns.
    fn call;

    /// Makes the response an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// The stream is asked once; the future does not wait for it.
    ///
    /// # Errors
    ///
    /// [`AlreadySent`](crate::AlreadySent), [`InvalidResponse`](crate::InvalidResponse) if a header
    /// cannot be sent with a stream, [`InvalidLine`] of the first value, or the stream's own error, if it
    /// fails before its first value and before it first waits.
    async fn into_http -> ResponseError, by ResponseError::new;
}

into_response! {
    /// As for [`StreamingResponse`](crate::StreamingResponse): its first error cuts the connection.
    impl JsonLinesResponse;
}

impl fmt::Debug for JsonLinesResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JsonLinesResponse")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
