//! Responses whose content comes over time.

use super::doors::into_response;
use super::parameters::{Parameters, completion_method, compression_method, parameter_methods};
use super::plannable::{Plannable, PlannableAtOnce, answer_methods, call_at_once, with_first};
use super::response_error::ResponseError;
use crate::asgi;
use crate::completion::{Completion, OnComplete};
use crate::content::blocks::Blocks;
use crate::content::chunk::IntoChunk;
use crate::content::gather::{Gather, Gathered, Gathering};
use crate::content::metered::MeteredStream;
use crate::content::once::Once;
use crate::content::threaded_iterator::ThreadedIterator;
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::response::content;
use antiphon_core::response::streaming;
use futures_core::Stream;
use http::StatusCode;
use std::fmt;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;

/// A response of a stream, an iterator or a reader.
///
/// It can be sent once, after that it fails with [`AlreadySent`](crate::AlreadySent). Chunks that are
/// ready together go out in one write, up to 64 KiB, except with [`merge_chunks(false)`](Self::merge_chunks);
/// one that is ready alone, or took more than a millisecond to make, goes out at once. A client that reads slowly holds the stream up, one that goes away
/// drops it, and HEAD never polls it.
///
/// **Errors.** The head is sent with the first chunk, or when the stream first has to wait. So an error
/// before that is one of the application, which may still answer otherwise. An error after that is
/// logged, and the connection is cut, so that the client knows that something is missing.
///
/// **Length.** It is unknown, unless a `content-length` is given. A stream that brings more or less than
/// that is an error.
///
/// # Examples
///
/// ```
/// use antiphon::{StreamingResponse, asgi};
/// use std::time::Duration;
///
/// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
///     let slow_numbers = async_stream::stream! {
///         yield "<html><body><ul>".to_owned();
///         for number in 1..=10 {
///             yield format!("<li>{number}</li>");
///             tokio::time::sleep(Duration::from_millis(500)).await;
///         }
///         yield "</ul></body></html>".to_owned();
///     };
///     StreamingResponse::new(slow_numbers).media_type("text/html")?.call(scope, receive, send).await
/// }
/// # let _ = app;
/// ```
///
/// # Starlette
///
/// `StreamingResponse`, which sends each chunk as a message of its own (divergence D-26), after a head
/// that is sent before all else (D-27).
#[must_use = "a response does nothing until it is sent or returned"]
pub struct StreamingResponse {
    chunks: Once<Pin<Box<dyn Gathering + Send>>>,
    parameters: Parameters,
    on_complete: Option<OnComplete>,
}

impl StreamingResponse {
    /// Makes a response of what `stream` brings: bytes or text, or a `Result` of them ([`IntoChunk`]);
    /// status 200.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream<Item: IntoChunk> + Send + 'static,
    {
        let put = |item: S::Item, gathered: &mut Gathered| {
            gathered.push(item.into_chunk()?);
            Ok(())
        };
        Self::of(Box::pin(Gather::new(stream, put)))
    }

    /// Makes a response of what a blocking iterator brings: bytes or text, or a `Result` of them
    /// ([`IntoChunk`]); status 200.
    ///
    /// It runs on a thread of its own kind, ahead of the client by up to 16 chunks or 64 KiB, whichever
    /// comes first, and holds no thread while the client is slower than that. While the client keeps up,
    /// the bound in bytes alone holds, and one of 256 KiB for the memory of small chunks. The iterator is
    /// dropped there too.
    ///
    /// It may block for as long as it likes: there are 2,048 such threads, apart from tokio's, and none
    /// keeps the process from ending. Where all are taken, each iterator that does not block has its turn
    /// of 10 ms. It finds itself in the runtime that asks for its first chunk, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::StreamingResponse;
    ///
    /// let response = StreamingResponse::from_iterator((1..=3).map(|number| format!("{number}\n")));
    /// # let _ = response;
    /// ```
    pub fn from_iterator<I>(iterator: I) -> Self
    where
        I: IntoIterator<Item: IntoChunk, IntoIter: Send + 'static>,
    {
        Self::of(Box::pin(ThreadedIterator::new(iterator.into_iter())))
    }

