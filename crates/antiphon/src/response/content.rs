//! Content from any source.

use super::doors::service;
use super::fixed::PlainTextResponse;
use super::offer::{self, Offer, offer_methods};
use super::parameters::{
    Parameters, completion_method, compression_method, parameter_methods, unix_now,
};
use super::plannable::{Plannable, answer_methods};
use crate::asgi;
use crate::completion::{Completion, OnComplete};
use crate::content::media_type::guess_without_neighbours;
use crate::content::metered::MeteredStream;
use crate::content::source::{
    AnySource, Opening, Source, SourceError, SourceErrorKind, SourceFacts, SourceReader, total,
};
use crate::deliver::planned::{self, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::fields::{FieldName, HeaderPatch};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::range::Likely;
use antiphon_core::response::file::{FileContent, Stat};
use antiphon_core::response::plan::{Body, Plan};
use antiphon_core::values::media_type::MediaType;
use http::StatusCode;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;

/// Content of a known length from any [`Source`], sent as the request asks for it: whole, in ranges, or not at
/// all because the client has it. It does with an object of a store or with bytes in memory what
/// [`FileResponse`](crate::FileResponse) does with a file.
///
/// | what                          | how                                                                  |
/// |-------------------------------|----------------------------------------------------------------------|
/// | validators                    | `ETag` and `Last-Modified`, as the source's [`SourceFacts`] say      |
/// | preconditions                 | `If-Match`, `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`: 304, 412 |
/// | ranges                        | one or several, with `If-Range`: 206, 416; four are read at once     |
/// | a name                        | `Content-Disposition`, in ASCII and in UTF-8                         |
///
/// The source is asked for its facts once, and for content only where there is some to send. What is read is
/// the version that the facts describe: if it is replaced in between, the answer is made anew; if that happens
/// later, or the source ends early, brings too much, fails or does not answer, the connection is cut, and the
/// log says which source it was and how many bytes were sent.
///
/// # Examples
///
/// ```
/// use antiphon::ContentResponse;
/// use bytes::Bytes;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let report = Bytes::from("a,b\n1,2\n");
/// let response = || ContentResponse::new(report.clone()).filename("report.csv");
/// let first = response().into_http(&http::Request::new(())).await?;
/// assert_eq!(first.headers()["content-type"], "text/csv; charset=utf-8");
///
/// let again = http::Request::get("/").header("if-none-match", &first.headers()["etag"]).body(())?;
/// assert_eq!(response().into_http(&again).await?.status(), 304);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use = "a response does nothing until it is sent or returned"]
#[derive(Clone)]
pub struct ContentResponse {
    source: Arc<dyn AnySource>,
    facts: Option<SourceFacts>,
    source_timeout: Duration,
    offer: Offer,
    on_complete: Option<OnComplete>,
    parameters: Parameters,
}

impl ContentResponse {
    /// Makes a response of what `source` has.
    ///
    /// The media type is that of its [facts](SourceFacts::media_type), or is guessed by the
    /// [`filename`](Self::filename); it is `application/octet-stream` if neither tells.
    pub fn new(source: impl Source) -> Self {
        Self {
            source: Arc::new(source),
            facts: None,
            source_timeout: SOURCE_TIMEOUT,
            offer: Offer::new(),
            on_complete: None,
            parameters: Parameters::new(StatusCode::OK, None),
        }
    }

    parameter_methods!();
    compression_method!();
    offer_methods!();
    completion_method!();

    /// Gives the facts, so that the source is not asked for them.
    pub fn facts(mut self, facts: SourceFacts) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Limits how long the source may take for its facts, and for each piece of content; 30 s by default.
    pub const fn source_timeout(mut self, timeout: Duration) -> Self {
        self.source_timeout = timeout;
        self
    }

    /// Answers a request of which these fields are known.
    #[cfg(feature = "axum")]
    pub(crate) async fn answer(
        self,
        request: RequestFields,
    ) -> Result<http::Response<crate::Body>, SourceError> {
        let completion = Completion::of(self.on_complete.clone(), None);
        Ok(self.plan_with(request, completion).await?.into_http())
    }

    async fn plan_with(
        self,
        request: RequestFields,
        completion: Option<Box<Completion>>,
    ) -> Result<Planned, SourceError> {
        let negotiation = self.parameters.negotiation(|| request.clone());
        let asked = negotiation.as_ref().map_or(&request, |own| own.request());
        let mut planned = Planned::completing(self.plan_untold(asked).await, completion)?;
        if let Some(negotiation) = negotiation {
            planned.compress(&negotiation, None);
        }
        Ok(planned)
    }

    async fn plan_untold(&self, request: &RequestFields) -> Result<Planned, SourceError> {
        let label = self.source.label();
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.plan_once(request).await {
                // The next facts are those of what there is now.
                Err(error)
                    if error.kind() == SourceErrorKind::Changed
                        && self.facts.is_none()
                        && tries > 0 => {}
                planned => return planned.map_err(|error| error.of(&label)),
            }
        }
    }

    async fn plan_once(&self, request: &RequestFields) -> Result<Planned, SourceError> {
        let Opening { facts, content } = match &self.facts {
            Some(facts) => Opening::of(facts.clone()),
            None => {
                let opening = Arc::clone(&self.source).opening(Likely::of(request));
                in_time(self.source_timeout, opening).await?
            }
        };
        let mut parameters = self.parameters.clone();
        let plan = self.plan_of(&facts, &mut parameters, request)?;
        let reader = match &plan.body {
            Body::Empty => None,
            Body::Content(sent) => {
                let length = total(sent, &facts);
                let source = Arc::clone(&self.source);
                let mut reader =
                    SourceReader::new(source, facts, sent.clone(), content, self.source_timeout);
                poll_fn(|context| reader.poll_first(context)).await?;
                Some(Box::new(MeteredStream::new(Box::pin(reader), Some(length))))
            }
        };
        Ok(parameters.planned([], plan, |_| {
            reader.map_or(planned::Content::Empty, planned::Content::Stream)
        }))
    }

    fn plan_of(
        &self,
        facts: &SourceFacts,
        parameters: &mut Parameters,
        request: &RequestFields,
    ) -> Result<Plan<FileContent>, SourceError> {
        if let Some(encoding) = facts.encoding_value() {
            let field = HeaderPatch::SetDefault(FieldName::CONTENT_ENCODING, encoding);
            parameters.headers.apply(field);
        }
        let stat = Stat {
            length: Some(facts.length()),
            last_modified: facts.modified(),
            etag: facts.etag_value(),
            cache_control: self
                .offer
                .cache_control
                .clone()
                .or_else(|| facts.cache_control_value()),
        };
        let media_type = || {
            let named = || {
                self.offer
                    .filename
                    .as_deref()
                    .map(Path::new)
                    .map(guess_without_neighbours)
            };
            facts
                .media_type_value()
                .or_else(named)
                .unwrap_or(MediaType::OCTET_STREAM)
        };
        let boundary = offer::boundary(request)
            .map_err(|error| SourceError::new(SourceErrorKind::Other, error.to_string()))?;
        let plan = self
            .offer
            .plan(parameters, stat, media_type, request, unix_now(), &boundary);
        plan.map_err(|error| SourceError::new(SourceErrorKind::Invalid, error))
    }
}

