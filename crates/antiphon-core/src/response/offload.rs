//! Files that a server in front sends: a response names the file in a field, and has no content.
//!
//! | server           | field              | what it names                                          |
//! |------------------|--------------------|--------------------------------------------------------|
//! | nginx            | `X-Accel-Redirect` | a location of its configuration, mostly an `internal` one |
//! | Apache           | `X-Sendfile`       | the path of the file, as it is                         |
//! | lighttpd         | `X-Sendfile`       | the path of the file, percent-encoded                  |
//!
//! The server in front answers ranges and preconditions, by validators of its own. Which location a folder
//! has is the program's to say: no field of a request is looked at, such as the `X-Accel-Mapping` and
//! `X-Sendfile-Type` by which clients have chosen files of other programs (CVE-2025-61780, CVE-2026-7381).

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::response::content::{ContentFacts, InvalidResponse};
use crate::response::plan::{Base, Body, Plan};
use crate::text::percent::{self, SafeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// How a server in front is told which file to send.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::offload::Offload;
///
/// let offload = Offload::x_accel([("/srv/media", "/_files/"), ("/srv/media/cold", "/_cold/")])?;
/// let value = |path: &str| offload.field(path.as_bytes()).map(|(_, value)| value.to_text());
/// assert_eq!(value("/srv/media/a b.mp4")?, "/_files/a%20b.mp4");
/// assert_eq!(value("/srv/media/cold/a.mp4")?, "/_cold/a.mp4");
/// assert!(value("/srv/mediaeval/a.mp4").is_err());
/// assert!(value("/srv/media/../secret").is_err());
/// # Ok::<(), antiphon_core::response::offload::InvalidOffload>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offload(Server);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Server {
    XAccel(Vec<Mapped>),
    XSendfile(Reading),
}

/// What a server makes of the path in `X-Sendfile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Nobody has said, so that a path has to mean the same to all.
    Either,
    AsItIs,
    Decoded,
}

/// A folder, and where the server in front has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapped {
    folder: Vec<String>,
    /// Percent-encoded, and without a `/` at its end.
    location: String,
}

impl Offload {
    /// nginx, by `X-Accel-Redirect`: folders, and the locations that have them by `alias` or `root`.
    ///
    /// A location is written as in nginx's configuration, not percent-encoded. It does not matter whether
    /// the two end with `/`. A file in several of the folders is named by the one with the longest path.
    ///
    /// # Errors
    ///
    /// [`InvalidOffload`] if there is no folder, if one is not absolute, has a part `..` or comes twice, or
    /// if a location does not begin with `/`.
    pub fn x_accel<F, L>(mapping: impl IntoIterator<Item = (F, L)>) -> Result<Self, InvalidOffload>
    where
        F: Into<String>,
        L: Into<String>,
    {
        let mut mapped: Vec<Mapped> = Vec::new();
        for (folder, location) in mapping {
            let (folder, location) = (folder.into(), location.into());
            let Some(parts) = names(folder.as_bytes()) else {
                return Err(InvalidOffload(Fault::Folder(folder)));
            };
            if !location.starts_with('/') || location.contains('\0') {
                return Err(InvalidOffload(Fault::Location(location)));
            }
            let parts: Vec<String> = parts
                .into_iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect();
            if mapped.iter().any(|other| other.folder == parts) {
                return Err(InvalidOffload(Fault::Twice(folder)));
            }
            let location = location.trim_end_matches('/');
            mapped.push(Mapped {
                folder: parts,
                location: percent::quote(location, &PATH).into_owned(),
            });
        }
        if mapped.is_empty() {
            return Err(InvalidOffload(Fault::Empty));
        }
        // The longest first.
        mapped.sort_by_key(|mapped| core::cmp::Reverse(mapped.folder.len()));
        Ok(Self(Server::XAccel(mapped)))
    }

    /// Apache with `mod_xsendfile`, or lighttpd, by `X-Sendfile`, which holds the path of the file. Which
    /// folders they send from is for their configuration to say.
    ///
    /// Apache takes the path as it is, and lighttpd decodes it: so a path with a `%` is an error, unless it
    /// is [said](Self::x_sendfile_to_apache) [which](Self::x_sendfile_to_lighttpd) of them it is for.
    #[must_use]
    pub const fn x_sendfile() -> Self {
        Self(Server::XSendfile(Reading::Either))
    }

