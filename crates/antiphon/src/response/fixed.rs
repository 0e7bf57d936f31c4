//! Responses whose content lies ready, and the classes that render it.

use super::doors::{into_response, service};
use super::parameters::{Parameters, compression_method, parameter_methods, unix_now};
use super::plannable::{PlannableAtOnce, answer_methods};
use crate::content::ready::IntoContent;
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::content::{self, InvalidResponse};
use antiphon_core::response::fixed;
use antiphon_core::values::etag;
use antiphon_core::values::media_type::{Charset, MediaType};
use antiphon_fs::hash_of;
use bytes::Bytes;
use http::StatusCode;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

/// A response of bytes, with the media type that the caller gives, if any.
///
/// # Examples
///
/// ```
/// use antiphon::Response;
/// use http::StatusCode;
///
/// let response = Response::new(vec![0x89, b'P', b'N', b'G'])
///     .media_type("image/png")?
///     .status_code(StatusCode::CREATED);
/// let http = response.into_http(&http::Request::new(()))?;
/// assert_eq!(http.headers()["content-length"], "4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Response = FixedResponse<Raw>;

/// A response of HTML: `text/html; charset=utf-8`.
///
/// # Examples
///
/// ```
/// use antiphon::HtmlResponse;
///
/// let response = HtmlResponse::new("<h1>Hello, world!</h1>");
/// # let _ = response;
/// ```
pub type HtmlResponse = FixedResponse<Html>;

/// A response of text: `text/plain; charset=utf-8`.
///
/// # Examples
///
/// ```
/// use antiphon::PlainTextResponse;
///
/// let response = PlainTextResponse::new("Hello, world!");
/// # let _ = response;
/// ```
pub type PlainTextResponse = FixedResponse<PlainText>;

/// What a class of responses has in common: Starlette's class attributes.
pub trait ResponseClass {
    /// The media type of the class; `None` sends no `Content-Type`.
    const MEDIA_TYPE: Option<MediaType>;

    /// The charset that `text/*` is labelled with.
    const CHARSET: Charset = Charset::UTF_8;
}

/// How a class turns content of type `T` into bytes: Starlette's `render`, to be overridden.
///
/// # Examples
///
/// A class with a JSON library of its own:
///
/// ```
/// use antiphon::media_type::MediaType;
/// use antiphon::{FixedResponse, Render, ResponseClass};
/// use bytes::Bytes;
///
/// struct Sonic;
/// type SonicResponse = FixedResponse<Sonic>;
///
/// impl ResponseClass for Sonic {
///     const MEDIA_TYPE: Option<MediaType> = Some(MediaType::JSON);
/// }
///
/// impl<T: serde::Serialize> Render<T> for Sonic {
///     type Error = sonic_rs::Error;
///
///     fn render(content: T) -> Result<Bytes, Self::Error> {
///         sonic_rs::to_vec(&content).map(Bytes::from)
///     }
/// }
///
/// let response = SonicResponse::render([1, 2, 3])?;
/// # let _ = response;
/// # Ok::<(), sonic_rs::Error>(())
/// ```
pub trait Render<T>: ResponseClass {
    /// Why content may not be rendered.
    type Error;

    /// Renders the content.
    ///
    /// # Errors
    ///
    /// Whatever keeps the class from rendering it.
    fn render(content: T) -> Result<Bytes, Self::Error>;
}

/// The class of [`Response`].
#[derive(Debug)]
pub enum Raw {}

/// The class of [`HtmlResponse`].
#[derive(Debug)]
pub enum Html {}

/// The class of [`PlainTextResponse`].
#[derive(Debug)]
pub enum PlainText {}

impl ResponseClass for Raw {
    const MEDIA_TYPE: Option<MediaType> = None;
}

impl ResponseClass for Html {
    const MEDIA_TYPE: Option<MediaType> = Some(MediaType::HTML);
}

impl ResponseClass for PlainText {
    const MEDIA_TYPE: Option<MediaType> = Some(MediaType::PLAIN_TEXT);
}

