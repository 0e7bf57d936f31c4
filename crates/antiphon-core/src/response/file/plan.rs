//! The answer to a request for a file.

use super::content::FileContent;
use super::partial::{self, RangeTerms};
use crate::body::segment::Segment;
use crate::fields::{Declared, FieldName, FieldValue, HeaderPatch};
use crate::request::fields::RequestFields;
use crate::request::method::Method;
use crate::request::preconditions::Validators;
use crate::request::range::{self, RangeOutcome, RangePolicy};
use crate::response::conditional::{instead_of_content, without_content};
use crate::response::content::{self, ContentFacts, InvalidResponse};
use crate::response::plan::{Base, Body, Plan};
use crate::values::media_type::{Charset, MediaType};
use alloc::format;
use alloc::vec;

/// What is known of the file, and of the response that was built for it.
#[derive(Clone, Copy, Debug)]
pub struct FileFacts<'a> {
    /// The status of the response, 200 by default; preconditions and ranges are for 200 only.
    pub status: u16,
    /// The number of bytes of the file; `None` if its content is made while it is read, as that of files
    /// of procfs. Then it is sent without a length, and never in parts.
    pub length: Option<u64>,
    /// What the fields say that the response was built with, those of [`head`](super::head) and
    /// [`stat_head`](super::stat_head) among them. Its validators count, its media type is that of parts.
    pub declared: Declared<&'a [u8]>,
}

impl Default for FileFacts<'_> {
    fn default() -> Self {
        Self {
            status: 200,
            length: Some(0),
            declared: Declared::default(),
        }
    }
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
/// use antiphon_core::body::segment::Segment;
/// use antiphon_core::fields::Headers;
/// use antiphon_core::request::fields::RequestFields;
/// use antiphon_core::request::method::Method;
/// use antiphon_core::response::file::{FileContent, FileFacts, RangeTerms, plan};
/// use antiphon_core::response::plan::Body;
///
/// let file = FileFacts { length: Some(1000), ..Default::default() };
/// let request = RequestFields::of(Method::Get, [("range", "bytes=-10")]);
/// let (status, headers, body) =
///     plan(file, &request, RangeTerms::default())?.into_parts(Headers::new());
/// assert_eq!(status, 206);
/// assert_eq!(headers.get("content-range").unwrap(), "bytes 990-999/1000");
/// assert_eq!(headers.get("content-length").unwrap(), "10");
/// assert_eq!(body, Body::Content(FileContent::Segments(vec![Segment::File(990..1000)])));
/// # Ok::<(), antiphon_core::response::content::InvalidResponse>(())
/// ```
///
/// # Errors
///
/// [`InvalidResponse`] if the declared `Content-Length` is not the file's, except for HEAD, 304 and 412,
/// or if there is a `Transfer-Encoding`.
///
/// # Starlette
///
/// `FileResponse` evaluates no preconditions (divergence D-12); with [`RangePolicy::Starlette`] all
/// else is its answer.
pub fn plan(
    file: FileFacts<'_>,
    request: &RequestFields,
    terms: RangeTerms<'_>,
) -> Result<Plan<FileContent>, InvalidResponse> {
    let facts = ContentFacts {
        status: file.status,
        length: file.length,
        declared: file.declared,
    };
    facts.refuse_transfer_encoding()?;
    if let Some(plan) = instead_of_content(file.status, file.declared, request, terms.now) {
        return Ok(plan);
    }
    let method = request.method();
    let mut whole = Plan {
        status: file.status,
        headers: Base::Callers,
        patches: content::frame(facts, method)?,
        body: match (content::body(file.status, method, ()), file.length) {
            (Body::Empty, _) => Body::Empty,
            (Body::Content(()), Some(length)) => Body::Content(FileContent::Whole(length)),
            (Body::Content(()), None) => Body::Content(FileContent::UntilEnd),
        },
    };
    let Some(length) = file.length else {
        let none = HeaderPatch::Set(FieldName::ACCEPT_RANGES, FieldValue::NONE);
        whole.patches.push(none);
        return Ok(whole);
    };
    let Some(field) = request
        .range()
        .filter(|_| permits_ranges(file.status, method, terms.policy))
    else {
        return Ok(whole);
    };
    let preconditions = request.preconditions();
    if !preconditions.permits_range(Validators::from(file.declared), terms.now) {
        return Ok(whole);
    }
    let sends = method != Method::Head;
    Ok(
        match range::parse(field, length, terms.max_ranges, terms.policy) {
            RangeOutcome::Whole => whole,
            RangeOutcome::Parts(parts) => {
                let content_type = file.declared.content_type;
                partial::plan(&parts, length, content_type, sends, terms).unwrap_or(whole)
            }
            RangeOutcome::Malformed(text) => of_text(400, text, sends),
            RangeOutcome::Unsatisfiable => unsatisfiable(length, sends, terms.policy),
        },
    )
}

/// RFC 9110 §14.2: a server must ignore a `Range` with any method but GET. Starlette's tests want it
/// with HEAD too.
const fn permits_ranges(status: u16, method: Method, policy: RangePolicy) -> bool {
    status == 200
        && match (policy, method) {
            (_, Method::Get) | (RangePolicy::Starlette, Method::Head) => true,
            (RangePolicy::Rfc9110, Method::Head) | (_, Method::Other) => false,
        }
}

fn unsatisfiable(length: u64, sends: bool, policy: RangePolicy) -> Plan<FileContent> {
    let range = FieldValue::from_visible_ascii(format!("bytes */{length}"));
    let range = HeaderPatch::Append(FieldName::CONTENT_RANGE, range);
    match policy {
        RangePolicy::Rfc9110 => {
            let mut plan = without_content(416);
            plan.patches.push(range);
            plan
        }
        RangePolicy::Starlette => {
            let mut plan = of_text(416, "", sends);
            plan.patches.insert(0, range);
            plan
        }
    }
}

/// A response of its own, without the file's headers, as Starlette answers.
fn of_text(status: u16, text: &str, sends: bool) -> Plan<FileContent> {
    let (length, kind) = (FieldValue::from(text.len() as u64), MediaType::PLAIN_TEXT);
    Plan {
        status,
        headers: Base::Empty,
        patches: vec![
            HeaderPatch::Append(FieldName::CONTENT_LENGTH, length),
            HeaderPatch::Append(FieldName::CONTENT_TYPE, kind.with_charset(&Charset::UTF_8)),
        ],
        body: if sends && !text.is_empty() {
            Body::Content(FileContent::Segments(vec![Segment::Bytes(text.into())]))
        } else {
            Body::Empty
        },
    }
}
