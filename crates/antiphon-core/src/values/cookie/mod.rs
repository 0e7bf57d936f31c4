//! Cookies, as `Set-Cookie` carries them ([RFC 6265 §4.1]).
//!
//! The bytes are those of Python's `http.cookies`, which Starlette sends: attributes in alphabetical
//! order, values quoted with octal escapes where they need it. Reading the `Cookie` field of a
//! request is not handled here.
//!
//! [RFC 6265 §4.1]: https://www.rfc-editor.org/rfc/rfc6265#section-4.1

mod attributes;
mod error;

pub use attributes::{Expires, MaxAge, SameSite};
pub use error::{InvalidCookie, InvalidCookieKind};

use crate::fields::FieldValue;
use crate::text::http_date::HttpDate;
use crate::text::number::Decimal;
use crate::text::token;
use alloc::string::String;
use alloc::vec::Vec;
use error::Fault;

/// A cookie to be set: its name, its value and its attributes.
///
/// Nothing is checked until [`encode`](Self::encode).
///
/// # Examples
///
/// ```
/// use antiphon_core::values::cookie::{SameSite, SetCookie};
///
/// let now = 1_700_000_000;
/// let cookie = SetCookie::new("session", "abc 123")
///     .max_age(3600)
///     .expires(3600)
///     .secure(true)
///     .httponly(true)
///     .samesite(SameSite::Strict);
/// assert_eq!(
///     cookie.encode(now)?,
///     "session=\"abc 123\"; expires=Tue, 14 Nov 2023 23:13:20 GMT; HttpOnly; Max-Age=3600; \
///      Path=/; SameSite=strict; Secure",
/// );
/// # Ok::<(), antiphon_core::values::cookie::InvalidCookie>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a cookie is set by handing it to a response"]
pub struct SetCookie<'a> {
    key: &'a str,
    value: &'a str,
    max_age: Option<MaxAge<'a>>,
    expires: Option<Expires<'a>>,
    path: Option<&'a str>,
    domain: Option<&'a str>,
    secure: bool,
    httponly: bool,
    samesite: Option<&'a str>,
    partitioned: bool,
}

impl<'a> SetCookie<'a> {
    /// A cookie with Starlette's defaults: `Path=/` and `SameSite=lax`, until the browser closes.
    pub const fn new(key: &'a str, value: &'a str) -> Self {
        Self {
            key,
            value,
            max_age: None,
            expires: None,
            path: Some("/"),
            domain: None,
            secure: false,
            httponly: false,
            samesite: Some("lax"),
            partitioned: false,
        }
    }

    /// A cookie that makes the browser drop the one of this name, path and domain: empty, and
    /// expired.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::cookie::SetCookie;
    ///
    /// assert_eq!(
    ///     SetCookie::deletion("session").encode(0)?,
    ///     "session=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=lax",
    /// );
    /// # Ok::<(), antiphon_core::values::cookie::InvalidCookie>(())
    /// ```
    pub const fn deletion(key: &'a str) -> Self {
        let mut cookie = Self::new(key, "");
        cookie.max_age = Some(MaxAge::Seconds(0));
        cookie.expires = Some(Expires::After(0));
        cookie
    }

    /// How long the cookie lives, in seconds; 0 or less discards it at once.
    pub fn max_age(mut self, age: impl Into<MaxAge<'a>>) -> Self {
        self.max_age = Some(age.into());
        self
    }

    /// When the cookie ends: seconds from now, a date, or text that is sent as it is.
    pub fn expires(mut self, expires: impl Into<Expires<'a>>) -> Self {
        self.expires = Some(expires.into());
        self
    }

    /// The part of the site that gets the cookie back; `None` leaves it to the browser.
    pub fn path(mut self, path: impl Into<Option<&'a str>>) -> Self {
        self.path = path.into();
        self
    }

