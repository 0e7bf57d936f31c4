//! Compression: which content coding a response is sent in, and what its head says then ([RFC 9110 §8.4]).
//!
//! A response in a coding is another representation: other bytes, another length, an entity tag of its own
//! ([§8.8.3.3]), and no ranges, since those would be of bytes that are made anew each time. Which one a client
//! gets depends on its `Accept-Encoding`, so both say so by `Vary`.
//!
//! | response                                                       | is                                    |
//! |----------------------------------------------------------------|---------------------------------------|
//! | 1xx, 204, 205, 206, 304                                        | left alone                            |
//! | `Content-Encoding`, `Content-Range`, a digest, `no-transform`  | left alone                            |
//! | a media type that does not shrink, few bytes                   | left alone, unless `identity` is refused |
//! | any other                                                      | sent in the coding that the client likes best |
//!
//! A face asks [`plan`] once the head is known, and encodes what follows.
//!
//! [RFC 9110 §8.4]: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
//! [§8.8.3.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::request::fields::RequestFields;
use crate::response::content;
use crate::text::{number, weight};
use crate::values::compressible;
use crate::values::content_coding::ContentCoding;
use crate::values::etag::{self, EntityTag};
use crate::values::media_range::MediaRange;
use alloc::vec::Vec;

/// What a program wants to be compressed.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::compression::Terms;
/// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip};
///
/// let terms = Terms::default();
/// assert_eq!(terms.codings_for(Some(1000)), [Br, Gzip]);
/// assert_eq!(terms.codings_for(None), [Gzip, Br]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The codings that are offered, the best first; `None` for [`codings_for`](Self::codings_for)'s own.
    pub codings: Option<Vec<ContentCoding>>,
    /// Content of fewer bytes is left alone; 500 by default.
    pub minimum_size: u64,
    /// What is compressed, instead of what [`shrinks`](compressible::shrinks).
    pub media_types: Option<Vec<MediaRange>>,
    /// What is not compressed, whatever else holds.
    pub excluded: Vec<MediaRange>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            codings: None,
            minimum_size: MINIMUM_SIZE,
            media_types: None,
            excluded: Vec::new(),
        }
    }
}

impl Terms {
    /// Returns the codings that are offered for content of this length, the best first.
    ///
    /// Content that is compressed as a whole becomes smaller by brotli. A stream, whose length is unknown, is
    /// flushed after each chunk; for the same time gzip makes fewer bytes of that.
    #[must_use]
    pub fn codings_for(&self, length: Option<u64>) -> &[ContentCoding] {
        match (&self.codings, length) {
            (Some(codings), _) => codings,
            (None, Some(_)) => &[ContentCoding::Br, ContentCoding::Gzip],
            (None, None) => &[ContentCoding::Gzip, ContentCoding::Br],
        }
    }

    fn want(&self, content_type: Option<&[u8]>) -> bool {
        let is_one = |ranges: &[MediaRange]| {
            content_type.is_some_and(|own| ranges.iter().any(|range| range.holds(own)))
        };
        let wanted = match &self.media_types {
            Some(ranges) => is_one(ranges),
            None => compressible::shrinks(content_type),
        };
        wanted && !is_one(&self.excluded)
    }
}

/// Content of fewer bytes is left alone, unless a program says otherwise: it fits into the packet that its
/// head fills already.
pub const MINIMUM_SIZE: u64 = 500;

/// What a head says that decides whether the content is compressed.
///
/// # Examples
///
/// ```
/// use antiphon_core::response::compression::Described;
///
/// let head = Described::of(200, [("content-type", "text/css"), ("content-length", "700")]);
/// assert_eq!(head.length(), Some(700));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Described<'a> {
    status: u16,
    content_length: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    etag: Option<&'a [u8]>,
    vary: Vec<&'a [u8]>,
    /// What is said of the bytes would not be true of others, or the program wants these.
    is_final: bool,
}

impl<'a> Described<'a> {
    /// Reads a head: its status, and its fields with names in lower case.
    #[must_use]
    pub fn of<N, V>(status: u16, fields: impl IntoIterator<Item = (N, &'a V)>) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut described = Self {
            status,
            ..Self::default()
        };
        for (name, value) in fields {
            described.note(name.as_ref(), value.as_ref());
        }
        described
    }

    /// Reads one more field, whose name is in lower case.
    pub fn note(&mut self, name: &[u8], value: &'a [u8]) {
        let first = match name {
            b"content-length" => &mut self.content_length,
            b"content-type" => &mut self.content_type,
            b"etag" => &mut self.etag,
            b"vary" => return self.vary.push(value),
            b"cache-control" => {
                self.is_final |=
                    weight::members(value).any(|word| word.eq_ignore_ascii_case(b"no-transform"));
                return;
            }
            // What RFC 9530 and what it has taken the place of say is of the bytes as they are sent.
            b"content-encoding" | b"content-range" | b"content-digest" | b"repr-digest"
            | b"digest" | b"content-md5" => {
                self.is_final = true;
                return;
            }
            _ => return,
        };
        first.get_or_insert(value);
    }

