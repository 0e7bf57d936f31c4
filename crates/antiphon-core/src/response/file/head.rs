//! What the header says of a file, before anybody has asked for it.

use crate::fields::{FieldName, FieldValue, HeaderPatch};
use crate::response::content;
use crate::text::http_date::HttpDate;

/// Describes a file when its response is built: it can be had in parts, and, with `disposition` as the
/// value of `Content-Disposition`, under a name. What the caller has set stays.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::file;
/// use antiphon_core::values::content_disposition::{self, DispositionType};
///
/// let name = content_disposition::encode(&DispositionType::INLINE, "a.pdf");
/// let mut headers = Headers::new();
/// file::head(Some(name)).for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("accept-ranges").unwrap(), "bytes");
/// assert_eq!(headers.get("content-disposition").unwrap(), "inline; filename=\"a.pdf\"");
/// ```
pub fn head(disposition: Option<FieldValue>) -> impl Iterator<Item = HeaderPatch> {
    let named = disposition.map(|value| (FieldName::CONTENT_DISPOSITION, value));
    defaults([Some((FieldName::ACCEPT_RANGES, FieldValue::BYTES)), named])
}

/// The state of a file, and how long what is made of it may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The number of bytes; `None` if only reading tells.
    pub length: Option<u64>,
    /// When it was modified; `None` outside the years that HTTP can say.
    pub last_modified: Option<HttpDate>,
    /// Its entity tag, of its [`FileVersion`](crate::values::file_version::FileVersion) or of the face's
    /// own making.
    pub etag: Option<FieldValue>,
    /// The value of `Cache-Control`, if any.
    pub cache_control: Option<FieldValue>,
}

/// Describes the state of a file for a response of this status: `Content-Length`, `Last-Modified`,
/// `ETag`, and `Cache-Control` if there is one. What the caller has set stays.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use antiphon_core::response::file::{self, Stat};
/// use antiphon_core::text::http_date::HttpDate;
///
/// let last_modified = HttpDate::from_unix(784_111_777);
/// let stat = Stat { length: Some(7), last_modified, ..Default::default() };
/// let mut headers = Headers::new();
/// file::stat_head(200, stat).for_each(|patch| headers.apply(patch));
/// assert_eq!(headers.get("content-length").unwrap(), "7");
/// assert_eq!(headers.get("last-modified").unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
///
/// # Starlette
///
/// `FileResponse.set_stat_headers`, in its order. It announces a length with every status (D-3, D-5).
pub fn stat_head(status: u16, stat: Stat) -> impl Iterator<Item = HeaderPatch> {
    let length = stat.length;
    let length = length.and_then(|length| content::announced_length(status, length));
    let modified = stat.last_modified;
    defaults([
        length.map(|length| (FieldName::CONTENT_LENGTH, length.into())),
        modified.map(|date| (FieldName::LAST_MODIFIED, date.into())),
        stat.etag.map(|value| (FieldName::ETAG, value)),
        stat.cache_control
            .map(|value| (FieldName::CACHE_CONTROL, value)),
    ])
}

fn defaults<const N: usize>(
    fields: [Option<(FieldName, FieldValue)>; N],
) -> impl Iterator<Item = HeaderPatch> {
    let given = fields.into_iter().flatten();
    given.map(|(name, value)| HeaderPatch::SetDefault(name, value))
}