    /// The host that gets the cookie back, with all below it; `None` is the sending host alone.
    pub fn domain(mut self, domain: impl Into<Option<&'a str>>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Whether the browser sends it back over TLS only.
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Whether scripts of the page cannot see it.
    pub const fn httponly(mut self, httponly: bool) -> Self {
        self.httponly = httponly;
        self
    }

    /// Whether requests that other sites cause carry it; `None` leaves it to the browser.
    pub fn samesite(mut self, samesite: impl Into<Option<SameSite>>) -> Self {
        self.samesite = samesite.into().map(SameSite::as_str);
        self
    }

    /// [`samesite`](Self::samesite) as text: `strict`, `lax` or `none`, sent in the letter case in
    /// which it is given. Any other text is an error of [`encode`](Self::encode).
    pub const fn samesite_text(mut self, samesite: &'a str) -> Self {
        self.samesite = Some(samesite);
        self
    }

    /// Whether each top-level site has a cookie jar of its own for it (CHIPS), which takes
    /// [`secure`](Self::secure).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::cookie::SetCookie;
    ///
    /// let cookie = SetCookie::new("k", "v").partitioned(true);
    /// assert_eq!(cookie.encode(0).unwrap_err().field(), "partitioned");
    /// assert_eq!(
    ///     cookie.secure(true).encode(0)?,
    ///     "k=v; Partitioned; Path=/; SameSite=lax; Secure",
    /// );
    /// # Ok::<(), antiphon_core::values::cookie::InvalidCookie>(())
    /// ```
    pub const fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The value of the `Set-Cookie` field; `now` is the time in seconds since 1970, for
    /// [`Expires::After`].
    ///
    /// # Errors
    ///
    /// [`InvalidCookie`] if the name is empty, reserved or holds a character that a name cannot
    /// hold; if `samesite` is none of its three words; if it is partitioned, but not secure; if an
    /// attribute holds a `;` or a control character, so that it would become another attribute or
    /// another header; if the name begins with `__Host-` or `__Secure-`, in any letter case, and the
    /// cookie is not secure or, for `__Host-`, has a `domain` or another `path` than `/`; if the end lies outside the years 1 to 9999; or if something is not Latin-1.
    ///
    /// # Starlette
    ///
    /// Byte for byte what `Response.set_cookie` sends, on every Python `Partitioned` too. Attributes
    /// that inject are refused (divergence D-2), and so are cookies that no browser would keep:
    /// partitioned ones that are not secure (D-30), and names that break the rule of their prefix
    /// (D-49, RFC 6265bis §4.1.3).
    pub fn encode(&self, now: i64) -> Result<FieldValue, InvalidCookie> {
        if RESERVED
            .iter()
            .any(|word| self.key.eq_ignore_ascii_case(word))
        {
            return Err(InvalidCookie::new("key", self.key, Fault::Reserved));
        }
        if !is_legal_text(self.key) {
            return Err(InvalidCookie::new("key", self.key, Fault::IllegalName));
        }
        if let Some(samesite) = self.samesite
            && !["strict", "lax", "none"]
                .iter()
                .any(|word| samesite.eq_ignore_ascii_case(word))
        {
            return Err(InvalidCookie::new(
                "samesite",
                samesite,
                Fault::UnknownSameSite,
            ));
        }
        if self.partitioned && !self.secure {
            return Err(InvalidCookie::new("partitioned", "", Fault::NotSecure));
        }
        self.keep_prefix()?;

        let mut text = Vec::with_capacity(
            self.key.len() + self.value.len() + self.path.map_or(0, str::len) + 128,
        );
        text.extend_from_slice(self.key.as_bytes());
        text.push(b'=');
        quote(self.value, &mut text);
        self.attribute(&mut text, "Domain", "domain", self.domain)?;
        match self.expires {
            None => {}
            Some(Expires::Text(end)) => {
                self.attribute(&mut text, "expires", "expires", Some(end))?
            }
            Some(Expires::At(date)) => push_date(&mut text, date),
            Some(Expires::After(seconds)) => {
                let end = now.checked_add(seconds).and_then(HttpDate::from_unix);
                let date =
                    end.ok_or_else(|| InvalidCookie::new("expires", "", Fault::OutOfYears))?;
                push_date(&mut text, date);
            }
        }
        if self.httponly {
            text.extend_from_slice(b"; HttpOnly");
        }
        match self.max_age {
            None => {}
            Some(MaxAge::Text(age)) => {
                self.attribute(&mut text, "Max-Age", "max_age", Some(age))?
            }
            Some(MaxAge::Seconds(seconds)) => {
                text.extend_from_slice(b"; Max-Age=");
                push_number(&mut text, seconds);
            }
        }
        if self.partitioned {
            text.extend_from_slice(b"; Partitioned");
        }
        self.attribute(&mut text, "Path", "path", self.path)?;
        self.attribute(&mut text, "SameSite", "samesite", self.samesite)?;
        if self.secure {
            text.extend_from_slice(b"; Secure");
        }

        text.truncate(text.trim_ascii_end().len());
        // Without a way out of the loop the compiler looks at many bytes at a time.
        let is_ascii = text.iter().fold(0, |any, byte| any | byte) < 0x80;
        if is_ascii {
            return Ok(FieldValue::from_visible_ascii(text));
        }
        let text = String::from_utf8(text).unwrap_or_default();
        FieldValue::try_from(text.trim_end())
            .map_err(|_| InvalidCookie::new(self.first_not_latin1(), "", Fault::NotLatin1))
    }

    /// Refuses a cookie that does not keep what the prefix of its name promises.
    fn keep_prefix(&self) -> Result<(), InvalidCookie> {
        let begins_with = |prefix: &str| {
            let start = self.key.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let is_of_host = begins_with("__Host-");
        let fault = if !is_of_host && !begins_with("__Secure-") {
            None
        } else if !self.secure {
            Some(("secure", "`secure`"))
        } else if is_of_host && self.domain.is_some_and(|domain| !domain.is_empty()) {
            Some(("domain", "no domain"))
        } else if is_of_host && self.path != Some("/") {
            Some(("path", "the path \"/\""))
        } else {
            None
        };
        fault.map_or(Ok(()), |(field, expected)| {
            Err(InvalidCookie::new(field, self.key, Fault::Prefix(expected)))
        })
    }

    /// Writes `; name=value`, unless there is no value or an empty one.
    fn attribute(
        &self,
        text: &mut Vec<u8>,
        name: &str,
        field: &'static str,
        value: Option<&str>,
    ) -> Result<(), InvalidCookie> {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Ok(());
        };
        // Controls of Latin-1's upper half (C1) are data in a header, not controls.
        let splits = |byte: &u8| *byte == b';' || byte.is_ascii_control() && *byte != b'\t';
        if let Some(found) = value.as_bytes().iter().copied().find(splits) {
            let found = char::from(found);
            return Err(InvalidCookie::new(field, value, Fault::Splits(found)));
        }
        text.extend_from_slice(b"; ");
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn first_not_latin1(&self) -> &'static str {
        let fields = [
            ("value", Some(self.value)),
            ("domain", self.domain),
            ("path", self.path),
            (
                "max_age",
                match self.max_age {
                    Some(MaxAge::Text(age)) => Some(age),
                    _ => None,
                },
            ),
        ];
        let wide = |text: &str| text.chars().any(|c| u32::from(c) > 0xFF);
        fields
            .into_iter()
            .find(|(_, text)| text.is_some_and(wide))
            .map_or("expires", |field| field.0)
    }
}

fn quote(value: &str, text: &mut Vec<u8>) {
    if is_legal_text(value) {
        text.extend_from_slice(value.as_bytes());
        return;
    }
    text.push(b'"');
    for character in value.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte @ (b'"' | b'\\')) => text.extend_from_slice(&[b'\\', byte]),
            Ok(byte) if !QUOTED[usize::from(byte)] => {
                let octal = [6, 3, 0].map(|shift| b'0' + (byte >> shift & 7));
                text.push(b'\\');
                text.extend_from_slice(&octal);
            }
            _ => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    text.push(b'"');
}

fn push_date(text: &mut Vec<u8>, date: HttpDate) {
    text.extend_from_slice(b"; expires=");
    text.extend_from_slice(&date.encode());
}

fn push_number(text: &mut Vec<u8>, number: i64) {
    if number < 0 {
        text.push(b'-');
    }
    text.extend_from_slice(Decimal::from(number.unsigned_abs()).as_bytes());
}

fn is_legal_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| LEGAL[usize::from(byte)])
}

/// What a name, and a value that is not quoted, consist of.
static LEGAL: [bool; 256] = token::table(b"!#$%&'*+-.^_`|~:");

/// What a quoted value holds unescaped: the legal characters and these.
static QUOTED: [bool; 256] = token::table(b"!#$%&'*+-.^_`|~: ()/<=>?@[]{}");

/// Names of attributes, which Python refuses as a cookie's name.
const RESERVED: [&str; 9] = [
    "expires", "path", "comment", "domain", "max-age", "secure", "httponly", "version", "samesite",
];
