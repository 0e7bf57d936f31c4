//! Plans: what a face is to send, as a value.

use crate::fields::{FieldList, FieldName, HeaderPatch, Headers};
use alloc::vec::Vec;

/// An answer, decided: its status, what changes in its header, and what its content is.
///
/// `T` is what the class says of content that is sent: nothing for content that lies ready
/// ([`fixed`](super::fixed)), the announced length of a stream ([`streaming`](super::streaming)), the
/// pieces of a file ([`file`](super::file)). So no class can be asked to send what it has not.
///
/// # Examples
///
/// ```
/// use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
/// use antiphon_core::response::plan::{Base, Body, Plan};
///
/// let patches = vec![HeaderPatch::Set(FieldName::CONTENT_LENGTH, FieldValue::from(0))];
/// let plan = Plan::<()> { status: 200, headers: Base::Callers, patches, body: Body::Empty };
/// let mut headers = Headers::new();
/// headers.append("x-a", "b")?;
/// let (status, headers, body) = plan.into_parts(headers);
/// assert_eq!((status, headers.len(), body), (200, 2, Body::Empty));
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a plan is carried out by whoever sends the response"]
pub struct Plan<T> {
    /// The status code.
    pub status: u16,
    /// The fields that the patches are applied to.
    pub headers: Base,
    /// The changes, in their order.
    pub patches: Vec<HeaderPatch>,
    /// The content.
    pub body: Body<T>,
}

/// The fields that a plan starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Those that the response was built with.
    Callers,
    /// Those of them that do not describe content ([RFC 9110 §15.4.5]).
    ///
    /// [RFC 9110 §15.4.5]: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
    WithoutContent,
    /// None: it is another response.
    Empty,
}

/// The content of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<T> {
    /// None: the request or the status forbids it, or there is nothing to say.
    Empty,
    /// The content, as its class has it.
    Content(T),
}

impl<T> Plan<T> {
    /// Tells whether the fields are sent as the response was built with them.
    #[must_use]
    pub const fn keeps_headers(&self) -> bool {
        matches!(self.headers, Base::Callers) && self.patches.is_empty()
    }

    /// Makes the fields that are sent of those that the response was built with.
    ///
    /// Returns the status and the content.
    ///
    /// # Errors
    ///
    /// Those of the list.
    pub fn apply_to<L: FieldList>(self, list: &mut L) -> Result<(u16, Body<T>), L::Error> {
        match self.headers {
            Base::Callers => {}
            Base::WithoutContent => list.retain(|name| !describes_content(name))?,
            Base::Empty => list.retain(|_| false)?,
        }
        for patch in self.patches {
            patch.apply_to(list)?;
        }
        Ok((self.status, self.body))
    }

    /// Returns the status, the fields that are sent, and the content.
    #[must_use]
    pub fn into_parts(self, mut headers: Headers) -> (u16, Headers, Body<T>) {
        let Ok((status, body)) = self.apply_to(&mut headers);
        (status, headers, body)
    }
}

/// Tells whether a field describes content, so that it has no place in the head of an answer without
/// any; `name` is in lower case.
fn describes_content(name: &[u8]) -> bool {
    const NAMES: [FieldName; 7] = [
        FieldName::ACCEPT_RANGES,
        FieldName::CONTENT_DISPOSITION,
        FieldName::CONTENT_ENCODING,
        FieldName::CONTENT_LANGUAGE,
        FieldName::CONTENT_LENGTH,
        FieldName::CONTENT_RANGE,
        FieldName::CONTENT_TYPE,
    ];
    NAMES.iter().any(|own| own.as_bytes() == name)
}