    /// The number of bytes of the content as it is, if the head says it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.content_length.and_then(number::parse)
    }
}

/// How a response is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the head has to say how the content is coded"]
pub struct Answer {
    /// What the content is to be encoded in; `None` sends it as it is.
    pub coding: Option<ContentCoding>,
    etag: Option<FieldValue>,
    vary: Option<FieldValue>,
}

impl Answer {
    /// A response that is left alone.
    const ALONE: Self = Self {
        coding: None,
        etag: None,
        vary: None,
    };

    /// Tells whether the head stays as it is, and the content.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.coding.is_none() && self.etag.is_none() && self.vary.is_none()
    }

    /// The changes of the head. `length` is that of the content in the coding, if it is known.
    pub fn patches(self, length: Option<u64>) -> impl Iterator<Item = HeaderPatch> {
        let length = match length {
            Some(length) => HeaderPatch::Set(FieldName::CONTENT_LENGTH, length.into()),
            None => HeaderPatch::Remove(FieldName::CONTENT_LENGTH),
        };
        let coded = self.coding.map(|coding| {
            [
                length,
                HeaderPatch::Remove(FieldName::ACCEPT_RANGES),
                HeaderPatch::Append(FieldName::CONTENT_ENCODING, coding.into()),
            ]
        });
        let set = |name: FieldName, value: Option<FieldValue>| {
            value.map(|value| HeaderPatch::Set(name, value))
        };
        let etag = set(FieldName::ETAG, self.etag);
        let vary = set(FieldName::VARY, self.vary);
        coded.into_iter().flatten().chain(etag).chain(vary)
    }
}

/// Decides how a response is sent to a request, which [`RequestFields::uncode`] has been asked about.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::request::fields::RequestFields;
/// use antiphon_core::request::method::Method;
/// use antiphon_core::response::compression::{Described, Terms, plan};
/// use antiphon_core::values::content_coding::ContentCoding;
///
/// let fields = [("content-type", "text/css"), ("content-length", "700"), ("etag", "\"1\"")];
/// let request = RequestFields::of(Method::Get, [("accept-encoding", "gzip")]);
/// let answer = plan(&Terms::default(), &Described::of(200, fields), &request);
/// assert_eq!(answer.coding, Some(ContentCoding::Gzip));
///
/// let mut headers = Headers::new();
/// answer.patches(Some(300)).for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("content-encoding").unwrap(), "gzip");
/// assert_eq!(headers.get("content-length").unwrap(), "300");
/// assert_eq!(headers.get("etag").unwrap(), "\"1-gzip\"");
/// assert_eq!(headers.get("vary").unwrap(), "Accept-Encoding");
/// ```
pub fn plan(terms: &Terms, head: &Described<'_>, request: &RequestFields) -> Answer {
    if head.status == 304 {
        let etag = head.etag.and_then(|tag| request.coded_tag(tag));
        return Answer {
            vary: etag.is_some().then(|| varied(&head.vary)).flatten(),
            etag,
            coding: None,
        };
    }
    let length = head.length();
    if !content::is_allowed(head.status) || head.status == 206 || head.is_final || length == Some(0)
    {
        return Answer::ALONE;
    }
    let accepted = request.accepted();
    let is_worth_it =
        terms.want(head.content_type) && length.is_none_or(|length| length >= terms.minimum_size);
    let mut codings = accepted.ranked(terms.codings_for(length));
    let coding = if is_worth_it || accepted.refuses_identity() {
        codings.next()
    } else {
        None
    };
    if !is_worth_it && coding.is_none() {
        return Answer::ALONE;
    }
    let is_strong = |tag: &[u8]| EntityTag::parse(tag).is_some_and(|tag| !tag.is_weak());
    let strong = head.etag.filter(|tag| is_strong(tag));
    Answer {
        etag: strong
            .zip(coding)
            .map(|(tag, coding)| etag::in_coding(&FieldValue::from_checked(tag.to_vec()), coding)),
        vary: varied(&head.vary),
        coding,
    }
}

/// The value of `Vary` with `Accept-Encoding` in it; `None` if it says so already.
fn varied(lines: &[&[u8]]) -> Option<FieldValue> {
    let says = |word: &[u8]| word == b"*" || word.eq_ignore_ascii_case(b"accept-encoding");
    if lines.iter().any(|line| weight::members(line).any(says)) {
        return None;
    }
    if lines.is_empty() {
        return Some(FieldValue::ACCEPT_ENCODING);
    }
    let mut value = lines.join(&b", "[..]);
    value.extend_from_slice(b", Accept-Encoding");
    Some(FieldValue::from_checked(value))
}
