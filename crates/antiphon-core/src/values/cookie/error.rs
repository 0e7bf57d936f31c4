//! Why a cookie cannot be set.

use alloc::string::String;
use core::fmt;

/// The error of a cookie that cannot be sent.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::cookie::SetCookie;
///
/// let error = SetCookie::new("k", "v").domain("a.example; Secure").encode(0).unwrap_err();
/// assert_eq!(error.field(), "domain");
/// assert_eq!(
///     error.to_string(),
///     "cookie domain: expected no ';' and no control character, but found ';' in \"a.example; Secure\"",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCookie {
    field: &'static str,
    found: String,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Reserved,
    IllegalName,
    UnknownSameSite,
    NotSecure,
    /// The name promises what the rest does not keep; the text says what would.
    Prefix(&'static str),
    Splits(char),
    OutOfYears,
    NotLatin1,
}

/// What kind of fault an [`InvalidCookie`] is, for a face that has an exception for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCookieKind {
    /// The name cannot be a cookie's name.
    Name,
    /// `samesite` is none of its three words.
    SameSite,
    /// It is partitioned, but not secure.
    Partitioned,
    /// The name begins with `__Host-` or `__Secure-`, whose rule the attributes break.
    Prefix,
    /// An attribute would become another attribute or another header.
    Injection,
    /// The end lies outside the years 1 to 9999.
    Date,
    /// Something is not Latin-1.
    NotLatin1,
}

impl InvalidCookie {
    pub(super) fn new(field: &'static str, found: &str, fault: Fault) -> Self {
        Self {
            field,
            found: found.into(),
            fault,
        }
    }

    /// The argument that was refused, by Starlette's name for it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// The kind of fault.
    #[must_use]
    pub const fn kind(&self) -> InvalidCookieKind {
        match self.fault {
            Fault::Reserved | Fault::IllegalName => InvalidCookieKind::Name,
            Fault::UnknownSameSite => InvalidCookieKind::SameSite,
            Fault::NotSecure => InvalidCookieKind::Partitioned,
            Fault::Prefix(_) => InvalidCookieKind::Prefix,
            Fault::Splits(_) => InvalidCookieKind::Injection,
            Fault::OutOfYears => InvalidCookieKind::Date,
            Fault::NotLatin1 => InvalidCookieKind::NotLatin1,
        }
    }
}

impl fmt::Display for InvalidCookie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            found,
            fault,
        } = self;
        write!(formatter, "cookie {field}: ")?;
        match fault {
            Fault::Reserved => {
                write!(
                    formatter,
                    "expected a name, but found the attribute name {found:?}"
                )
            }
            Fault::IllegalName => write!(
                formatter,
                "expected letters, digits and !#$%&'*+-.^_`|~: only, but found {found:?}"
            ),
            Fault::UnknownSameSite => {
                write!(
                    formatter,
                    "expected 'strict', 'lax' or 'none', but found {found:?}"
                )
            }
            Fault::NotSecure => formatter
                .write_str("expected `secure` beside it, without which browsers drop the cookie"),
            Fault::Prefix(expected) => write!(
                formatter,
                "expected {expected}, without which browsers drop a cookie named {found:?}"
            ),
            Fault::Splits(c) => write!(
                formatter,
                "expected no ';' and no control character, but found {c:?} in {found:?}"
            ),
            Fault::OutOfYears => formatter.write_str("expected a date of the years 1 to 9999"),
            Fault::NotLatin1 => formatter.write_str("expected Latin-1 text"),
        }
    }
}

impl core::error::Error for InvalidCookie {}
