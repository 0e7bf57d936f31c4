//! The same fields as the `http` crate holds them.
//!
//! Both crates take the same names, and the same bytes in values.

use super::{FieldName, FieldValue, Headers};
use alloc::borrow::Cow;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue, MaxSizeReached};

impl From<&HeaderName> for FieldName {
    fn from(name: &HeaderName) -> Self {
        Self::from_checked(name.as_str().into())
    }
}

impl From<HeaderName> for FieldName {
    fn from(name: HeaderName) -> Self {
        Self::from(&name)
    }
}

impl From<&HeaderValue> for FieldValue {
    fn from(value: &HeaderValue) -> Self {
        Self::from_checked(value.as_bytes().to_vec())
    }
}

impl From<HeaderValue> for FieldValue {
    fn from(value: HeaderValue) -> Self {
        Self::from(&value)
    }
}

/// The same fields, in the same order, but that those of one name come together.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::Headers;
/// use http::HeaderMap;
/// use http::header::{ETAG, HeaderValue};
///
/// let mut map = HeaderMap::new();
/// map.insert(ETAG, HeaderValue::from_static("\"1\""));
/// let headers = Headers::from(&map);
/// assert_eq!(headers.get("etag").unwrap(), "\"1\"");
/// assert_eq!(HeaderMap::try_from(headers)?, map);
/// # Ok::<(), http::header::MaxSizeReached>(())
/// ```
impl From<&HeaderMap> for Headers {
    fn from(map: &HeaderMap) -> Self {
        map.iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}

/// The same fields, in the same order, but that those of one name come together.
impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        Self::from(&map)
    }
}

/// The same fields, in the same order, but that those of one name come together.
///
/// # Errors
///
/// There are more names than a map holds: 24,576.
impl TryFrom<Headers> for HeaderMap {
    type Error = MaxSizeReached;

    fn try_from(headers: Headers) -> Result<Self, MaxSizeReached> {
        // Lines of one name need no room in the map itself.
        let mut map = Self::try_with_capacity(headers.len()).unwrap_or_default();
        for (name, value) in headers {
            let value = match value.into_bytes() {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            // Those of nearly every response need no look-up.
            let name = if name == FieldName::CONTENT_LENGTH {
                Ok(header::CONTENT_LENGTH)
            } else if name == FieldName::CONTENT_TYPE {
                Ok(header::CONTENT_TYPE)
            } else if name == FieldName::SET_COOKIE {
                Ok(header::SET_COOKIE)
            } else {
                HeaderName::from_bytes(name.as_bytes())
            };
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
                map.try_append(name, value)?;
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn both_crates_take_the_same_bytes() {
        for byte in 0..=u8::MAX {
            let bytes = [b'a', byte, b'b'];
            let is_value = FieldValue::try_from(&bytes[..]).is_ok();
            assert_eq!(
                is_value,
                HeaderValue::from_bytes(&bytes).is_ok(),
                "{byte:#04x}"
            );
            let is_name =
                core::str::from_utf8(&bytes).is_ok_and(|name| FieldName::try_from(name).is_ok());
            let name = HeaderName::from_bytes(&bytes);
            assert_eq!(is_name, name.is_ok(), "{byte:#04x}");
        }
    }

    #[test]
    fn lines_of_one_name_are_kept() {
        let mut headers = Headers::new();
        for (name, value) in [("link", "a"), ("x-a", "1"), ("link", "b")] {
            headers.append(name, value).unwrap();
        }
        let map = HeaderMap::try_from(headers).unwrap();
        let again = Headers::from(map);
        let fields: Vec<_> = again
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_text()))
            .collect();
        let expected = [("link", "a"), ("link", "b"), ("x-a", "1")];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.into())));
    }
}
