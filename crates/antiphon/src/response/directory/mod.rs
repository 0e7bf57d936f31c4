//! Directories.

mod answer;

use crate::asgi;
use crate::body::Body;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use crate::response::EtagSource;
use answer::{Asked, Served, answer_or_500};
use antiphon_core::fields::{FieldValue, InvalidHeader};
use antiphon_core::values::cache_rules::{self, CacheRules};
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::media_types::MediaTypes;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

/// A directory, whose files are sent by the paths that requests name.
///
/// | what                | how                                                                        |
/// |---------------------|----------------------------------------------------------------------------|
/// | methods             | GET and HEAD; any other is 405                                             |
/// | files               | as [`FileResponse`](crate::FileResponse) sends them: validators, 304, 412, ranges |
/// | what there is not   | 404, also for what may not be read, is no regular file or lies outside, so that nobody learns which |
/// | compressed copies   | [`precompressed`](Self::precompressed): `app.js.br` in the place of `app.js` |
/// | folders             | [`index`](Self::index): the page of `docs/`, to which `docs` is redirected |
/// | single-page applications | [`fallback`](Self::fallback), for navigations only                    |
/// | caching             | [`cache_control`](Self::cache_control) by the path                         |
///
/// A path is percent-decoded once. It is 404, without a look at the disk, if a part of it is empty, `.` or
/// `..`, or holds a NUL or a `\`; on Windows also if it names a drive, a stream or a device. No symbolic link
/// is followed out of the directory: on Linux the kernel sees to that (`openat2`, `RESOLVE_BENEATH`).
/// Folders are never listed.
///
/// It is an [`App`](asgi::App), and with the feature `tower` a `Service`, for axum's `nest_service` and
/// `fallback_service`. Where it is an application of its own it answers all paths, or those beneath
/// [`mounted_at`](Self::mounted_at).
///
/// # Examples
///
/// ```
/// use antiphon::{ContentCoding::{Br, Gzip}, Directory};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let site = Directory::new("src")
///     .index("index.html")
///     .precompressed([Br, Gzip])
///     .cache_control("assets/**", Directory::IMMUTABLE)?;
/// let response = site.to_http(&http::Request::get("/lib.rs").body(())?).await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.headers()["vary"], "Accept-Encoding");
///
/// let outside = site.to_http(&http::Request::get("/..%2fCargo.toml").body(())?).await;
/// assert_eq!(outside.status(), 404);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Starlette
///
/// What `StaticFiles` is there, which the Python face has.
#[must_use = "a directory does nothing until requests are sent to it"]
#[derive(Clone, Debug)]
pub struct Directory(Arc<Served>);

impl Directory {
    /// The value of `Cache-Control` for files whose names change with their content, such as those that
    /// bundlers write: a year, without asking again.
    pub const IMMUTABLE: &str = cache_rules::IMMUTABLE;