    /// Apache with `mod_xsendfile`, by `X-Sendfile`: the path as it is. One with a control character, or
    /// with a space at its end, is an error, since no field can say it.
    #[must_use]
    pub const fn x_sendfile_to_apache() -> Self {
        Self(Server::XSendfile(Reading::AsItIs))
    }

    /// lighttpd, by `X-Sendfile`: the path, percent-encoded.
    #[must_use]
    pub const fn x_sendfile_to_lighttpd() -> Self {
        Self(Server::XSendfile(Reading::Decoded))
    }

    /// Returns the field that names the file at an absolute path, whose parts are separated by `/`.
    ///
    /// # Errors
    ///
    /// [`InvalidOffload`] if the path is not absolute, holds a NUL or a part `..`, ends with `/`, lies in
    /// none of the folders, or cannot be said to that server.
    pub fn field(&self, path: &[u8]) -> Result<(FieldName, FieldValue), InvalidOffload> {
        let fault = |of: fn(String) -> Fault| {
            InvalidOffload(of(String::from_utf8_lossy(path).into_owned()))
        };
        let names = names(path)
            .filter(|_| !path.ends_with(b"/") && !path.contains(&0))
            .ok_or_else(|| fault(Fault::Path))?;
        match &self.0 {
            Server::XAccel(mapped) => {
                let found = mapped.iter().find_map(|mapped| {
                    let rest = mapped.beneath(&names)?;
                    Some(encoded(&mapped.location, rest))
                });
                let value = found.ok_or_else(|| fault(Fault::Outside))?;
                Ok((FieldName::X_ACCEL_REDIRECT, value))
            }
            Server::XSendfile(reading) => {
                if *reading == Reading::Either && path.contains(&b'%') {
                    return Err(fault(Fault::Ambiguous));
                }
                // A path on Windows begins with its drive.
                let (start, names) = match names.split_first() {
                    Some((drive, rest)) if !path.starts_with(b"/") => (*drive, rest),
                    _ => (&b""[..], &names[..]),
                };
                let value = if *reading == Reading::Decoded {
                    encoded(&String::from_utf8_lossy(start), names)
                } else {
                    let bytes = [&[start], names].concat().join(&b'/');
                    let is_cut = bytes.ends_with(b" ");
                    let value = FieldValue::try_from(bytes).ok().filter(|_| !is_cut);
                    value.ok_or_else(|| fault(Fault::Unsayable))?
                };
                Ok((FieldName::X_SENDFILE, value))
            }
        }
    }
}

impl Mapped {
    /// The parts of a path beneath the folder, if the file lies there.
    fn beneath<'a, 'b>(&self, names: &'b [&'a [u8]]) -> Option<&'b [&'a [u8]]> {
        let (start, rest) = names.split_at_checked(self.folder.len())?;
        let own = self.folder.iter().map(String::as_bytes);
        (!rest.is_empty() && own.eq(start.iter().copied())).then_some(rest)
    }
}

/// The parts of an absolute path; `None` if it is none, or if one of them is `..`: where that leads, symbolic
/// links decide.
fn names(path: &[u8]) -> Option<Vec<&[u8]>> {
    let has_drive = matches!(path, [drive, b':', ..] if drive.is_ascii_alphabetic());
    if !path.starts_with(b"/") && !has_drive {
        return None;
    }
    let mut names = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => return None,
            name => names.push(name),
        }
    }
    Some(names)
}

fn encoded(start: &str, names: &[&[u8]]) -> FieldValue {
    let mut text = String::from(start);
    for name in names {
        text.push('/');
        percent::push_quoted(&mut text, name, &PATH);
    }
    FieldValue::from_visible_ascii(text)
}

static PATH: SafeSet = SafeSet::with("/");

