//! Files in axum's handlers.

use crate::body::Body;
use crate::content::file_error::FileError;
use crate::request::facts::RequestFacts;
use crate::response::FileResponse;
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
    /// Answers the request with a file, as [`FileResponse::into_http`] does.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened, which a handler can return: it is 404, 403, 503 or 500.
    pub fn respond(
        &self,
        file: FileResponse,
    ) -> impl Future<Output = Result<http::Response<Body>, FileError>> + Send + use<> {
        file.answer(self.fields.clone())
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

impl<S: Sync> FromRequestParts<S> for FileRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            fields: RequestFacts::of(parts).fields(),
            uri: parts.uri.clone(),
        })
    }
}
