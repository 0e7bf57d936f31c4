//! Files in axum's handlers.

use crate::body::Body;
use crate::content::file_error::FileError;
use crate::content::source::SourceError;
use crate::request::facts::RequestFacts;
use crate::response::{ContentResponse, FileResponse};
use antiphon_core::request::fields::RequestFields;
use axum_core::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use std::convert::Infallible;
use std::future::Future;

/// An extractor of what a file has to know of its request: the method, the range, and the preconditions.
///
/// A handler that has one answers with a file, whole, in ranges or with 304, and takes whatever other
/// extractors it likes. None of them is refused by it.
///
/// # Examples
///
/// ```
/// use antiphon::{FileRequest, FileResponse};
/// use axum::extract::Path;
/// use axum::response::IntoResponse;
/// use axum::{Router, routing::get};
///
/// async fn report(Path(year): Path<u16>, request: FileRequest) -> impl IntoResponse {
///     request.respond(FileResponse::new(format!("reports/{year}.pdf")).filename("report.pdf")).await
/// }
///
/// async fn asset(request: FileRequest) -> impl IntoResponse {
///     let path = request.path().strip_prefix("/assets/").unwrap_or_default();
///     request.respond(FileResponse::within("assets", path)).await
/// }
///
/// let app: Router = Router::new()
///     .route("/reports/{year}", get(report))
///     .route("/assets/{*path}", get(asset));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
pub struct FileRequest {
    fields: RequestFields,
    uri: Uri,
}

impl FileRequest {
    /// Answers the request with a file, or with content of another source, as
    /// [`FileResponse::into_http`] and [`ContentResponse::into_http`] do.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened, which a handler can return: it is 404, 403, 503 or 500.
    /// [`SourceError`] if the source fails: 404, 403, 500, 502, 503 or 504.
    pub fn respond<R: Conditional>(
        &self,
        response: R,
    ) -> impl Future<Output = Result<http::Response<Body>, R::Error>> + Send + use<R> {
        response.answered(self.fields.clone())
    }

    /// Returns the path of the request, percent-encoded as it came, which is how
    /// [`FileResponse::within`] takes the rest of one; axum's `Path` has decoded its own.
    ///
    /// In a router that is nested it is what that router sees, without the prefix.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }
}

/// A response that needs its request: [`FileResponse`] and [`ContentResponse`].
pub trait Conditional {
    /// Why there is no answer.
    type Error;

    #[doc(hidden)]
    fn answered(
        self,
        request: RequestFields,
    ) -> impl Future<Output = Result<http::Response<Body>, Self::Error>> + Send + use<Self>;
}

impl Conditional for FileResponse {
    type Error = FileError;

    fn answered(
        self,
        request: RequestFields,
    ) -> impl Future<Output = Result<http::Response<Body>, FileError>> + Send + use<> {
        self.answer(request)
    }
}

impl Conditional for ContentResponse {
    type Error = SourceError;

    fn answered(
        self,
        request: RequestFields,
    ) -> impl Future<Output = Result<http::Response<Body>, SourceError>> + Send + use<> {
        self.answer(request)
    }
}

impl<S: Sync> FromRequestParts<S> for FileRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            fields: RequestFacts::of(parts).fields(),
            uri: parts.uri.clone(),
        })
    }
}
