//! Media types, by whether compression makes their content smaller.
//!
//! | media type                                                  | shrinks                                      |
//! |-------------------------------------------------------------|----------------------------------------------|
//! | `text/*`                                                    | yes                                          |
//! | with the suffix `+json`, `+xml`, `+yaml`, `+text`, `+cbor`  | yes                                          |
//! | JSON, JavaScript, XML, Wasm, fonts that are not compressed, bitmaps and some others | yes |
//! | none                                                        | yes: nothing speaks against it               |
//! | anything else: pictures, sound, video, archives, `application/octet-stream` | no                           |

/// Tells whether compression makes content of this `Content-Type` smaller; of several types in one value,
/// and of parameters, nothing is read.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::compressible::shrinks;
///
/// assert!(shrinks(Some(b"text/html; charset=utf-8")));
/// assert!(shrinks(Some(b"application/problem+json")));
/// assert!(shrinks(Some(b"image/svg+xml")));
/// assert!(!shrinks(Some(b"image/png")));
/// assert!(shrinks(None));
/// ```
#[must_use]
pub fn shrinks(content_type: Option<&[u8]>) -> bool {
    let Some(content_type) = content_type else {
        return true;
    };
    let essence = essence(content_type);
    let is_prefix = |prefix: &[u8]| {
        let start = essence.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let has_suffix = |suffix: &&str| {
        let start = essence.len().checked_sub(suffix.len());
        start.is_some_and(|start| essence[start..].eq_ignore_ascii_case(suffix.as_bytes()))
    };
    is_prefix(b"text/")
        || SUFFIXES.iter().any(has_suffix)
        || TYPES
            .iter()
            .any(|own| essence.eq_ignore_ascii_case(own.as_bytes()))
}

/// A media type without its parameters, of the value of a `Content-Type`.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::compressible::essence;
///
/// assert_eq!(essence(b"text/html ; charset=utf-8"), b"text/html");
/// ```
#[must_use]
pub fn essence(content_type: &[u8]) -> &[u8] {
    let end = content_type.iter().position(|byte| *byte == b';');
    content_type[..end.unwrap_or(content_type.len())].trim_ascii()
}

const SUFFIXES: [&str; 5] = ["+json", "+xml", "+yaml", "+text", "+cbor"];

/// What shrinks although neither its name nor its suffix says so.
const TYPES: [&str; 37] = [
    "application/cbor",
    "application/dart",
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/json5",
    "application/json-seq",
    "application/jsonl",
    "application/jsonlines",
    "application/msgpack",
    "application/n-quads",
    "application/n-triples",
    "application/postscript",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/trig",
    "application/vnd.apple.mpegurl",
    "application/vnd.ms-fontobject",
    "application/vnd.msgpack",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/x-tar",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/xml-dtd",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "font/collection",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "model/gltf-binary",
];
