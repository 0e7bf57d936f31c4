//! Files: preconditions, ranges, and the head that says what is sent.

use crate::body::multipart;
use crate::body::segment::{self, Segment};
use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::request::preconditions::{Outcome, Preconditions, Validators};
use crate::request::range::{self, RangeOutcome, RangePolicy};
use crate::response::content::{self, ContentFacts, InvalidResponse};
use crate::response::plan::{Body, Plan};
use crate::text::http_date::HttpDate;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// What is known of the file, and what the caller has set.
#[derive(Clone, Debug)]
pub struct FileFacts<'a> {
    /// The status of the response; preconditions and ranges are for 200 only.
    pub status: u16,
    /// The number of bytes of the file.
    pub length: u64,
    /// When it was modified; `None` outside the years that HTTP can say.
    pub last_modified: Option<HttpDate>,
    /// Its entity tag, of [`etag::of_file`](crate::values::etag::of_file) or of the face's own making.
    pub etag: Option<FieldValue>,
    /// The media type of its content.
    pub media_type: &'a str,
    /// The charset that text is labelled with.
    pub charset: &'a str,
    /// The value of `Content-Disposition`, if it is offered under a name.
    pub disposition: Option<FieldValue>,
    /// The value of `Cache-Control`, if any.
    pub cache_control: Option<FieldValue>,
    /// The `ETag` that the caller has set, which then counts.
    pub callers_etag: Option<&'a [u8]>,
    /// The `Last-Modified` that the caller has set, which then counts.
    pub callers_last_modified: Option<&'a [u8]>,
    /// The `Content-Type` that the caller has set, which then counts.
    pub callers_content_type: Option<&'a [u8]>,
    /// The `Content-Length` that the caller has set.
    pub declared_length: Option<&'a [u8]>,
    /// Whether the caller has set `Transfer-Encoding`.
    pub declares_transfer_encoding: bool,
}

/// What is known of the request.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// The method.
    pub method: &'a str,
    /// Its `Range`.
    pub range: Option<&'a [u8]>,
    /// Its preconditions.
    pub preconditions: Preconditions<'a>,
}

/// How ranges are answered, and what only the world knows.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What to do where RFC 9110 and Starlette differ.
    pub policy: RangePolicy,
    /// More ranges than these give the whole file.
    pub max_ranges: usize,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What separates the parts of several ranges: random, so that no content can hold it by intent.
    pub boundary: &'a str,
}

