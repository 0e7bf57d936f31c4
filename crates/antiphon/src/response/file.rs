//! Files.

use super::doors::service;
use super::fixed::PlainTextResponse;
use super::offer::{self, Offer, offer_methods};
use super::parameters::{
    Parameters, completion_method, compression_method, parameter_methods, unix_now,
};
use super::plannable::{Plannable, answer_methods};
use crate::asgi;
use crate::completion::{Completion, OnComplete};
use crate::content::file_error::FileError;
use crate::content::media_type::{guess, guess_by_neighbours};
use crate::content::opened::{Opened, version};
use crate::content::place::Place;
use crate::deliver::planned::{Content, Planned};
use crate::request::facts::RequestFacts;
use antiphon_core::fields::{FieldValue, HeaderPatch};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::response::content::InvalidResponse;
use antiphon_core::response::file::Stat;
use antiphon_core::response::offload::Offload;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::etag;
use antiphon_core::values::media_type::MediaType;
use antiphon_core::values::media_types::MediaTypes;
use http::StatusCode;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file, sent as the request asks for it: whole, in ranges, or not at all because the client has it.
///
/// | what                          | how                                                                  |
/// |-------------------------------|----------------------------------------------------------------------|
/// | validators                    | `ETag` of size and time, or of the [content](Self::etag); `Last-Modified` |
/// | preconditions                 | `If-Match`, `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`: 304, 412 |
/// | ranges                        | one or several, with `If-Range`: 206, 416                            |
/// | a name                        | `Content-Disposition`, in ASCII and in UTF-8                         |
///
/// The file is opened once, before anything is sent. Bytes that are in memory are read at once; others
/// on tokio's blocking threads, one chunk ahead. Over [`serve`](crate::serve) no more than two chunks wait
/// for a client that reads slowly; with another server it is as much as that server asks for. If the file
/// grows meanwhile, no more is sent than was announced; if it shrinks, the connection is cut. A file of
/// procfs or sysfs, whose length only reading tells, is sent without a length, and never in parts.
///
/// It needs the request, so it is no `IntoResponse` of axum: a handler takes a `FileRequest` (feature `axum`)
/// and returns `request.respond(file).await`, whose error is an answer, too (404 for a missing file).
///
/// A file that was modified before 1990 has that time of a build, which gives it to every version: its tag
/// is of its length and of times that a program cannot set, so that each machine has another, and there is
/// no `Last-Modified`. Where several machines serve copies of such files, set
/// [`EtagSource::Content`](Self::etag). A time in the future is no validator either.
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
/// [`range_policy`](Self::range_policy) is set (see [`RangePolicy`](crate::RangePolicy)).
#[must_use = "a response does nothing until it is sent or returned"]
#[derive(Clone, Debug)]
pub struct FileResponse {
    pub(super) place: Place,
    stat_result: Option<antiphon_fs::FileFacts>,
    etag: EtagSource,
    pub(super) offer: Offer,
    pub(super) offload: Option<Arc<Offload>>,
    pub(super) delete_after: bool,
    on_complete: Option<OnComplete>,
    media_types: MediaTypes,
    coding: Option<ContentCoding>,
    pub(super) parameters: Parameters,
}