    /// Makes a response of what a blocking reader brings, in blocks of up to 64 KiB; status 200.
    ///
    /// It is read as an iterator is run: see [`from_iterator`](Self::from_iterator). A file has a better
    /// home in [`FileResponse`](crate::FileResponse).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::StreamingResponse;
    ///
    /// let response = StreamingResponse::from_reader(std::io::Cursor::new("like a file"));
    /// # let _ = response;
    /// ```
    pub fn from_reader<R>(reader: R) -> Self
    where
        R: Read + Send + 'static,
    {
        Self::from_iterator(Blocks::new(reader))
    }

    fn of(chunks: Pin<Box<dyn Gathering + Send>>) -> Self {
        Self {
            chunks: Once::new(chunks),
            parameters: Parameters::new(StatusCode::OK, None),
            on_complete: None,
        }
    }

    parameter_methods!();
    compression_method!();
    completion_method!();

    /// Sets whether chunks that are ready together share a write, up to 64 KiB; they do by default.
    ///
    /// Without it each chunk is a message, or a frame of the body, of its own. A client may still read
    /// several at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::StreamingResponse;
    ///
    /// let response = StreamingResponse::from_iterator(["tick", "tock"]).merge_chunks(false);
    /// # let _ = response;
    /// ```
    pub fn merge_chunks(mut self, merge: bool) -> Self {
        if let Some(chunks) = self.chunks.get_mut() {
            chunks.as_mut().set_merge(merge);
        }
        self
    }
}

impl Plannable for StreamingResponse {
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
            chunks: self.chunks.move_out(),
            parameters: self.parameters.clone(),
            on_complete: self.on_complete.clone(),
        }
    }
}

impl PlannableAtOnce for StreamingResponse {
    type Error = asgi::Error;

    fn plan_at_once(self, request: &RequestFacts<'_>) -> asgi::Result<Planned> {
        let chunks = self.chunks.take()?;
        let completion = Completion::of(self.on_complete, request.shutdown);
        let negotiation = self.parameters.negotiation(|| request.fields());
        let plan = || -> asgi::Result<Planned> {
            let facts = self.parameters.facts(None)?;
            let head = content::head(facts, self.parameters.content_type())?;
            let plan = streaming::plan(facts, request.method)?;
            Ok(self.parameters.planned(head, plan, |announced| {
                Content::Stream(MeteredStream::new(chunks, announced).into())
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
    impl StreamingResponse;

    /// Sends the response to whoever `scope` describes, then runs the background task.
    ///
    /// A websocket handshake is denied with it.
    ///
    /// # Errors
    ///
    /// Before anything is sent: [`AlreadySent`](crate::AlreadySent),
    /// [`InvalidResponse`](crate::InvalidResponse) if a header cannot be sent with a stream, and the
    /// stream's own error. After that: [`StreamError`](crate::StreamError), and whatever `send` returns.
    fn call;

    /// Makes the response an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// The stream is asked once; the future does not wait for it. The background task runs on tokio once
    /// the body has been taken to its end.
    ///
    /// # Errors
    ///
    /// [`AlreadySent`](crate::AlreadySent), [`InvalidResponse`](crate::InvalidResponse) if a header
    /// cannot be sent with a stream, or the stream's own error, if it fails before its first chunk and
    /// before it first waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::StreamingResponse;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let stream = futures_util::stream::iter(["a", "b"]);
    /// let response = StreamingResponse::new(stream).into_http(&http::Request::new(())).await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), antiphon::asgi::Error>(()) }).unwrap();
    /// ```
    async fn into_http -> ResponseError, by ResponseError::new;
}

into_response! {
    /// The stream is not polled before the head is sent, since the request may be one for a head alone.
    /// So its first error cuts the connection. To answer it otherwise, return
    /// `response.into_http(&request).await`.
    impl StreamingResponse;
}

impl fmt::Debug for StreamingResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StreamingResponse")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