/// Plans the answer to a request for a file.
///
/// | request                                   | answer                                          |
/// |-------------------------------------------|-------------------------------------------------|
/// | a precondition fails                      | 412                                             |
/// | the client has it already                 | 304                                             |
/// | ranges, `If-Range` holds                  | 206: one, or several as `multipart/byteranges`  |
/// | ranges, none within the file              | 416                                             |
/// | anything else                             | the whole file                                  |
///
/// # Examples
///
/// ```
/// use antiphon_core::request::preconditions::Preconditions;
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::plan::Body;
/// use antiphon_core::request::range::RangePolicy;
/// use antiphon_core::response::file::{FileFacts, RequestFacts, Terms, plan};
/// use antiphon_core::body::segment::Segment;
/// use antiphon_core::{values::etag, text::http_date::HttpDate};
///
/// let file = FileFacts {
///     status: 200,
///     length: 1000,
///     last_modified: HttpDate::from_unix(1_700_000_000),
///     etag: Some(etag::of_file(1000, 1_700_000_000_000_000_000, 1_800_000_000)),
///     media_type: "text/plain",
///     charset: "utf-8",
///     disposition: None,
///     cache_control: None,
///     callers_etag: None,
///     callers_last_modified: None,
///     callers_content_type: None,
///     declared_length: None,
///     declares_transfer_encoding: false,
/// };
/// let request =
///     RequestFacts { method: "GET", range: Some(b"bytes=-10"), preconditions: Preconditions::default() };
/// let terms =
///     Terms { policy: RangePolicy::Rfc9110, max_ranges: 100, now: 1_800_000_000, boundary: "b" };
/// let mut plan = plan(file, request, terms)?;
/// assert_eq!((plan.status, &plan.body), (206, &Body::Segments(vec![Segment::File(990..1000)])));
/// let headers = plan.patch(Headers::new());
/// assert_eq!(headers.get("content-range").unwrap(), "bytes 990-999/1000");
/// assert_eq!(headers.get("content-length").unwrap(), "10");
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// Those of [`ContentFacts::populate`].
///
/// # Starlette
///
/// `FileResponse` evaluates no preconditions (divergence D-12); with [`RangePolicy::Starlette`] all
/// else is its answer.
pub fn plan(
    file: FileFacts<'_>,
    request: RequestFacts<'_>,
    terms: Terms<'_>,
) -> Result<Plan, InvalidResponse> {
    let head = request.method.eq_ignore_ascii_case("HEAD");
    let validators = Validators {
        etag: file
            .callers_etag
            .or_else(|| file.etag.as_ref().map(FieldValue::as_bytes)),
        last_modified: match file.callers_last_modified {
            Some(text) => core::str::from_utf8(text).ok().and_then(HttpDate::parse),
            None => file.last_modified,
        },
    };
    if file.status == 200 {
        match request.preconditions.evaluate(validators, request.method) {
            Outcome::NotModified => return without_content(304, &file),
            Outcome::PreconditionFailed => return without_content(412, &file),
            Outcome::Proceed => {}
        }
    }

    let mut patches = Vec::with_capacity(9);
    let content_type = content::content_type(file.media_type, file.charset)?;
    patches.push(HeaderPatch::SetDefault(
        FieldName::CONTENT_TYPE,
        content_type.clone(),
    ));
    patches.push(HeaderPatch::SetDefault(
        FieldName::ACCEPT_RANGES,
        FieldValue::BYTES,
    ));
    if let Some(value) = file.disposition.clone() {
        patches.push(HeaderPatch::SetDefault(
            FieldName::CONTENT_DISPOSITION,
            value,
        ));
    }
    let whole = ContentFacts {
        status: file.status,
        head,
        length: Some(file.length),
        media_type: None,
        charset: file.charset,
        declared_length: file.declared_length,
        declares_transfer_encoding: file.declares_transfer_encoding,
    };
    whole.populate(&mut patches)?;
    push_validators(&file, &mut patches);

    let outcome = match request.range {
        Some(field)
            if file.status == 200
                && permits_ranges(terms.policy, request.method)
                && request.preconditions.permits_range(validators, terms.now) =>
        {
            range::parse(field, file.length, terms.max_ranges, terms.policy)
        }
        _ => RangeOutcome::Whole,
    };
    let parts = match outcome {
        RangeOutcome::Whole => Vec::new(),
        RangeOutcome::Parts(parts) => parts,
        RangeOutcome::Malformed(text) => return malformed(text, head),
        RangeOutcome::Unsatisfiable => {
            return unsatisfiable(&file, head, terms.policy);
        }
    };
    let media_type = file
        .callers_content_type
        .unwrap_or_else(|| content_type.as_bytes());
    let Some(segments) = segments(&parts, file.length, media_type, terms) else {
        let carries = !head && content::carries_content(file.status);
        let body = if carries {
            Body::File(file.length)
        } else {
            Body::Empty
        };
        return Ok(Plan {
            status: file.status,
            anew: false,
            patches,
            body,
        });
    };

    match &parts[..] {
        [part] => {
            let (first, last) = (part.start, part.end - 1);
            let range = format!("bytes {first}-{last}/{}", file.length);
            let range = FieldValue::from_visible_ascii(range);
            patches.push(HeaderPatch::Set(FieldName::CONTENT_RANGE, range));
        }
        _ => {
            let media_type = format!("multipart/byteranges; boundary={}", terms.boundary);
            let media_type =
                FieldValue::try_from(media_type).map_err(InvalidResponse::media_type)?;
            patches.push(HeaderPatch::Set(FieldName::CONTENT_TYPE, media_type));
        }
    }
    let length = FieldValue::from(segment::total(&segments));
    patches.push(HeaderPatch::Set(FieldName::CONTENT_LENGTH, length));
    let body = if head {
        Body::Empty
    } else {
        Body::Segments(segments)
    };
    Ok(Plan {
        status: 206,
        anew: false,
        patches,
        body,
    })
}

/// RFC 9110 §14.2: a server must ignore a `Range` with any method but GET. Starlette's tests want it
/// with HEAD too.
fn permits_ranges(policy: RangePolicy, method: &str) -> bool {
    match policy {
        RangePolicy::Rfc9110 => method == "GET",
        RangePolicy::Starlette => ["GET", "HEAD"]
            .iter()
            .any(|name| method.eq_ignore_ascii_case(name)),
    }
}

