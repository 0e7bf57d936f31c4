//! Which file of a directory answers a request.

use super::super::fixed::PlainTextResponse;
use super::super::plannable::PlannableAtOnce;
use super::super::redirect::RedirectResponse;
use super::super::{EtagSource, FileResponse};
use crate::content::file_error::{FileError, FileErrorKind};
use crate::content::opened::Opened;
use crate::content::place::Place;
use crate::deliver::planned::Planned;
use crate::request::facts::RequestFacts;
use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch};
use antiphon_core::request::directory_path::DirectoryPath;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::directory::{self, DirectoryRequest};
use antiphon_core::values::cache_rules::CacheRules;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::media_types::MediaTypes;
use antiphon_fs::{Folder, OpenErrorKind};
use http::StatusCode;
use std::path::PathBuf;
use std::sync::Arc;

/// A directory, and how its files are sent.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) root: PathBuf,
    /// Without a `/` at its end.
    pub(super) mounted_at: String,
    pub(super) index: Option<String>,
    pub(super) fallback: Option<String>,
    pub(super) precompressed: Vec<ContentCoding>,
    pub(super) cache_by: Option<CacheBy>,
    pub(super) cache_rules: CacheRules,
    pub(super) media_types: MediaTypes,
    pub(super) etag: EtagSource,
}

/// The program's own rule of how long a file may be kept.
#[derive(Clone)]
pub(super) struct CacheBy(pub(super) Arc<CacheRule>);

type CacheRule = dyn Fn(&str) -> Option<FieldValue> + Send + Sync;

/// What a request asks of a directory, kept while files are opened.
pub(super) struct Asked {
    fields: RequestFields,
    request: DirectoryRequest,
    path: String,
    query: String,
}

impl Asked {
    pub(super) fn new(facts: &RequestFacts<'_>, path: &str, query: Option<&str>) -> Self {
        Self {
            fields: facts.fields(),
            request: facts.of_directory(),
            path: path.to_owned(),
            query: query.unwrap_or_default().to_owned(),
        }
    }
}

/// Answers a request; where that fails, with a page, and a line in the log.
pub(super) async fn answer_or_500(served: Arc<Served>, asked: Asked) -> Planned {
    let method = asked.fields.method();
    served.answer(asked).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a file cannot be sent");
        page(error.response(), method)
    })
}

impl Served {
    async fn answer(&self, asked: Asked) -> Result<Planned, FileError> {
        let method = asked.fields.method();
        if method == Method::Other {
            let mut page = status(StatusCode::METHOD_NOT_ALLOWED, method);
            directory::refusal_head().for_each(|patch| page.headers.apply(patch));
            return Ok(page);
        }
        let beneath = asked.path.strip_prefix(&*self.mounted_at);
        let beneath = beneath.filter(|rest| self.mounted_at.is_empty() || is_begin_of_path(rest));
        if beneath == Some("") && !self.mounted_at.is_empty() && self.index.is_some() {
            // What its page refers to is to be looked for in the directory.
            let mount = DirectoryPath::parse(&self.mounted_at, false);
            let target = mount.map(|mount| mount.with_slash(asked.query.as_bytes()));
            return Ok(target.map_or_else(
                || status(StatusCode::NOT_FOUND, method),
                |target| redirect(target, method),
            ));
        }
        let path = beneath.and_then(|path| DirectoryPath::parse(path, cfg!(windows)));
        let Some(path) = path else {
            return Ok(status(StatusCode::NOT_FOUND, method));
        };
        // Held for all that is opened for this request; another may find another in its place.
        let folder = match Folder::open(&self.root) {
            Ok(folder) => Some(Arc::new(folder)),
            // Whoever opens the file asks others to give way.
            Err(error) if error.kind() == OpenErrorKind::TooManyOpenFiles => None,
            Err(error) => {
                tracing::warn!(%error, "a directory cannot be looked into");
                return Ok(status(StatusCode::NOT_FOUND, method));
            }
        };
        let folder = folder.as_ref();
        let file = match (&self.index, path.is_folder()) {
            (_, false) => Some(path.path().to_owned()),
            (Some(index), true) => Some(path.inside(index)),
            (None, true) => None,
        };
        if let Some(file) = file {
            match self.open(folder, &file).await? {
                Found::File(original) => {
                    let cache_control = self.cache_control(&file);
                    return self
                        .send(folder, &file, original, &asked, cache_control)
                        .await;
                }
                Found::NoFile if !path.is_folder() && self.has_index(folder, &path).await? => {
                    let target = path.with_slash(asked.query.as_bytes());
                    return Ok(redirect(target, method));
                }
                Found::NoFile | Found::Nothing => {}
            }
        }
        if let Some(fallback) = &self.fallback
            && asked.request.navigation.leads_to(&path.whole())
            && let Found::File(original) = self.open(folder, fallback).await?
        {
            let kept = Some(FieldValue::NO_CACHE);
            return self.send(folder, fallback, original, &asked, kept).await;
        }
        Ok(status(StatusCode::NOT_FOUND, method))
    }

