//! Content that lies ready.

use bytes::Bytes;
use std::borrow::Cow;

/// Content that lies ready: bytes or text.
///
/// What is `'static` or owned is not copied; an array is.
///
/// # Examples
///
/// ```
/// use antiphon::{IntoContent, PlainTextResponse};
/// use std::borrow::Cow;
///
/// fn greeting(name: Option<&str>) -> PlainTextResponse {
///     PlainTextResponse::new(match name {
///         Some(name) => Cow::Owned(format!("Hello, {name}!")),
///         None => Cow::Borrowed("Hello, world!"),
///     })
/// }
/// assert_eq!(greeting(None).body(), "Hello, world!");
/// assert_eq!(b"bytes".into_content(), "bytes");
/// ```
pub trait IntoContent {
    /// The bytes; text is UTF-8.
    fn into_content(self) -> Bytes;
}

macro_rules! bytes_from {
    ($($content:ty),*) => {$(
        impl IntoContent for $content {
            fn into_content(self) -> Bytes {
                self.into()
            }
        }
    )*};
}

bytes_from!(
    Bytes,
    bytes::BytesMut,
    Vec<u8>,
    Box<[u8]>,
    String,
    &'static str,
    &'static [u8]
);

impl IntoContent for Box<str> {
    fn into_content(self) -> Bytes {
        self.into_string().into()
    }
}

impl IntoContent for Cow<'static, str> {
    fn into_content(self) -> Bytes {
        match self {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl IntoContent for Cow<'static, [u8]> {
    fn into_content(self) -> Bytes {
        match self {
            Cow::Borrowed(bytes) => bytes.into(),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

impl<const N: usize> IntoContent for &'static [u8; N] {
    fn into_content(self) -> Bytes {
        Bytes::from_static(self)
    }
}

impl<const N: usize> IntoContent for [u8; N] {
    fn into_content(self) -> Bytes {
        Bytes::copy_from_slice(&self)
    }
}
