//! What every response class takes, except its content.

use crate::asgi::Patience;
use crate::background::BackgroundTask;
use crate::deliver::planned::{Content, Planned};
use crate::negotiation::Negotiation;
use antiphon_coding::Compression;
use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::response::content::{self, ContentFacts, InvalidResponse};
use antiphon_core::response::plan::{self, Plan};
use antiphon_core::values::cookie::{InvalidCookie, SetCookie};
use antiphon_core::values::media_type::{Charset, MediaType};
use http::StatusCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Starlette's parameters, except the content: status code, headers, media type, background task; and how
/// long the client may take.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) media_type: Option<MediaType>,
    pub(crate) charset: Charset,
    pub(crate) background: Option<BackgroundTask>,
    pub(crate) patience: Patience,
    pub(crate) compression: Option<Arc<Compression>>,
}

impl Parameters {
    pub(crate) const fn new(status: StatusCode, media_type: Option<MediaType>) -> Self {
        Self {
            status,
            headers: Headers::new(),
            media_type,
            charset: Charset::UTF_8,
            background: None,
            patience: Patience::new(),
            compression: None,
        }
    }

    /// Brings together what the program says of compression, if it says anything, and what the request does.
    pub(crate) fn negotiation(
        &self,
        request: impl FnOnce() -> RequestFields,
    ) -> Option<Box<Negotiation>> {
        let compression = self.compression.as_ref()?;
        Some(Negotiation::of(compression, request()).0.into())
    }

    /// Takes them out of a response that is of no use afterwards.
    pub(crate) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(StatusCode::OK, None))
    }

    /// Returns what the core has to know of content of this length.
    pub(crate) fn facts(&self, length: Option<u64>) -> Result<ContentFacts<'_>, InvalidResponse> {
        let status = self.status.as_u16();
        content::refuse_interim(status)?;
        Ok(ContentFacts {
            status,
            length,
            declared: self.headers.declared(),
        })
    }

    /// Returns the value of `Content-Type`, if there is a media type.
    pub(crate) fn content_type(&self) -> Option<FieldValue> {
        let media_type = self.media_type.clone()?;
        Some(media_type.with_charset(&self.charset))
    }

    /// Makes what is sent. `head` is what the class says of itself; `content` is its content, unless the
    /// plan says that there is none.
    pub(crate) fn planned<T>(
        self,
        head: impl IntoIterator<Item = HeaderPatch>,
        plan: Plan<T>,
        content: impl FnOnce(T) -> Content,
    ) -> Planned {
        let mut headers = self.headers;
        let head = head.into_iter();
        headers.reserve(head.size_hint().0);
        head.for_each(|patch| headers.apply(patch));
        let (status, headers, body) = plan.into_parts(headers);
        Planned {
            // A plan's status is the caller's or one of the rules' own.
            status: StatusCode::from_u16(status).unwrap_or(self.status),
            headers,
            content: match body {
                plan::Body::Empty => Content::Empty,
                plan::Body::Content(sent) => content(sent),
            },
            background: self.background,
            completion: None,
            patience: self.patience,
        }
    }

    pub(crate) fn set_cookie(&mut self, cookie: &SetCookie<'_>) -> Result<(), InvalidCookie> {
        let value = cookie.encode(unix_now())?;
        self.headers
            .apply(HeaderPatch::Append(FieldName::SET_COOKIE, value));
        Ok(())
    }
}