/// Waits for what a source is asked; without a runtime nobody has a clock.
async fn in_time<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    let mut asked = pin!(asked);
    // What is known needs no clock.
    let at_once = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context)));
    if let Poll::Ready(answer) = at_once.await {
        return answer;
    }
    if Handle::try_current().is_err() {
        return asked.await;
    }
    match tokio::time::timeout(patience, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(SourceError::silent(patience)),
    }
}

/// How long a source may take, unless the program says otherwise.
const SOURCE_TIMEOUT: Duration = Duration::from_secs(30);

/// So often an answer is made anew for a source that is being replaced.
const TRIES: u32 = 3;

impl SourceError {
    /// Returns what the client is told: 404 if there is no such content, 403 if it may not be read, 503 if it
    /// is being replaced, 504 if the source does not answer, 502 for any other fault of it, and 500 if a
    /// header contradicts it. The source is not in it.
    pub fn response(&self) -> PlainTextResponse {
        let status = self.status();
        PlainTextResponse::new(status.canonical_reason().unwrap_or_default()).status_code(status)
    }
}

impl Plannable for ContentResponse {
    type Error = SourceError;

    fn plan(
        self,
        request: &RequestFacts<'_>,
    ) -> impl Future<Output = Result<Planned, SourceError>> + Send + use<> {
        let completion = Completion::of(self.on_complete.clone(), request.shutdown);
        self.plan_with(request.fields(), completion)
    }

    fn call(
        self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        mut send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + use<> {
        let request = RequestFacts::of_scope(&scope);
        let completion = Completion::of(self.on_complete.clone(), request.shutdown);
        let fields = request.fields();
        let offers = scope.offers();
        drop((scope, receive));
        Box::pin(async move {
            let mut planned = self.plan_with(fields, completion).await?;
            planned.compress_for(&mut send);
            planned.send(offers, send).await
        })
    }

    fn for_one_request(&self) -> Self {
        self.clone()
    }
}

answer_methods! {
    impl ContentResponse;

    /// Sends the content to whoever `scope` describes, then runs the background task.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the source fails before anything is sent; a [`StreamError`](crate::StreamError) if it
    /// fails later; whatever `send` returns.
    fn call;

    /// Makes the content an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the source fails before its first bytes. [`SourceError::response`] makes an answer of
    /// it.
    async fn into_http -> SourceError, by std::convert::identity;
}

service! {
    /// An error of the source is an answer, as [`SourceError::response`] says, and none of the service.
    impl ContentResponse;
    type Future = super::error_pages::Answering<Self::Error>;
    super::error_pages::answer_or_page
}

impl fmt::Debug for ContentResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContentResponse")
            .field("source", &self.source.label())
            .field("facts", &self.facts)
            .field("source_timeout", &self.source_timeout)
            .field("offer", &self.offer)
            .field("parameters", &self.parameters)
            .finish()
    }
}