macro_rules! bytes_as_they_are {
    ($($class:ty),*) => {$(
        impl<T: IntoContent> Render<T> for $class {
            type Error = Infallible;

            fn render(content: T) -> Result<Bytes, Infallible> {
                Ok(content.into_content())
            }
        }

        impl FixedResponse<$class> {
            /// Makes a response with this content, status 200.
            pub fn new(content: impl IntoContent) -> Self {
                Self::of_bytes(content.into_content())
            }
        }
    )*};
}

bytes_as_they_are!(Raw, Html, PlainText);

/// A response whose content lies ready, rendered by the class `C`.
///
/// It can be sent many times. [`Response`], [`HtmlResponse`], [`PlainTextResponse`] and
/// `JsonResponse` are such classes; a program adds its own by [`Render`].
#[must_use = "a response does nothing until it is sent or returned"]
pub struct FixedResponse<C> {
    content: Bytes,
    parameters: Parameters,
    /// Whether preconditions are evaluated, since the program has asked for it.
    is_conditional: bool,
    class: PhantomData<fn() -> C>,
}

impl<C: ResponseClass> FixedResponse<C> {
    /// Makes a response with what the class renders of `content`, status 200.
    ///
    /// # Errors
    ///
    /// Those of the class's [`Render::render`].
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::HtmlResponse;
    ///
    /// let response = HtmlResponse::render("<p>hi</p>").unwrap();
    /// # let _ = response;
    /// ```
    pub fn render<T>(content: T) -> Result<Self, C::Error>
    where
        C: Render<T>,
    {
        C::render(content).map(Self::of_bytes)
    }

    pub(crate) fn of_bytes(content: Bytes) -> Self {
        let mut parameters = Parameters::new(StatusCode::OK, C::MEDIA_TYPE);
        parameters.charset = C::CHARSET;
        Self {
            content,
            parameters,
            is_conditional: false,
            class: PhantomData,
        }
    }
}

impl<C> FixedResponse<C> {
    parameter_methods!();
    compression_method!();

    /// Adds a strong `ETag`, a hash of the content, and has preconditions answered.
    ///
    /// A tag that is set already stays, and is not made: so a program that knows a version of what it sends
    /// saves the hash, by `.header("etag", "\"v7\"")?.add_etag()`. With status 200, GET and HEAD get 304 by
    /// `If-None-Match` and `If-Modified-Since`, and 412 by `If-Match` and `If-Unmodified-Since`
    /// ([RFC 9110 §13.2.2]); `Last-Modified` counts if the program has set it. With another method the
    /// action has been performed by the time there is a response, so its preconditions are the program's to
    /// evaluate, before ([§13.2.1]).
    ///
    /// The tag is 128 bits of BLAKE3: that of a file with the same bytes and
    /// [`EtagSource::Content`](crate::EtagSource::Content), and of the Python face.
    ///
    /// The request has to be known: by [`call`](Self::call), [`into_http`](Self::into_http) and tower's
    /// `Service`. axum's `IntoResponse` sends the tag and never 304.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::HtmlResponse;
    ///
    /// let response = HtmlResponse::new("<p>hi</p>").add_etag();
    /// let tag = response.headers().get("etag").unwrap().to_text();
    /// let request = http::Request::get("/").header("if-none-match", tag).body(())?;
    /// let answer = response.into_http(&request)?;
    /// assert_eq!(answer.status(), 304);
    /// assert!(!answer.headers().contains_key("content-type"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [RFC 9110 §13.2.2]: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    /// [§13.2.1]: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.1
    pub fn add_etag(self) -> Self {
        self.add_etag_with(etag::of_content)
    }

    /// Adds a weak `ETag`, a hash of the content, and has preconditions answered, as
    /// [`add_etag`](Self::add_etag) does.
    ///
    /// A weak tag is for content that something between changes in form, such as a layer that compresses it.
    /// It never matches an `If-Match` ([RFC 9110 §8.8.1]).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::PlainTextResponse;
    ///
    /// let response = PlainTextResponse::new("hello").add_weak_etag();
    /// assert_eq!(response.headers().get("etag").unwrap(), "W/\"ea8f163db38682925e4491c5e58d4bb3\"");
    /// ```
    ///
    /// [RFC 9110 §8.8.1]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1
    pub fn add_weak_etag(self) -> Self {
        self.add_etag_with(|hash| etag::weak(etag::of_content(hash)))
    }