/// Returns the seconds since 1970, by the system's clock.
pub(crate) fn unix_now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The methods by which each class takes the [`Parameters`]; `self.parameters` holds them.
macro_rules! parameter_methods {
    () => {
        /// Sets the status code.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::PlainTextResponse;
        /// use http::StatusCode;
        ///
        /// let response = PlainTextResponse::new("gone").status_code(StatusCode::GONE);
        /// # let _ = response;
        /// ```
        pub const fn status_code(mut self, status_code: http::StatusCode) -> Self {
            self.parameters.status = status_code;
            self
        }

        /// Adds a header field, and keeps those of the same name. Name and value may be text, or what the
        /// `http` crate has for them.
        ///
        /// # Errors
        ///
        /// [`InvalidHeader`](crate::headers::InvalidHeader) if the name is not a token or the value
        /// holds a line break or another control character.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::Response;
        ///
        /// use http::{HeaderValue, header};
        ///
        /// let response = Response::new("hi")
        ///     .header("X-Request-Id", "7")?
        ///     .header(header::VARY, HeaderValue::from_static("accept"))?;
        /// assert!(Response::new("hi").header("x-a", "1\r\nset-cookie: b=2").is_err());
        /// # let _ = response;
        /// # Ok::<(), antiphon::headers::InvalidHeader>(())
        /// ```
        pub fn header<N, V>(
            mut self,
            name: N,
            value: V,
        ) -> Result<Self, antiphon_core::fields::InvalidHeader>
        where
            N: TryInto<
                    antiphon_core::fields::FieldName,
                    Error: Into<antiphon_core::fields::InvalidHeader>,
                >,
            V: TryInto<
                    antiphon_core::fields::FieldValue,
                    Error: Into<antiphon_core::fields::InvalidHeader>,
                >,
        {
            self.parameters.headers.append(name, value)?;
            Ok(self)
        }

        /// Replaces all header fields that were set so far; [`header`](Self::header) adds one.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::Response;
        /// use http::{HeaderMap, HeaderValue, header};
        ///
        /// let mut map = HeaderMap::new();
        /// map.insert(header::VARY, HeaderValue::from_static("accept"));
        /// let response = Response::new("hi").replace_headers(map);
        /// assert_eq!(response.headers().get("vary").unwrap(), "accept");
        /// ```
        pub fn replace_headers(
            mut self,
            headers: impl Into<antiphon_core::fields::Headers>,
        ) -> Self {
            self.parameters.headers = headers.into();
            self
        }

        /// Sets the media type, instead of the class's own. `text/*` is sent with `; charset=utf-8` unless
        /// it names a charset.
        ///
        /// # Errors
        ///
        /// [`InvalidHeader`](crate::headers::InvalidHeader) if it holds a line break or another
        /// control character, or is not Latin-1.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::Response;
        ///
        /// let response = Response::new("a,b\n1,2\n").media_type("text/csv")?;
        /// # let _ = response;
        /// # Ok::<(), antiphon::headers::InvalidHeader>(())
        /// ```
        pub fn media_type<M>(
            mut self,
            media_type: M,
        ) -> Result<Self, antiphon_core::fields::InvalidHeader>
        where
            M: TryInto<
                    antiphon_core::values::media_type::MediaType,
                    Error: Into<antiphon_core::fields::InvalidHeader>,
                >,
        {
            let media_type = media_type.try_into().map_err(Into::into)?;
            self.parameters.media_type = Some(media_type);
            Ok(self)
        }

        /// Sets the task that runs after the response was sent; see
        /// [`BackgroundTask`](crate::BackgroundTask).
        pub fn background<F, Fut>(mut self, task: F) -> Self
        where
            F: Fn() -> Fut + Send + Sync + 'static,
            Fut: Future<Output = ()> + Send + 'static,
        {
            self.parameters.background = Some(crate::BackgroundTask::new(task));
            self
        }

        /// Limits how long the client may go without reading; by default the
        /// [`write_timeout`](crate::Server::write_timeout) of the server does, which is longer.
        ///
        /// A client that has read nothing for so long, although there was something to read, is given
        /// up: its connection is cut (with HTTP/2, the request is reset) and the content is dropped. What
        /// fits into the buffers on the way counts as read.
        ///
        /// This needs [`serve`](crate::serve) or [`Server`](crate::Server), or an application's
        /// `call`. With another server's `http::Response` that server's own bounds hold.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::PlainTextResponse;
        /// use std::time::Duration;
        ///
        /// let response = PlainTextResponse::new("hi").send_timeout(Duration::from_secs(10));
        /// # let _ = response;
        /// ```
        pub const fn send_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.parameters.patience.send_timeout = Some(timeout);
            self
        }

        /// Sets a cookie, as [`set_cookie`](Self::set_cookie) does, where the response is made.
        ///
        /// # Errors
        ///
        /// Those of [`set_cookie`](Self::set_cookie).
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::{PlainTextResponse, SetCookie};
        ///
        /// let response = PlainTextResponse::new("welcome")
        ///     .cookie(&SetCookie::new("session", "abc").secure(true))?
        ///     .cookie(&SetCookie::new("theme", "dark"))?;
        /// assert_eq!(response.headers().get_all("set-cookie").count(), 2);
        /// # Ok::<(), antiphon::cookie::InvalidCookie>(())
        /// ```
        pub fn cookie(
            mut self,
            cookie: &antiphon_core::values::cookie::SetCookie<'_>,
        ) -> Result<Self, antiphon_core::values::cookie::InvalidCookie> {
            self.parameters.set_cookie(cookie)?;
            Ok(self)
        }

        /// Sets a cookie.
        ///
        /// # Errors
        ///
        /// [`InvalidCookie`](crate::cookie::InvalidCookie), as of
        /// [`SetCookie::encode`](crate::SetCookie::encode); the response is as it was.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::{PlainTextResponse, SetCookie};
        ///
        /// let mut response = PlainTextResponse::new("welcome");
        /// response.set_cookie(&SetCookie::new("session", "abc").httponly(true).max_age(3600))?;
        /// assert_eq!(
        ///     response.headers().get("set-cookie").unwrap(),
        ///     "session=abc; HttpOnly; Max-Age=3600; Path=/; SameSite=lax",
        /// );
        /// # Ok::<(), antiphon::cookie::InvalidCookie>(())
        /// ```
        pub fn set_cookie(
            &mut self,
            cookie: &antiphon_core::values::cookie::SetCookie<'_>,
        ) -> Result<(), antiphon_core::values::cookie::InvalidCookie> {
            self.parameters.set_cookie(cookie)
        }

        /// Makes the browser drop the cookie `key` of `Path=/`.
        ///
        /// A cookie that was set with another path or a domain is dropped by
        /// [`set_cookie`](Self::set_cookie) with [`SetCookie::deletion`](crate::SetCookie::deletion) and
        /// the same attributes.
        ///
        /// # Errors
        ///
        /// [`InvalidCookie`](crate::cookie::InvalidCookie) if `key` cannot be a cookie's name, or begins with
        /// `__Host-` or `__Secure-`: those are dropped by `SetCookie::deletion(key).secure(true)`.
        pub fn delete_cookie(
            &mut self,
            key: &str,
        ) -> Result<(), antiphon_core::values::cookie::InvalidCookie> {
            self.parameters
                .set_cookie(&antiphon_core::values::cookie::SetCookie::deletion(key))
        }

        /// Returns the header fields that were set so far. Those that the content and the request bring
        /// are added when the response is sent.
        #[must_use]
        pub const fn headers(&self) -> &antiphon_core::fields::Headers {
            &self.parameters.headers
        }

        /// Returns the header fields that were set so far, to be changed.
        pub const fn headers_mut(&mut self) -> &mut antiphon_core::fields::Headers {
            &mut self.parameters.headers
        }
    };
}

