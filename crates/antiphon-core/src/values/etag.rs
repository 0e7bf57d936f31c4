//! Entity tags: validators of a representation ([RFC 9110 §8.8.3]).
//!
//! | comparison | `"1"`, `"1"` | `W/"1"`, `"1"` | `W/"1"`, `W/"1"` | `"1"`, `"2"` |
//! |------------|--------------|----------------|------------------|--------------|
//! | strong     | match        | no match       | no match         | no match     |
//! | weak       | match        | match          | match            | no match     |
//!
//! [RFC 9110 §8.8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3

use crate::fields::FieldValue;
use crate::text::number;
use crate::values::content_coding::ContentCoding;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The strong entity tag of content with this hash.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::etag;
///
/// assert_eq!(etag::of_content(&[0x0c, 0xff]), "\"0cff\"");
/// ```
#[must_use]
pub fn of_content(hash: &[u8]) -> FieldValue {
    let mut text = String::with_capacity(2 * hash.len() + 2);
    text.push('"');
    number::push_hex_bytes(&mut text, hash);
    text.push('"');
    FieldValue::from_visible_ascii(text)
}

/// The weak entity tag of the same name: for content that is as good as the same where the tag is.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::etag;
///
/// let weak = etag::weak(etag::of_content(&[0x0c]));
/// assert_eq!(weak, "W/\"0c\"");
/// assert_eq!(etag::weak(weak), "W/\"0c\"");
/// ```
#[must_use]
pub fn weak(tag: FieldValue) -> FieldValue {
    if tag.as_bytes().starts_with(b"W/") {
        return tag;
    }
    FieldValue::from_checked([b"W/", tag.as_bytes()].concat())
}

/// The entity tag of content that a program or a store has given a name: the name itself if it is a tag, and
/// otherwise in quotes, strong.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::etag;
///
/// assert_eq!(etag::named("\"1\"")?, "\"1\"");
/// assert_eq!(etag::named("W/\"1\"")?, "W/\"1\"");
/// assert_eq!(etag::named("d41d8cd9-2")?, "\"d41d8cd9-2\"");
/// assert!(etag::named("a\"b").is_err());
/// # Ok::<(), etag::InvalidTag>(())
/// ```
///
/// # Errors
///
/// [`InvalidTag`] if it is empty, or holds a quote, a blank or anything else but visible ASCII characters.
pub fn named(name: &str) -> Result<FieldValue, InvalidTag> {
    let refused = || InvalidTag(name.into());
    if !name.is_ascii() || name.is_empty() {
        return Err(refused());
    }
    if EntityTag::parse(name.as_bytes()).is_some() {
        return Ok(FieldValue::from_visible_ascii(name));
    }
    let quoted = ["\"", name, "\""].concat();
    match EntityTag::parse(quoted.as_bytes()) {
        Some(_) => Ok(FieldValue::from_visible_ascii(quoted)),
        None => Err(refused()),
    }
}

/// The error of a name that is no entity tag, in quotes or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTag(String);

impl fmt::Display for InvalidTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "etag: expected an entity tag such as \"1\" or W/\"1\", or visible ASCII characters without \
             quotes, but found {:?}",
            self.0
        )
    }
}

impl core::error::Error for InvalidTag {}

/// The entity tag of a copy of content in this coding, of the tag that the copy has as a file: both may have
/// one length and one time, and are not the same bytes ([RFC 9110 §8.8.3.3]).
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::FieldValue;
/// use antiphon_core::values::content_coding::ContentCoding;
/// use antiphon_core::values::etag;
///
/// let tag = FieldValue::try_from("\"17979cfe-1000\"")?;
/// assert_eq!(etag::in_coding(&tag, ContentCoding::Br), "\"17979cfe-1000-br\"");
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
///
/// [RFC 9110 §8.8.3.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
#[must_use]
pub fn in_coding(tag: &FieldValue, coding: ContentCoding) -> FieldValue {
    let tag = tag.as_bytes();
    let inside = tag.strip_suffix(b"\"").unwrap_or(tag);
    let parts: [&[u8]; 4] = [inside, b"-", coding.token().as_bytes(), b"\""];
    FieldValue::from_checked(parts.concat())
}

/// Takes the coding out of a tag that [`in_coding`] has made; `None` if there is none of `codings` in it.
fn without_coding<'a>(tag: EntityTag<'a>, codings: &[ContentCoding]) -> Option<&'a [u8]> {
    codings.iter().find_map(|coding| {
        let rest = tag.opaque.strip_suffix(coding.token().as_bytes())?;
        rest.strip_suffix(b"-")
    })
}

/// Adds to the value of an `If-Match` or `If-None-Match` the tags of the content as it is, for those that are
/// of a [coded](in_coding) form of it; `None` if there are none.
///
/// So whoever knows nothing of codings finds the tag that it knows.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip};
/// use antiphon_core::values::etag;
///
/// let list = etag::with_uncoded(b"\"1-gzip\", \"2\"", &[Br, Gzip]);
/// assert_eq!(list.unwrap(), b"\"1\", \"1-gzip\", \"2\"");
/// assert_eq!(etag::with_uncoded(b"\"1-zstd\"", &[Br, Gzip]), None);
/// ```
#[must_use]
pub fn with_uncoded(field: &[u8], codings: &[ContentCoding]) -> Option<Vec<u8>> {
    let TagList::Tags(tags) = TagList::parse(field) else {
        return None;
    };
    let mut list = Vec::new();
    for tag in tags {
        let Some(own) = without_coding(tag, codings) else {
            continue;
        };
        let mark: &[u8] = if tag.weak { b"W/\"" } else { b"\"" };
        for part in [mark, own, b"\", "] {
            list.extend_from_slice(part);
        }
    }
    if list.is_empty() {
        return None;
    }
    list.extend_from_slice(field);
    Some(list)
}

