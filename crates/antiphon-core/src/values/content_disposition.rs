//! Offering a body under a name: `Content-Disposition` ([RFC 6266], [RFC 8187]).
//!
//! [RFC 6266]: https://www.rfc-editor.org/rfc/rfc6266
//! [RFC 8187]: https://www.rfc-editor.org/rfc/rfc8187

use crate::fields::FieldValue;
use crate::text::percent::{self, SafeSet};
use crate::text::token;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// How a body is offered: a token, `attachment` or `inline` as a rule ([RFC 6266 §4.2]).
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_disposition::DispositionType;
///
/// assert_eq!(DispositionType::try_from("inline")?, DispositionType::INLINE);
/// assert!(DispositionType::try_from("inline\r\nX-Evil: 1").is_err());
/// # Ok::<(), antiphon_core::values::content_disposition::InvalidDisposition>(())
/// ```
///
/// # Starlette
///
/// A type that is no token is passed on there (divergence D-10).
///
/// [RFC 6266 §4.2]: https://www.rfc-editor.org/rfc/rfc6266#section-4.2
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispositionType(Cow<'static, str>);

impl DispositionType {
    /// `attachment`: to be saved.
    pub const ATTACHMENT: Self = Self(Cow::Borrowed("attachment"));
    /// `inline`: to be shown.
    pub const INLINE: Self = Self(Cow::Borrowed("inline"));

    /// The token as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for DispositionType {
    type Error = InvalidDisposition;

    fn try_from(text: &str) -> Result<Self, InvalidDisposition> {
        match text {
            "attachment" => Ok(Self::ATTACHMENT),
            "inline" => Ok(Self::INLINE),
            _ => Self::try_from(String::from(text)),
        }
    }
}

impl TryFrom<String> for DispositionType {
    type Error = InvalidDisposition;

    fn try_from(text: String) -> Result<Self, InvalidDisposition> {
        if token::is_token(&text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidDisposition { found: text })
        }
    }
}

impl fmt::Display for DispositionType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The value that offers a body under `filename`, for whatever client there is.
///
/// Only the base name is sent, and of it at most 255 bytes. Characters that could mislead (controls,
/// those that turn the direction of text) become `_`. A name that is not plain ASCII is sent twice: in
/// the extended form, and before it in ASCII for clients that know no other ([RFC 6266 §4.3],
/// appendix D).
///
/// | `filename`     | value                                                                   |
/// |----------------|-------------------------------------------------------------------------|
/// | `report.pdf`   | `attachment; filename="report.pdf"`                                     |
/// | `größe.txt`    | `attachment; filename="gr__e.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt`|
/// | `../../x.txt`  | `attachment; filename="x.txt"`                                          |
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_disposition::{self, DispositionType};
///
/// assert_eq!(
///     content_disposition::encode(&DispositionType::ATTACHMENT, "my report.pdf"),
///     "attachment; filename=\"my report.pdf\"",
/// );
/// ```
///
/// [RFC 6266 §4.3]: https://www.rfc-editor.org/rfc/rfc6266#section-4.3
#[must_use]
pub fn encode(kind: &DispositionType, filename: &str) -> FieldValue {
    let name = clean(filename);
    let mut fallback = String::with_capacity(name.len());
    let encoded_word = name.starts_with("=?");
    for (position, character) in name.chars().enumerate() {
        // Clients disagree on what `\` and `%` mean between the quotes, and some decode `=?…?=`.
        let risky = matches!(character, '"' | '\\' | '%') || encoded_word && position < 2;
        let plain = character.is_ascii() && !character.is_ascii_control() && !risky;
        fallback.push(if plain { character } else { '_' });
    }
    let text = if fallback == *name {
        format!("{kind}; filename=\"{fallback}\"")
    } else {
        let extended = percent::quote(&name, &ATTR_CHAR);
        format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''{extended}")
    };
    FieldValue::from_visible_ascii(text)
}

/// The value as Starlette sends it: the name as given, in the quoted form if nothing in it needs
/// percent-encoding, in the extended form otherwise.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::content_disposition::{self, DispositionType};
///
/// assert_eq!(
///     content_disposition::encode_as_starlette(&DispositionType::ATTACHMENT, "my report.pdf"),
///     "attachment; filename*=utf-8''my%20report.pdf",
/// );
/// ```
///
/// # Starlette
///
/// Byte for byte `FileResponse`'s header.
#[must_use]
pub fn encode_as_starlette(kind: &DispositionType, filename: &str) -> FieldValue {
    let text = match percent::quote(filename, &PATH) {
        Cow::Borrowed(name) => format!("{kind}; filename=\"{name}\""),
        Cow::Owned(quoted) => format!("{kind}; filename*=utf-8''{quoted}"),
    };
    FieldValue::from_visible_ascii(text)
}

/// The base name, without what could mislead, and no longer than file systems allow.
fn clean(filename: &str) -> Cow<'_, str> {
    let base = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = if base.is_empty() { "download" } else { base };
    let mut name = Cow::Borrowed(base);
    if base.contains(misleads) {
        name = Cow::Owned(
            base.chars()
                .map(|c| if misleads(c) { '_' } else { c })
                .collect(),
        );
    }
    if name.len() > MAX_NAME_LEN {
        Cow::Owned(shorten(&name))
    } else {
        name
    }
}

/// Controls, line and paragraph separators, and marks that turn or isolate the direction of text.
const fn misleads(character: char) -> bool {
    character.is_ascii_control()
        || matches!(character,
            '\u{80}'..='\u{9F}' | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}')
}

/// Takes the middle out of a name that is too long, so that its extension stays.
fn shorten(name: &str) -> String {
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() > MAX_EXTENSION_LEN {
        ""
    } else {
        extension
    };
    let mut end = MAX_NAME_LEN - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &name[..end])
}

/// The error of a disposition type that is not a token ([RFC 6266 §4.1]).
///
/// [RFC 6266 §4.1]: https://www.rfc-editor.org/rfc/rfc6266#section-4.1
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDisposition {
    found: String,
}

impl fmt::Display for InvalidDisposition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "content disposition type: expected a token such as `attachment` or `inline`, but found \
             {:?}",
            self.found
        )
    }
}

impl core::error::Error for InvalidDisposition {}

/// What an extended value holds unencoded (RFC 8187 §3.2.1, `attr-char`).
static ATTR_CHAR: SafeSet = SafeSet::with("!#$&+^`|");
/// What `urllib.parse.quote` leaves by default.
static PATH: SafeSet = SafeSet::with("/");
/// What common file systems allow, in bytes.
const MAX_NAME_LEN: usize = 255;
/// An extension is kept up to this length, in bytes.
const MAX_EXTENSION_LEN: usize = 32;