    fn add_etag_with(mut self, tag: impl FnOnce(&[u8]) -> FieldValue) -> Self {
        self.is_conditional = true;
        let headers = &mut self.parameters.headers;
        if !headers.contains(FieldName::ETAG.as_str()) {
            let tag = tag(&hash_of(&self.content));
            headers.apply(HeaderPatch::Append(FieldName::ETAG, tag));
        }
        self
    }

    /// Returns the content.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.content
    }
}

impl<C> Clone for FixedResponse<C> {
    fn clone(&self) -> Self {
        Self {
            content: self.content.clone(),
            parameters: self.parameters.clone(),
            is_conditional: self.is_conditional,
            class: PhantomData,
        }
    }
}

impl<C> fmt::Debug for FixedResponse<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FixedResponse")
            .field("content", &self.content)
            .field("parameters", &self.parameters)
            .field("is_conditional", &self.is_conditional)
            .finish()
    }
}

impl<C> PlannableAtOnce for FixedResponse<C> {
    type Error = InvalidResponse;

    fn plan_at_once(self, request: &RequestFacts<'_>) -> Result<Planned, InvalidResponse> {
        if self.parameters.compression.is_some() {
            return self.plan_compressed(request);
        }
        let conditions = self.is_conditional.then(|| request.fields());
        self.plan_with(request.method, conditions.as_ref())
    }
}

impl<C> FixedResponse<C> {
    /// Plans the answer to a request with these conditions, if they count.
    #[inline]
    fn plan_with(
        self,
        method: Method,
        conditions: Option<&RequestFields>,
    ) -> Result<Planned, InvalidResponse> {
        let facts = self.parameters.facts(Some(self.content.len() as u64))?;
        let head = content::head(facts, self.parameters.content_type())?;
        let plan = match conditions {
            Some(request) => fixed::plan_conditionally(facts, request, unix_now())?,
            None => fixed::plan(facts, method)?,
        };
        Ok(self
            .parameters
            .planned(head, plan, |()| Content::Bytes(self.content)))
    }

    /// Apart, so that a response that is not compressed does not pay for it.
    #[cold]
    fn plan_compressed(self, request: &RequestFacts<'_>) -> Result<Planned, InvalidResponse> {
        let content = self.content.clone();
        let negotiation = self.parameters.negotiation(|| request.fields());
        let conditions = negotiation.as_ref().filter(|_| self.is_conditional);
        let mut planned = self.plan_with(request.method, conditions.map(|own| own.request()))?;
        if let Some(negotiation) = negotiation {
            planned.compress(&negotiation, Some(&content));
        }
        Ok(planned)
    }
}

answer_methods! {
    impl FixedResponse<C>;

    /// Sends the response to whoever `scope` describes, then runs the background task.
    ///
    /// A websocket handshake is denied with it.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if a header contradicts the content, before anything is sent; whatever
    /// `send` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{PlainTextResponse, asgi};
    ///
    /// async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    ///     PlainTextResponse::new("Hello, world!").call(scope, receive, send).await
    /// }
    /// # let _ = app;
    /// ```
    fn call;

    /// Makes the response an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// The background task runs on tokio once the body has been taken to its end.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if a header contradicts the content.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::PlainTextResponse;
    ///
    /// let request = http::Request::new(());
    /// let response = PlainTextResponse::new("hi").into_http(&request)?;
    /// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    /// # Ok::<(), antiphon::InvalidResponse>(())
    /// ```
    fn into_http -> InvalidResponse;
}

into_response! {
    /// A response that contradicts itself is logged, and the client gets 500.
    impl FixedResponse<C>;
}

service! {
    /// A response that contradicts itself is logged, and the client gets 500. The service never waits.
    impl FixedResponse<C>;
}
