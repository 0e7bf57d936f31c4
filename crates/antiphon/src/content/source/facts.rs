//! What is known of a source before it is read.

use antiphon_core::fields::{self, FieldName, FieldValue, InvalidHeader};
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::values::etag::{self, InvalidTag};
use antiphon_core::values::media_type::MediaType;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is known of a [`Source`](crate::Source) before it is read: its length, and what tells one version of
/// it from another.
///
/// # Examples
///
/// A database has a row for each object:
///
/// ```
/// use antiphon::SourceFacts;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let facts = SourceFacts::new(4096)
///     .etag("d41d8cd98f00b204e9800998ecf8427e")?
///     .last_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
///     .media_type("video/mp4")?;
/// assert_eq!(facts.length(), 4096);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    length: u64,
    etag: Option<FieldValue>,
    last_modified: Option<HttpDate>,
    media_type: Option<MediaType>,
    content_encoding: Option<FieldValue>,
    cache_control: Option<FieldValue>,
    version: Option<Box<str>>,
}

impl SourceFacts {
    /// Makes the facts of content of this many bytes.
    #[must_use]
    pub const fn new(length: u64) -> Self {
        Self {
            length,
            etag: None,
            last_modified: None,
            media_type: None,
            content_encoding: None,
            cache_control: None,
            version: None,
        }
    }

    /// Sets the entity tag: as it is sent, `"abc"` or `W/"abc"`, or the text alone, which is sent in quotes.
    ///
    /// # Errors
    ///
    /// [`InvalidTag`](crate::InvalidTag) if it can be neither.
    pub fn etag(mut self, etag: &str) -> Result<Self, InvalidTag> {
        self.etag = Some(etag::named(etag)?);
        Ok(self)
    }

    /// Sets when the content was modified. A time that HTTP cannot say is left out.
    #[must_use]
    pub fn last_modified(mut self, time: SystemTime) -> Self {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).ok(),
            Err(before) => i64::try_from(before.duration().as_secs())
                .ok()
                .map(|seconds| -seconds),
        };
        self.last_modified = seconds.and_then(HttpDate::from_unix);
        self
    }

    /// Sets the media type, which is sent unless the response has one.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`](crate::headers::InvalidHeader) if it holds a line break or another control
    /// character, or is not Latin-1.
    pub fn media_type<M>(mut self, media_type: M) -> Result<Self, InvalidHeader>
    where
        M: TryInto<MediaType, Error: Into<InvalidHeader>>,
    {
        self.media_type = Some(media_type.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets the value of `Content-Encoding`, if the content lies there encoded; it is not decoded.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`](crate::headers::InvalidHeader) if it holds a line break or another control
    /// character.
    pub fn content_encoding<V>(mut self, value: V) -> Result<Self, InvalidHeader>
    where
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (_, value) = fields::field(FieldName::CONTENT_ENCODING, value)?;
        self.content_encoding = Some(value);
        Ok(self)
    }

    /// Sets the value of `Cache-Control`, which is sent unless the response has one.
    ///
    /// # Errors
    ///
    /// As of [`content_encoding`](Self::content_encoding).
    pub fn cache_control<V>(mut self, value: V) -> Result<Self, InvalidHeader>
    where
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (_, value) = fields::field(FieldName::CACHE_CONTROL, value)?;
        self.cache_control = Some(value);
        Ok(self)
    }

    /// Sets what the source itself calls this version, for its [`read`](crate::Source::read).
    #[must_use]
    pub fn version(mut self, version: impl Into<Box<str>>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Returns the number of bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Returns the entity tag as it is sent, if there is one.
    #[must_use]
    pub fn entity_tag(&self) -> Option<&[u8]> {
        self.etag.as_ref().map(FieldValue::as_bytes)
    }

    /// Returns what the source calls this version, if it has said so.
    #[must_use]
    pub fn held_version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(crate) fn etag_value(&self) -> Option<FieldValue> {
        self.etag.clone()
    }

    pub(crate) const fn modified(&self) -> Option<HttpDate> {
        self.last_modified
    }

    pub(crate) fn media_type_value(&self) -> Option<MediaType> {
        self.media_type.clone()
    }

    pub(crate) fn encoding_value(&self) -> Option<FieldValue> {
        self.content_encoding.clone()
    }

    pub(crate) fn cache_control_value(&self) -> Option<FieldValue> {
        self.cache_control.clone()
    }

    pub(super) fn with_etag(mut self, etag: Option<FieldValue>) -> Self {
        self.etag = etag;
        self
    }

    pub(super) const fn with_date(mut self, date: Option<HttpDate>) -> Self {
        self.last_modified = date;
        self
    }
}