    /// Tells whether a path that is no file is a folder with a page.
    async fn has_index(
        &self,
        folder: Option<&Arc<Folder>>,
        path: &DirectoryPath<'_>,
    ) -> Result<bool, FileError> {
        let Some(index) = &self.index else {
            return Ok(false);
        };
        let found = self.open(folder, &path.inside(index)).await?;
        Ok(matches!(found, Found::File(_)))
    }

    fn cache_control(&self, path: &str) -> Option<FieldValue> {
        let own = self.cache_by.as_ref().and_then(|by| by.0(path));
        own.or_else(|| self.cache_rules.of_path(path).cloned())
    }

    /// Opens a file. What there is not and what may not be read are the same to a client; what the machine
    /// lacks is an error.
    async fn open(&self, folder: Option<&Arc<Folder>>, path: &str) -> Result<Found, FileError> {
        let place = Place::named(folder, &self.root, path);
        match Opened::open(place).await {
            Ok(file) => Ok(Found::File(file)),
            Err(error) => match error.kind() {
                FileErrorKind::NotAFile => Ok(Found::NoFile),
                FileErrorKind::NotFound => Ok(Found::Nothing),
                FileErrorKind::Forbidden => {
                    tracing::debug!(%error, "a file of a directory cannot be sent");
                    Ok(Found::Nothing)
                }
                _ => Err(error),
            },
        }
    }

    /// Plans to send a file, or the copy of it that the client likes best.
    async fn send(
        &self,
        folder: Option<&Arc<Folder>>,
        path: &str,
        original: Opened,
        asked: &Asked,
        cache_control: Option<FieldValue>,
    ) -> Result<Planned, FileError> {
        let (mut file, mut chosen) = (original, None);
        for coding in asked.request.codings_of(path, &self.precompressed) {
            let copy = format!("{path}{}", coding.extension());
            // Whatever keeps a copy from being opened, there is the original.
            if let Ok(Found::File(copy)) = self.open(folder, &copy).await
                && directory::is_current(file.facts().modified, copy.facts().modified)
            {
                (file, chosen) = (copy, Some(coding));
                break;
            }
        }
        let has_copies = directory::has_copies(path, &self.precompressed);
        let kept = cache_control.map(|kept| HeaderPatch::Append(FieldName::CACHE_CONTROL, kept));
        let response = FileResponse::at(Place::named(folder, &self.root, path))
            .etag(self.etag)
            .media_types(self.media_types.clone())
            .coded(chosen);
        let mut response = response.patched(directory::head(has_copies, chosen).chain(kept));
        response.plan_opened(file, &asked.fields).await
    }
}

/// What a path leads to.
enum Found {
    File(Opened),
    /// A folder, a pipe, or the like.
    NoFile,
    Nothing,
}

fn is_begin_of_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

fn redirect(target: String, method: Method) -> Planned {
    page(RedirectResponse::new(target), method)
}

/// A page whose content is the reason phrase.
fn status(status: StatusCode, method: Method) -> Planned {
    let reason = status.canonical_reason().unwrap_or_default();
    page(PlainTextResponse::new(reason).status_code(status), method)
}

fn page(response: impl PlannableAtOnce, method: Method) -> Planned {
    let planned = response.plan_at_once(&RequestFacts::of_method(method));
    planned.unwrap_or_else(|_| Planned::bare(StatusCode::INTERNAL_SERVER_ERROR))
}