    /// Serves the files beneath the folder `root`, which is looked for at each request.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Served {
            root: root.into(),
            mounted_at: String::new(),
            index: None,
            fallback: None,
            precompressed: Vec::new(),
            cache_by: None,
            cache_rules: CacheRules::new(),
            media_types: MediaTypes::new(),
            etag: EtagSource::Stat,
        }))
    }

    fn set(mut self, change: impl FnOnce(&mut Served)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets the path that the directory has in the application, `/static`: what is beneath is looked for, all
    /// else is 404. A router that strips the path, such as axum's `nest_service`, needs none.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::Directory;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let files = Directory::new("src").mounted_at("/static");
    /// for (path, status) in [("/static/lib.rs", 200), ("/lib.rs", 404), ("/staticlib.rs", 404)] {
    ///     let request = http::Request::get(path).body(())?;
    ///     assert_eq!(files.to_http(&request).await.status(), status);
    /// }
    /// # Ok::<(), http::Error>(()) }).unwrap();
    /// ```
    pub fn mounted_at(self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.set(|served| served.mounted_at = path.trim_end_matches('/').to_owned())
    }

    /// Sets the name of the file that is a folder's page: `docs/` is answered by `docs/index.html`, and
    /// `docs` redirected to it (307), with its query. By default a folder has none, and is 404.
    pub fn index(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.set(|served| served.index = Some(name))
    }

    /// Sets the path of the file, beneath the directory, that answers navigations to what there is not, as
    /// single-page applications need it.
    ///
    /// A navigation is a GET or HEAD whose `Accept` names `text/html` itself, whose `Sec-Fetch-Mode`, if it
    /// is sent, is `navigate`, and whose path has no dot in its last name. So a script that is missing is
    /// 404, and no browser keeps a page in its place. The page itself is sent with `Cache-Control: no-cache`.
    pub fn fallback(self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.set(|served| served.fallback = Some(path))
    }

    /// Sets in which codings files lie beside their originals: `app.js.br`, `app.js.zst`, `app.js.gz`.
    ///
    /// The one that the client's `Accept-Encoding` likes best is sent, and of equals the one that is named
    /// first here. Its original has to be there and readable, and must not be newer; a copy that is no
    /// regular file, or lies outside, is none. Each copy has a tag of its own, and ranges are of its bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::{ContentCoding::{Br, Zstd}, Directory};
    ///
    /// # let root = std::env::temp_dir().join(format!("antiphon-directory-{}", std::process::id()));
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # std::fs::create_dir_all(&root)?;
    /// std::fs::write(root.join("app.js"), "let a = 1;")?;
    /// std::fs::write(root.join("app.js.zst"), "compressed")?;
    ///
    /// let site = Directory::new(&root).precompressed([Br, Zstd]);
    /// let request = http::Request::get("/app.js").header("accept-encoding", "br, zstd").body(())?;
    /// let response = site.to_http(&request).await;
    /// assert_eq!(response.headers()["content-encoding"], "zstd");
    /// assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
    /// # std::fs::remove_dir_all(&root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn precompressed(self, codings: impl IntoIterator<Item = ContentCoding>) -> Self {
        let codings = codings.into_iter().collect();
        self.set(|served| served.precompressed = codings)
    }

    /// Adds a rule for `Cache-Control`: files whose path beneath the directory a pattern fits have this
    /// value. The first pattern that fits counts; see [`CacheRules`].
    ///
    /// A folder's page has the path of the page.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if the value holds a line break or another control character.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::Directory;
    ///
    /// let site = Directory::new("dist")
    ///     .cache_control("assets/**", Directory::IMMUTABLE)?
    ///     .cache_control("**", "no-cache")?;
    /// # let _ = site;
    /// # Ok::<(), antiphon::headers::InvalidHeader>(())
    /// ```
    pub fn cache_control<V>(mut self, pattern: &str, value: V) -> Result<Self, InvalidHeader>
    where
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let served = Arc::make_mut(&mut self.0);
        served.cache_rules = std::mem::take(&mut served.cache_rules).with(pattern, value)?;
        Ok(self)
    }

    /// Sets what tells the value of `Cache-Control` by the path of a file beneath the directory; where it
    /// returns `None`, the [rules](Self::cache_control) count.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::Directory;
    /// use antiphon::headers::FieldValue;
    ///
    /// let site = Directory::new("dist")
    ///     .cache_control_by(|path| path.ends_with(".html").then_some(FieldValue::NO_CACHE));
    /// # let _ = site;
    /// ```
    pub fn cache_control_by(
        self,
        rule: impl Fn(&str) -> Option<FieldValue> + Send + Sync + 'static,
    ) -> Self {
        self.set(|served| served.cache_by = Some(answer::CacheBy(Arc::new(rule))))
    }

    /// Sets by which table media types are guessed.
    pub fn media_types(self, media_types: MediaTypes) -> Self {
        self.set(|served| served.media_types = media_types)
    }

    /// Sets what the tags of files are made of; size and time by default.
    pub fn etag(self, source: EtagSource) -> Self {
        self.set(|served| served.etag = source)
    }

    /// Makes the answer to a request an [`http::Response`]: a page of its own if there is no file.
    pub fn to_http<B>(
        &self,
        request: &http::Request<B>,
    ) -> impl Future<Output = http::Response<Body>> + Send + use<B> {
        self.answer(&RequestFacts::of(request), request.uri())
    }

    fn answer(
        &self,
        request: &RequestFacts<'_>,
        uri: &http::Uri,
    ) -> impl Future<Output = http::Response<Body>> + Send + use<> {
        let asked = Asked::new(request, uri.path(), uri.query());
        let planned = answer_or_500(Arc::clone(&self.0), asked);
        async move { Planned::into_http(planned.await) }
    }
}

impl Directory {
    /// Sends the file that `scope` names, or a page of its own if there is none.
    ///
    /// # Errors
    ///
    /// [`FileError`](crate::FileError) if a file is shorter than it was; whatever `send` returns.
    pub fn call(
        &self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        mut send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + use<> {
        let facts = RequestFacts::of_scope(&scope);
        let asked = Asked::new(&facts, scope.raw_path(), Some(scope.query_string()));
        let offers = scope.offers();
        drop((scope, receive));
        let planned = answer_or_500(Arc::clone(&self.0), asked);
        // On the heap, so that an application is not large for every request because it has a directory for
        // some.
        Box::pin(async move {
            let mut planned = planned.await;
            planned.compress_for(&mut send);
            planned.send(offers, send).await
        })
    }
}

impl asgi::App for Directory {
    fn call(
        &self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> impl Future<Output = asgi::Result> + Send + 'static {
        Self::call(self, scope, receive, send)
    }
}

/// Each request is answered, if need be with a page of the error.
#[cfg(feature = "tower")]
impl<B> tower_service::Service<http::Request<B>> for Directory {
    type Response = http::Response<Body>;
    type Error = std::convert::Infallible;
    type Future = std::pin::Pin<
        Box<dyn Future<Output = Result<http::Response<Body>, std::convert::Infallible>> + Send>,
    >;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let answer = self.answer(&RequestFacts::of(&request), request.uri());
        Box::pin(async move { Ok(answer.await) })
    }
}

impl fmt::Debug for answer::CacheBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CacheBy")
    }
}