/// Plans the answer to any request for the file at an absolute path: the field that names it, and no content.
///
/// The fields by which a response speaks for a file, `ETag`, `Last-Modified`, `Accept-Ranges` and the length,
/// go: the server in front has its own. It keeps `Content-Type`, `Content-Disposition`, `Cache-Control`,
/// `Expires` and `Set-Cookie`.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::content::ContentFacts;
/// use antiphon_core::response::offload::{self, Offload};
///
/// let mut headers = Headers::new();
/// headers.append("content-type", "video/mp4")?;
/// headers.append("etag", "\"1\"")?;
/// let facts = ContentFacts { declared: headers.declared(), ..Default::default() };
/// let plan = offload::plan(&Offload::x_sendfile(), b"/srv/a b.mp4", facts)?;
/// let (status, headers, _) = plan.into_parts(headers.clone());
/// assert_eq!((status, headers.len()), (200, 3));
/// assert_eq!(headers.get("x-sendfile").unwrap(), "/srv/a b.mp4");
/// assert_eq!(headers.get("content-length").unwrap(), "0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`InvalidOffload`] if [`Offload::field`] has none, if the status is not 200, which the server in front
/// would answer with, or if there is a `Transfer-Encoding`.
pub fn plan(
    offload: &Offload,
    path: &[u8],
    facts: ContentFacts<'_>,
) -> Result<Plan<()>, InvalidOffload> {
    if facts.status != 200 {
        return Err(InvalidOffload(Fault::Status(facts.status)));
    }
    facts
        .refuse_transfer_encoding()
        .map_err(|error| InvalidOffload(Fault::Response(error)))?;
    let (name, value) = offload.field(path)?;
    Ok(Plan {
        status: 200,
        headers: Base::Callers,
        patches: vec![
            HeaderPatch::Remove(FieldName::ACCEPT_RANGES),
            HeaderPatch::Remove(FieldName::ETAG),
            HeaderPatch::Remove(FieldName::LAST_MODIFIED),
            HeaderPatch::Set(name, value),
            HeaderPatch::Set(FieldName::CONTENT_LENGTH, FieldValue::from(0)),
        ],
        body: Body::Empty,
    })
}

/// The error of a file that a server in front cannot be told of. Nothing has been sent when it is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOffload(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    Folder(String),
    Location(String),
    Twice(String),
    Path(String),
    Outside(String),
    Ambiguous(String),
    Unsayable(String),
    Status(u16),
    Deleted,
    Response(InvalidResponse),
}

impl InvalidOffload {
    /// The error of a file that is to be removed as well, before the server in front has opened it.
    #[must_use]
    pub const fn of_deletion() -> Self {
        Self(Fault::Deleted)
    }
}

impl fmt::Display for InvalidOffload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Empty => formatter.write_str(
                "offload: expected at least one folder and its location, but found none",
            ),
            Fault::Folder(found) => write!(
                formatter,
                "offload: expected the absolute path of a folder, without a part \"..\", but found \
                 {found:?}"
            ),
            Fault::Location(found) => write!(
                formatter,
                "offload: expected a location that begins with \"/\", as in nginx's configuration, but \
                 found {found:?}"
            ),
            Fault::Twice(found) => write!(
                formatter,
                "offload: expected each folder once, but found {found:?} twice"
            ),
            Fault::Path(found) => write!(
                formatter,
                "offload: expected the absolute path of a file, without a part \"..\" or a NUL, but \
                 found {found:?}"
            ),
            Fault::Outside(found) => write!(
                formatter,
                "offload: expected a file beneath one of the mapped folders, but found {found:?}; add \
                 its folder to the mapping"
            ),
            Fault::Ambiguous(found) => write!(
                formatter,
                "offload: expected the name of the server, apache or lighttpd, for a path with \"%\", \
                 which only one of them decodes, but found {found:?}"
            ),
            Fault::Unsayable(found) => write!(
                formatter,
                "offload: expected a path without a control character, or a space at its end, but found \
                 {found:?}"
            ),
            Fault::Status(found) => write!(
                formatter,
                "offload: expected status code 200, since the server in front answers with its own, but \
                 found {found}"
            ),
            Fault::Deleted => formatter.write_str(
                "delete_after: expected a file that is sent from here, but found an offload, whose \
                 server opens it later; leave one of the two out",
            ),
            Fault::Response(error) => error.fmt(formatter),
        }
    }
}

impl core::error::Error for InvalidOffload {}
