//! Media types and the charset that text is sent with ([RFC 9110 §8.3]).
//!
//! Parameters are passed on as they are given; only `charset` is looked for.
//!
//! [RFC 9110 §8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.3

use crate::fields::{FieldName, FieldValue, InvalidHeader};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A media type that can stand in a `Content-Type` field.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_type::{Charset, MediaType};
///
/// let csv = MediaType::try_from("text/csv")?;
/// assert_eq!(csv.with_charset(&Charset::UTF_8), "text/csv; charset=utf-8");
/// assert!(MediaType::try_from("text/csv\r\nset-cookie: a=b").is_err());
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType(FieldValue);

impl MediaType {
    /// `application/json`
    pub const JSON: Self = Self::from_static("application/json");
    /// `application/octet-stream`: bytes of which nothing is known
    pub const OCTET_STREAM: Self = Self::from_static("application/octet-stream");
    /// `text/event-stream`
    pub const EVENT_STREAM: Self = Self::from_static("text/event-stream");
    /// `text/html`
    pub const HTML: Self = Self::from_static("text/html");
    /// `text/plain`
    pub const PLAIN_TEXT: Self = Self::from_static("text/plain");

    /// Takes a media type that is written out in the program; as a constant it is checked when the
    /// program is compiled.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::media_type::MediaType;
    ///
    /// const CSV: MediaType = MediaType::from_static("text/csv");
    /// assert_eq!(CSV.as_bytes(), b"text/csv");
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not ASCII or holds a control character.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(
            FieldValue::is_plain(text),
            "a media type: expected ASCII without control characters"
        );
        Self(FieldValue::of_plain(text))
    }

    /// Returns the media type as it was given.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Tells whether [`with_charset`](Self::with_charset) adds one: it is `text/*` and names none.
    ///
    /// # Starlette
    ///
    /// The rule of `Response.init_headers`: the prefix `text/` in lower case, and `charset=` anywhere,
    /// in any case, counts as given.
    #[must_use]
    pub fn takes_charset(&self) -> bool {
        let text = self.as_bytes();
        let names_charset = |part: &[u8]| part.eq_ignore_ascii_case(CHARSET);
        text.starts_with(b"text/") && !text.windows(CHARSET.len()).any(names_charset)
    }

    /// Returns the value of `Content-Type` for content that is encoded in `charset`.
    ///
    /// | media type                  | value                         |
    /// |-----------------------------|-------------------------------|
    /// | `text/plain`                | `text/plain; charset=utf-8`   |
    /// | `text/html; charset=latin-1`| as given                      |
    /// | `application/json`          | as given                      |
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::media_type::{Charset, MediaType};
    ///
    /// let html = MediaType::HTML.with_charset(&Charset::UTF_8);
    /// assert_eq!(html, "text/html; charset=utf-8");
    /// let image = MediaType::from_static("image/png").with_charset(&Charset::UTF_8);
    /// assert_eq!(image, "image/png");
    /// ```
    #[must_use]
    pub fn with_charset(self, charset: &Charset) -> FieldValue {
        // Without an allocation for what most responses have.
        match (self.as_bytes(), charset.as_bytes()) {
            (b"text/plain", b"utf-8") => return FieldValue::TEXT_PLAIN_UTF_8,
            (b"text/html", b"utf-8") => return FieldValue::TEXT_HTML_UTF_8,
            _ => {}
        }
        if !self.takes_charset() {
            return self.0;
        }
        let parts: [&[u8]; 4] = [self.as_bytes(), b"; ", CHARSET, charset.as_bytes()];
        FieldValue::from_checked(parts.concat())
    }
}

impl From<MediaType> for FieldValue {
    fn from(media_type: MediaType) -> Self {
        media_type.0
    }
}

/// The name of a character encoding, as text is labelled with it.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_type::Charset;
///
/// assert_eq!(Charset::try_from("latin-1")?.as_bytes(), b"latin-1");
/// assert!(Charset::try_from("utf-8\n").is_err());
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charset(FieldValue);

impl Charset {
    /// `utf-8`
    pub const UTF_8: Self = Self::from_static("utf-8");

    /// Takes a name that is written out in the program; as a constant it is checked when the program
    /// is compiled.
    ///
    /// # Panics
    ///
    /// If it is not ASCII or holds a control character.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(
            FieldValue::is_plain(text),
            "a charset: expected ASCII without control characters"
        );
        Self(FieldValue::of_plain(text))
    }

    /// Returns the name as it was given.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Implements the conversions of text that is checked as the value of `Content-Type`.
macro_rules! parsed_from {
    ($type:ident: $($text:ty),*) => {$(
        impl TryFrom<$text> for $type {
            type Error = InvalidHeader;

            fn try_from(text: $text) -> Result<Self, InvalidHeader> {
                let value = FieldValue::try_from(text);
                value.map(Self).map_err(|error| error.of_field(FieldName::CONTENT_TYPE.as_str()))
            }
        }
    )*};
}

parsed_from!(MediaType: &str, String, &[u8], Vec<u8>, Cow<'static, str>);
parsed_from!(Charset: &str, String, Cow<'static, str>);

const CHARSET: &[u8] = b"charset=";