/// The method by which what has content takes how it is compressed.
macro_rules! compression_method {
    () => {
        /// Compresses the content, if it is worth it and the client takes it.
        ///
        /// The request has to be known: by [`call`](Self::call), [`into_http`](Self::into_http) and tower's
        /// `Service`. axum's `IntoResponse` sends the content as it is. A whole application is compressed by
        /// [`Compressed`](crate::Compressed), where it is said what becomes of streams, tags and ranges.
        ///
        /// Do not compress a response that holds a secret beside something that others can choose: see
        /// [`Compression`](crate::Compression).
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::{Compression, HtmlResponse};
        ///
        /// let page = HtmlResponse::new("<p>hi</p>".repeat(100)).compress(Compression::new());
        /// let request = http::Request::get("/").header("accept-encoding", "gzip, br").body(())?;
        /// let response = page.into_http(&request)?;
        /// assert_eq!(response.headers()["content-encoding"], "br");
        /// assert_eq!(response.headers()["vary"], "Accept-Encoding");
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn compress(mut self, compression: antiphon_coding::Compression) -> Self {
            self.parameters.compression = Some(std::sync::Arc::new(compression));
            self
        }
    };
}

/// The method by which files and streams take whom to tell of their end; `self.on_complete` holds it.
macro_rules! completion_method {
    () => {
        /// Has `function` called once when an answer is over, however it ended: complete, by the client's
        /// leave, by a failure, or by the server's end.
        ///
        /// It comes before the [background task](Self::background). It is called on the thread that answers,
        /// so it must not block; a panic in it is logged. A response that is never asked for tells nothing.
        /// Bytes are counted as they are handed to the server; over [`into_http`](Self::into_http) as they
        /// are taken from the body, which tells that the client left if it is dropped before its end.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::{EndReason, FileResponse};
        ///
        /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// let (sender, outcomes) = std::sync::mpsc::channel();
        /// let response = FileResponse::new("Cargo.toml")
        ///     .on_complete(move |outcome| drop(sender.send(outcome)));
        /// let request = http::Request::head("/").body(())?;
        /// drop(response.into_http(&request).await?);
        /// let outcome = outcomes.recv()?;
        /// assert_eq!((outcome.reason, outcome.bytes_sent), (EndReason::Complete, Some(0)));
        /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
        /// ```
        pub fn on_complete(
            mut self,
            function: impl Fn($crate::Outcome) + Send + Sync + 'static,
        ) -> Self {
            self.on_complete = Some($crate::completion::OnComplete::new(function));
            self
        }
    };
}

pub(crate) use completion_method;
pub(crate) use compression_method;
pub(crate) use parameter_methods;