/// Finds the [coded](in_coding) form of a tag in the value of an `If-None-Match`, if the client has no other;
/// `codings` are those that may be sent.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip};
/// use antiphon_core::values::etag::coded_in;
///
/// assert_eq!(coded_in(b"\"1-gzip\"", b"\"1\"", &[Br, Gzip]).unwrap(), "\"1-gzip\"");
/// assert_eq!(coded_in(b"\"1-gzip\", \"1\"", b"\"1\"", &[Br, Gzip]), None);
/// ```
#[must_use]
pub fn coded_in(field: &[u8], own: &[u8], codings: &[ContentCoding]) -> Option<FieldValue> {
    let TagList::Tags(tags) = TagList::parse(field) else {
        return None;
    };
    let parsed = EntityTag::parse(own)?;
    if tags.iter().any(|tag| tag.opaque == parsed.opaque) {
        return None;
    }
    let is_of = |coding: &ContentCoding| {
        let held = |tag: &EntityTag<'_>| {
            without_coding(*tag, core::slice::from_ref(coding)) == Some(parsed.opaque)
        };
        tags.iter().any(held)
    };
    let coding = codings.iter().find(|coding| is_of(coding))?;
    Some(in_coding(&FieldValue::from_checked(own.to_vec()), *coding))
}

/// An entity tag, taken apart.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::etag::{Comparison, EntityTag};
///
/// let weak = EntityTag::parse(b"W/\"1\"").unwrap();
/// let strong = EntityTag::parse(b"\"1\"").unwrap();
/// assert!(weak.matches(strong, Comparison::Weak));
/// assert!(!weak.matches(weak, Comparison::Strong));
/// assert!(strong.matches(strong, Comparison::Strong));
/// assert_eq!(EntityTag::parse(b"1"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Reads one entity tag and nothing else.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let (tag, rest) = Self::parse_first(text)?;
        rest.is_empty().then_some(tag)
    }

    fn parse_first(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, quoted) = match text.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let inside = quoted.strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| !is_etagc(*byte))?;
        let rest = inside[end..].strip_prefix(b"\"")?;
        Some((
            Self {
                weak,
                opaque: &inside[..end],
            },
            rest,
        ))
    }

    /// Tells whether the tag is weak.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        self.weak
    }

    /// Compares two tags.
    #[must_use]
    pub fn matches(self, other: EntityTag<'_>, comparison: Comparison) -> bool {
        let fit = comparison == Comparison::Weak || !self.weak && !other.weak;
        fit && self.opaque == other.opaque
    }
}

/// The two ways to compare tags; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same tag, and none of the two weak: the same bytes.
    Strong,
    /// The same tag: as good as the same.
    Weak,
}

/// What `If-Match` and `If-None-Match` hold: `*`, or a list of tags.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::etag::{EntityTag, TagList};
///
/// let TagList::Tags(tags) = TagList::parse(b"\"a,b\", W/\"c\"") else { unreachable!() };
/// assert_eq!(tags, [b"\"a,b\"".as_slice(), b"W/\"c\""].map(|tag| EntityTag::parse(tag).unwrap()));
/// assert_eq!(TagList::parse(b" * "), TagList::Any);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagList<'a> {
    /// `*`: any representation.
    Any,
    /// These; none if the field holds none.
    Tags(Vec<EntityTag<'a>>),
}

impl<'a> TagList<'a> {
    /// Reads the field in one pass. A comma inside quotes does not end a tag; what is no tag, such as
    /// one that is not closed, ends the list, since nothing after it can be told apart.
    #[must_use]
    pub fn parse(field: &'a [u8]) -> Self {
        let mut rest = field.trim_ascii();
        if rest == b"*" {
            return Self::Any;
        }
        let mut tags = Vec::new();
        loop {
            let skipped = rest
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b','));
            rest = &rest[skipped.unwrap_or(rest.len())..];
            let Some((tag, after)) = EntityTag::parse_first(rest) else {
                return Self::Tags(tags);
            };
            rest = after.trim_ascii_start();
            if !matches!(rest.first(), None | Some(b',')) {
                return Self::Tags(tags);
            }
            tags.push(tag);
        }
    }
}

impl TagList<'_> {
    /// Tells whether the list holds the tag of what there is, which may have none.
    #[must_use]
    pub fn holds(&self, own: Option<EntityTag<'_>>, comparison: Comparison) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => {
                own.is_some_and(|own| tags.iter().any(|tag| tag.matches(own, comparison)))
            }
        }
    }
}

/// What may stand between the quotes: visible characters but `"`, and bytes beyond ASCII.
const fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7E | 0x80..)
}