impl FileResponse {
    /// Makes a response of the file at `path`.
    ///
    /// Its media type is guessed by its [`filename`](Self::filename), or by `path` if it has none; it is
    /// `application/octet-stream` if the name tells nothing. What browsers depend on is told by a table of
    /// our own, [`MediaTypes`], to which [`media_types`](Self::media_types) adds; `.ts` is a segment of a
    /// video where a playlist (`*.m3u8`) lies in the same folder, and text elsewhere.
    ///
    /// The file is sent wherever `path` leads. A path that comes from a request leads where its client
    /// wants: give that to [`within`](Self::within).
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::at(path.into()))
    }

    /// Makes a response of the file beneath the folder `root` that a request names by `path`.
    ///
    /// The path is relative, and percent-encoded as in a request's target (`uri.path()`,
    /// [`raw_path`](asgi::Scope::raw_path)); it is decoded once. The answer is 404, without a look at the
    /// disk, if it is absolute or empty, has a part that is empty, `.` or `..`, or holds a NUL or a `\`, in
    /// whatever encoding; on Windows also if it names a drive, a stream or a device. No symbolic link is
    /// followed out of the folder: on Linux the kernel sees to that, elsewhere the path is resolved before
    /// it is opened. A file outside and one that is missing have the same answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{FileErrorKind, FileResponse};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let request = http::Request::get("/static/lib.rs").body(())?;
    /// let path = request.uri().path().strip_prefix("/static/").unwrap_or_default();
    /// assert_eq!(FileResponse::within("src", path).into_http(&request).await?.status(), 200);
    ///
    /// let outside = FileResponse::within("src", "..%2fCargo.toml").into_http(&request).await;
    /// assert_eq!(outside.unwrap_err().kind(), FileErrorKind::NotFound);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn within(root: impl Into<PathBuf>, path: &str) -> Self {
        Self::at(Place::beneath(root.into(), path))
    }

    pub(super) fn at(place: Place) -> Self {
        Self {
            place,
            stat_result: None,
            etag: EtagSource::Stat,
            offer: Offer::new(),
            media_types: MediaTypes::new(),
            coding: None,
            offload: None,
            delete_after: false,
            on_complete: None,
            parameters: Parameters::new(StatusCode::OK, None),
        }
    }

    parameter_methods!();
    compression_method!();
    offer_methods!();
    completion_method!();

    /// Sets the file's facts, which are announced instead of those that the open file has.
    pub const fn stat_result(mut self, stat_result: antiphon_fs::FileFacts) -> Self {
        self.stat_result = Some(stat_result);
        self
    }

    /// Sets by which table the media type is guessed, where none [is set](Self::media_type).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{FileResponse, MediaTypes};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let types = MediaTypes::new().with(".toml", "application/toml")?;
    /// let file = FileResponse::new("Cargo.toml").media_types(types);
    /// let response = file.into_http(&http::Request::new(())).await?;
    /// assert_eq!(response.headers()["content-type"], "application/toml");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn media_types(mut self, media_types: MediaTypes) -> Self {
        self.media_types = media_types;
        self
    }

    /// Sets what the `ETag` is made of; size and time by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{EtagSource, FileResponse};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let response = FileResponse::new("Cargo.toml").etag(EtagSource::Content);
    /// let first = response.clone().into_http(&http::Request::new(())).await?;
    /// let request = http::Request::get("/").header("if-none-match", &first.headers()["etag"]).body(())?;
    /// assert_eq!(response.into_http(&request).await?.status(), 304);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub const fn etag(mut self, source: EtagSource) -> Self {
        self.etag = source;
        self
    }

    /// Has the file removed once it is answered for: as soon as it is open, before anything is sent, so that
    /// it is gone however the answer ends. It is what a file is made for that is sent once.
    ///
    /// That holds for 304, 412, 416 and HEAD, too. The content comes from the open file, never by
    /// `http.response.pathsend`, and is gone from the disk with the last descriptor. A file that is not
    /// answered for (it cannot be opened, a header contradicts it, the response is dropped unasked) stays. One
    /// that cannot be removed, or whose name is another file's by then, is logged, and sent. Of a symbolic
    /// link, the link is removed. With [`offload`](Self::offload) it is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::FileResponse;
    /// use http_body_util::BodyExt;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let path = std::env::temp_dir().join(format!("report-{}.csv", std::process::id()));
    /// std::fs::write(&path, "a,b")?;
    /// let response = FileResponse::new(&path).delete_after();
    /// let answer = response.into_http(&http::Request::new(())).await?;
    /// assert!(!path.exists());
    /// assert_eq!(answer.into_body().collect().await?.to_bytes(), "a,b");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub const fn delete_after(mut self) -> Self {
        self.delete_after = true;
        self
    }

    /// Answers a request of which these fields are known.
    #[cfg(feature = "axum")]
    pub(crate) async fn answer(
        self,
        request: RequestFields,
    ) -> Result<http::Response<crate::Body>, FileError> {
        let completion = Completion::of(self.on_complete.clone(), None);
        Ok(self.plan_with(request, completion).await?.into_http())
    }

    async fn plan_with(
        mut self,
        request: RequestFields,
        completion: Option<Box<Completion>>,
    ) -> Result<Planned, FileError> {
        let negotiation = self.parameters.negotiation(|| request.clone());
        let asked = negotiation.as_ref().map_or(&request, |own| own.request());
        let mut planned = Planned::completing(self.plan_untold(asked).await, completion)?;
        if let Some(negotiation) = negotiation {
            planned.compress(&negotiation, None);
        }
        Ok(planned)
    }

    async fn plan_untold(&mut self, request: &RequestFields) -> Result<Planned, FileError> {
        if let Some(offload) = self.offload.take() {
            let media_type = self.guessed_media_type().await?;
            self.parameters.media_type.get_or_insert(media_type);
            return self.plan_offloaded(&offload);
        }
        let file = Opened::open(self.place.clone()).await?;
        self.plan_opened(file, request).await
    }

    /// Plans to send a copy of the file that is in a coding, if there is one.
    pub(super) fn coded(mut self, coding: Option<ContentCoding>) -> Self {
        self.coding = coding;
        self
    }

    /// Changes the header as a rule of the core says.
    pub(super) fn patched(mut self, patches: impl IntoIterator<Item = HeaderPatch>) -> Self {
        let headers = &mut self.parameters.headers;
        patches.into_iter().for_each(|patch| headers.apply(patch));
        self
    }

    /// Plans to send what has been opened as the file. The response is of no use afterwards: it is large, and
    /// moved by nobody.
    pub(super) async fn plan_opened(
        &mut self,
        mut file: Opened,
        request: &RequestFields,
    ) -> Result<Planned, FileError> {
        let facts = self.stat_result.unwrap_or_else(|| file.facts());
        let length = match self.stat_result {
            None if file.is_generated() => None,
            _ => Some(facts.length),
        };
        let now = unix_now();
        let etag = self.etag_of(&file, length, facts, now).await?;
        let version = version(facts);
        let stat = Stat {
            length,
            last_modified: length.and_then(|_| version.last_modified(now)),
            etag,
            cache_control: self.offer.cache_control.clone(),
        };
        let boundary = offer::boundary(request).map_err(FileError::random)?;
        let media_type = self.guessed_media_type().await?;
        let plan = self.offer.plan(
            &mut self.parameters,
            stat,
            || media_type,
            request,
            now,
            &boundary,
        );
        let plan = plan.map_err(FileError::invalid)?;
        if self.delete_after {
            file.remove().await;
        }
        let parameters = self.parameters.take();
        Ok(parameters.planned([], plan, |content| Content::File(file, content)))
    }

    /// Guesses the media type, which is of no account if the caller has set one.
    async fn guessed_media_type(&self) -> Result<MediaType, FileError> {
        if self.parameters.media_type.is_some() {
            return Ok(MediaType::OCTET_STREAM);
        }
        let filename = self.offer.filename.as_deref().map(Path::new);
        let name = filename.unwrap_or_else(|| self.place.path());
        match guess(&self.media_types, name) {
            Some(media_type) => Ok(media_type),
            // On the heap, so that no other file's future is larger for it.
            None => Box::pin(guess_by_neighbours(self.place.path())).await,
        }
    }

    /// Returns the file's tag; `None` if it has none, since its content is being made or changed, or if
    /// the caller has set one.
    async fn etag_of(
        &self,
        file: &Opened,
        length: Option<u64>,
        facts: antiphon_fs::FileFacts,
        now: i64,
    ) -> Result<Option<FieldValue>, FileError> {
        let is_set = self.parameters.headers.contains("etag");
        let tag = match self.etag {
            _ if is_set || length.is_none() => None,
            EtagSource::Stat => Some(version(facts).etag(now)),
            EtagSource::Content => file
                .content_hash()
                .await?
                .map(|hash| etag::of_content(&hash)),
        };
        Ok(match self.coding {
            Some(coding) => tag.map(|tag| etag::in_coding(&tag, coding)),
            None => tag,
        })
    }

    /// Adds what the header says of a file whose media type is set.
    pub(super) fn describe(&mut self, stat: Stat) -> Result<(), InvalidResponse> {
        let unset = || MediaType::OCTET_STREAM;
        self.offer.describe(&mut self.parameters, stat, unset)
    }
}

