//! Header fields: an ordered list of names and values ([RFC 9110 §5]).
//!
//! A name is a token in lower case, a value holds no control character but the tab: a [`Headers`]
//! that could split a message cannot be built. Folding (`obs-fold`) is not supported, nor are
//! trailers.
//!
//! [RFC 9110 §5]: https://www.rfc-editor.org/rfc/rfc9110#section-5

mod declared;
mod error;
#[cfg(feature = "http")]
mod http;
mod list;
mod name;
mod patch;
mod value;

pub use declared::Declared;
pub use error::InvalidHeader;
pub use list::Headers;
pub use name::FieldName;
pub use patch::{FieldList, HeaderPatch};
pub use value::FieldValue;

/// A name and a value that can be sent as one field.
///
/// For a face that keeps its fields in a list of its own.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields;
///
/// let (name, value) = fields::field("X-Request-Id", "7")?;
/// assert_eq!((name.as_str(), value.as_bytes()), ("x-request-id", &b"7"[..]));
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
///
/// # Errors
///
/// [`InvalidHeader`] if the name is not a token or the value holds a control character.
pub fn field<N, V>(name: N, value: V) -> Result<(FieldName, FieldValue), InvalidHeader>
where
    N: TryInto<FieldName, Error: Into<InvalidHeader>>,
    V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
{
    let name = name.try_into().map_err(Into::into)?;
    let value = value
        .try_into()
        .map_err(|error| error.into().of_field(name.as_str()))?;
    Ok((name, value))
}
