//! Files.

mod chunk;
mod error;
mod reader;

#[cfg(feature = "server")]
pub(crate) use chunk::CHUNK_LEN;
pub use error::{FileError, FileErrorKind};
pub(crate) use reader::Reader;

use crate::asgi::{self, ScopeType};
use crate::body::Body;
use crate::deliver::{Content, Ready};
use crate::parameters::{Parameters, parameter_methods, unix_now};
use crate::request::{RequestFields, RequestHead};
use antiphon_core::fields::{FieldValue, Headers, InvalidHeader};
use antiphon_core::request::range::{MAX_RANGES, RangePolicy};
use antiphon_core::response::file::{self, FileFacts, Terms};
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::values::content_disposition::{self, InvalidDisposition};
use antiphon_core::values::etag;
use antiphon_fs::OpenFile;
use http::StatusCode;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file, sent as the request asks for it: whole, in ranges, or not at all because the client has it.
///
/// | what                          | how                                                                  |
/// |-------------------------------|----------------------------------------------------------------------|
/// | validators                    | `ETag` of size and time (strong), `Last-Modified`                     |
/// | preconditions                 | `If-Match`, `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`: 304, 412 |
/// | ranges                        | one or several, with `If-Range`: 206, 416                            |
/// | a name                        | `Content-Disposition`, in ASCII and in UTF-8                         |
///
/// The file is opened once, before anything is sent. Bytes that are in memory are read at once; others
/// on tokio's blocking threads, one chunk ahead. Over [`serve`](crate::serve) no more than two chunks wait
/// for a client that reads slowly; with another server it is as much as that server asks for. If the file
/// grows meanwhile, no more is sent than was announced; if it shrinks, the connection is cut.
///
/// # Examples
///
/// ```
/// use antiphon::FileResponse;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = http::Request::get("/").header("range", "bytes=0-9").body(())?;
/// let response = FileResponse::new("Cargo.toml").into_http(&request).await?;
/// assert_eq!(response.status(), 206);
/// assert_eq!(response.headers()["content-length"], "10");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Starlette
///
/// The same parameters. Ranges are answered by RFC 9110's rules unless
/// [`range_policy`](Self::range_policy) is set (see [`RangePolicy`]).
#[derive(Clone, Debug)]
pub struct FileResponse {
    path: Arc<Path>,
    filename: Option<String>,
    disposition_type: String,
    stat_result: Option<antiphon_fs::FileFacts>,
    cache_control: Option<FieldValue>,
    range_policy: RangePolicy,
    max_ranges: usize,
    parameters: Parameters,
}