/// What the `ETag` of a file is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EtagSource {
    /// Its size and its time of modification, and where a build has set that time, when it was changed,
    /// too: nothing is read. Copies on several machines have one tag if they have one time.
    #[default]
    Stat,
    /// A hash of its bytes: copies have one tag whatever their times are. The file is read once for it,
    /// and again when it has changed; the hashes of 4096 files are remembered by device, inode, size and
    /// times.
    Content,
}

impl FileError {
    /// Returns what the client is told: 404 if there is no such file, 403 if it may not be read, 503 if
    /// too many files are open, 500 for any other reason. The path is not in it.
    pub fn response(&self) -> PlainTextResponse {
        let status = self.status();
        PlainTextResponse::new(status.canonical_reason().unwrap_or_default()).status_code(status)
    }
}

impl Plannable for FileResponse {
    type Error = FileError;

    fn plan(
        self,
        request: &RequestFacts<'_>,
    ) -> impl Future<Output = Result<Planned, FileError>> + Send + use<> {
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
        // On the heap, so that an application is not large for every request because it has a file for
        // some.
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
    impl FileResponse;

    /// Sends the file to whoever `scope` describes, then runs the background task.
    ///
    /// A server that offers `http.response.pathsend` gets the path of a whole file, unless there is a
    /// background task, which might remove the file before the server has opened it, or
    /// [`delete_after`](Self::delete_after).
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened, before anything is sent, or is shorter than it was;
    /// whatever `send` returns.
    fn call;

    /// Makes the file an [`http::Response`], for a request of hyper, tower or axum.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened. [`FileError::response`] makes a 404 or 403 of it.
    async fn into_http -> FileError, by std::convert::identity;
}

service! {
    /// A missing file is 404, one that may not be read 403, and neither is an error of the service.
    impl FileResponse;
    type Future = super::error_pages::Answering<Self::Error>;
    super::error_pages::answer_or_page
}