/// The pieces of an answer to ranges; `None` if the whole file is the better answer.
fn segments(
    parts: &[Range<u64>],
    length: u64,
    media_type: &[u8],
    terms: Terms<'_>,
) -> Option<Vec<Segment>> {
    match parts {
        [] => None,
        [part] => Some(vec![Segment::File(part.clone())]),
        parts => {
            let segments = multipart::body(parts, length, media_type, terms.boundary);
            // Many small parts with their heads can be larger than what they are parts of; RFC 9110
            // §14.2 lets a server ignore such a request, and §17.15 advises it.
            let pays =
                terms.policy == RangePolicy::Starlette || segment::total(&segments) <= length;
            pays.then_some(segments)
        }
    }
}

/// 304 and 412: the validators and what the caller has set, but nothing that describes content
/// (RFC 9110 §15.4.5).
fn without_content(status: u16, file: &FileFacts<'_>) -> Result<Plan, InvalidResponse> {
    let mut patches = Vec::with_capacity(12);
    let nothing = ContentFacts {
        status,
        head: false,
        length: None,
        media_type: None,
        charset: file.charset,
        declared_length: None,
        declares_transfer_encoding: file.declares_transfer_encoding,
    };
    nothing.populate(&mut patches)?;
    patches.extend(DESCRIBES_CONTENT.into_iter().map(HeaderPatch::Remove));
    push_validators(file, &mut patches);
    if status != 304 {
        let length = FieldValue::from(0);
        patches.push(HeaderPatch::Set(FieldName::CONTENT_LENGTH, length));
    }
    Ok(Plan {
        status,
        anew: false,
        patches,
        body: Body::Empty,
    })
}

/// What a cache needs to know of the file, with content or without.
fn push_validators(file: &FileFacts<'_>, patches: &mut Vec<HeaderPatch>) {
    if let Some(date) = file.last_modified {
        let date = FieldValue::from(date);
        patches.push(HeaderPatch::SetDefault(FieldName::LAST_MODIFIED, date));
    }
    if let Some(etag) = file.etag.clone() {
        patches.push(HeaderPatch::SetDefault(FieldName::ETAG, etag));
    }
    if let Some(value) = file.cache_control.clone() {
        patches.push(HeaderPatch::SetDefault(FieldName::CACHE_CONTROL, value));
    }
}

fn unsatisfiable(
    file: &FileFacts<'_>,
    head: bool,
    policy: RangePolicy,
) -> Result<Plan, InvalidResponse> {
    let range = FieldValue::from_visible_ascii(format!("bytes */{}", file.length));
    let range = HeaderPatch::Set(FieldName::CONTENT_RANGE, range);
    match policy {
        RangePolicy::Rfc9110 => {
            let mut plan = without_content(416, file)?;
            plan.patches.push(range);
            Ok(plan)
        }
        RangePolicy::Starlette => {
            let mut plan = of_text(416, "", head)?;
            plan.patches.insert(0, range);
            Ok(plan)
        }
    }
}

fn malformed(text: &'static str, head: bool) -> Result<Plan, InvalidResponse> {
    of_text(400, text, head)
}

/// A response of its own, without the file's headers, as Starlette answers.
fn of_text(status: u16, text: &str, head: bool) -> Result<Plan, InvalidResponse> {
    let mut patches = Vec::with_capacity(3);
    let facts = ContentFacts {
        status,
        head,
        length: Some(text.len() as u64),
        media_type: Some("text/plain"),
        charset: "utf-8",
        declared_length: None,
        declares_transfer_encoding: false,
    };
    facts.populate(&mut patches)?;
    let body = if head || text.is_empty() {
        Body::Empty
    } else {
        Body::Segments(vec![Segment::Bytes(text.into())])
    };
    Ok(Plan {
        status,
        anew: true,
        patches,
        body,
    })
}

const DESCRIBES_CONTENT: [FieldName; 7] = [
    FieldName::ACCEPT_RANGES,
    FieldName::CONTENT_DISPOSITION,
    FieldName::CONTENT_ENCODING,
    FieldName::CONTENT_LANGUAGE,
    FieldName::CONTENT_LENGTH,
    FieldName::CONTENT_RANGE,
    FieldName::CONTENT_TYPE,
];