impl FileResponse {
    /// The file at `path`. Its media type is guessed by its name, or by [`filename`](Self::filename)
    /// if there is one: `application/octet-stream` where nothing is known.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into().into(),
            filename: None,
            disposition_type: "attachment".into(),
            stat_result: None,
            cache_control: None,
            range_policy: RangePolicy::Rfc9110,
            max_ranges: MAX_RANGES,
            parameters: Parameters::new(StatusCode::OK, None),
        }
    }

    parameter_methods!();

    /// Offers the file under this name, as a download unless
    /// [`content_disposition_type`](Self::content_disposition_type) says otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::FileResponse;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let response = FileResponse::new("Cargo.toml")
    ///     .filename("prüfung.toml")
    ///     .into_http(&http::Request::new(()))
    ///     .await?;
    /// assert_eq!(
    ///     response.headers()["content-disposition"],
    ///     "attachment; filename=\"pr_fung.toml\"; filename*=UTF-8''pr%C3%BCfung.toml",
    /// );
    /// # Ok::<(), antiphon::FileError>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// How the file is offered under its [`filename`](Self::filename): `attachment`, to be saved, or
    /// `inline`, to be shown.
    ///
    /// # Errors
    ///
    /// [`InvalidDisposition`] if it is not a token.
    pub fn content_disposition_type(
        mut self,
        disposition_type: impl Into<String>,
    ) -> Result<Self, InvalidDisposition> {
        let disposition_type = disposition_type.into();
        content_disposition::encode(&disposition_type, "")?;
        self.disposition_type = disposition_type;
        Ok(self)
    }

    /// The file's facts, where they are known: they are announced instead of those that the open file
    /// has.
    #[must_use]
    pub const fn stat_result(mut self, stat_result: antiphon_fs::FileFacts) -> Self {
        self.stat_result = Some(stat_result);
        self
    }

    /// The value of `Cache-Control`.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if it holds a line break or another control character.
    pub fn cache_control(mut self, value: &str) -> Result<Self, InvalidHeader> {
        let mut probe = Headers::new();
        probe.append("cache-control", value)?;
        self.cache_control = probe.into_iter().next().map(|(_, value)| value);
        Ok(self)
    }

    /// What to do with ranges where RFC 9110 and Starlette differ; RFC 9110 by default.
    #[must_use]
    pub const fn range_policy(mut self, policy: RangePolicy) -> Self {
        self.range_policy = policy;
        self
    }

    /// Sends the file to whoever `scope` describes, then runs the background task.
    ///
    /// A server that offers `http.response.pathsend` gets the path of a whole file, unless there is a
    /// background task, which might remove the file before the server has opened it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened, before anything is sent, or is shorter than it was;
    /// whatever `send` returns.
    pub fn call(
        self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + use<> {
        let fields = match scope.scope_type() {
            ScopeType::Http => RequestFields::of(&scope),
            ScopeType::Websocket => RequestFields::default(),
        };
        let offers = scope.offers();
        drop((scope, receive));
        // On the heap, for the same reason as the steps of its delivery.
        Box::pin(async move { self.plan(fields).await?.send(offers, send).await })
    }

    /// The file as an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened. [`FileError::response`] makes a 404 or 403 of it.
    pub fn into_http<R: RequestHead>(
        self,
        request: &R,
    ) -> impl Future<Output = Result<http::Response<Body>, FileError>> + Send + use<R> {
        self.answer(RequestFields::of(request))
    }

    pub(crate) async fn answer(
        self,
        fields: RequestFields,
    ) -> Result<http::Response<Body>, FileError> {
        Ok(self.plan(fields).await?.into_http())
    }

    async fn plan(self, fields: RequestFields) -> Result<Ready, FileError> {
        let file = open(&self.path).await?;
        let facts = self.stat_result.unwrap_or_else(|| file.facts());
        let (now, parameters) = (unix_now(), &self.parameters);
        let callers = |name| parameters.headers.get(name).map(FieldValue::as_bytes);
        let disposition = self
            .filename
            .as_deref()
            .map(|filename| content_disposition::encode(&self.disposition_type, filename));
        let modified = i64::try_from(facts.modified.div_euclid(1_000_000_000)).ok();
        let plan = file::plan(
            FileFacts {
                status: parameters.status.as_u16(),
                length: facts.length,
                last_modified: modified.and_then(HttpDate::from_unix),
                etag: Some(etag::of_file(facts.length, facts.modified, now)),
                media_type: parameters
                    .media_type
                    .as_deref()
                    .unwrap_or_else(|| self.guess()),
                charset: parameters.charset,
                disposition: disposition.transpose().map_err(FileError::invalid)?,
                cache_control: self.cache_control.clone(),
                callers_etag: callers("etag"),
                callers_last_modified: callers("last-modified"),
                callers_content_type: callers("content-type"),
                declared_length: callers("content-length"),
                declares_transfer_encoding: parameters.headers.contains("transfer-encoding"),
            },
            fields.facts(),
            Terms {
                policy: self.range_policy,
                max_ranges: self.max_ranges,
                now,
                boundary: &fields.boundary()?,
            },
        );
        let plan = plan.map_err(FileError::invalid)?;
        let file = Opened {
            file: Arc::new(file),
            path: self.path,
        };
        Ok(Ready::new(plan, self.parameters, Content::File(file)))
    }

    fn guess(&self) -> &'static str {
        let name = self.filename.as_deref().map_or(&*self.path, Path::new);
        mime_guess::from_path(name)
            .first_raw()
            .unwrap_or("application/octet-stream")
    }
}

/// A file that is being sent, and the path that it was opened by.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    file: Arc<OpenFile>,
    path: Arc<Path>,
}

impl Opened {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens at once what needs no wait, and the rest on a thread that may wait.
async fn open(path: &Arc<Path>) -> Result<OpenFile, FileError> {
    if let Some(file) = OpenFile::open_cached(path).map_err(FileError::open)? {
        return Ok(file);
    }
    let path = Arc::clone(path);
    let opened = tokio::task::spawn_blocking(move || OpenFile::open(&path));
    opened
        .await
        .map_err(FileError::task)?
        .map_err(FileError::open)
}

impl asgi::App for FileResponse {
    fn call(
        &self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + 'static {
        self.clone().call(scope, receive, send)
    }
}
