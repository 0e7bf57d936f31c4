//! What a request will likely get, before anything is known of the content.

use super::members::split_at;
use crate::request::fields::RequestFields;
use crate::request::method::Method;
use crate::text::number;

/// What a request will likely get, before the length of the content is known: so a source that can tells its
/// facts and brings that content by one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likely {
    /// Nothing, or what cannot be told: the facts decide.
    Nothing,
    /// The whole.
    Whole,
    /// The bytes from the first to before the second, as far as there are so many.
    Range(u64, u64),
    /// The bytes from here on.
    From(u64),
    /// So many bytes at the end.
    Last(u64),
}

impl Likely {
    /// Tells what a request will likely get. With preconditions it may be nothing; several ranges are not told.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::fields::RequestFields;
    /// use antiphon_core::request::method::Method;
    /// use antiphon_core::request::range::Likely;
    ///
    /// let of = |value| Likely::of(&RequestFields::of(Method::Get, [("range", value)]));
    /// assert_eq!(of("bytes=10-19"), Likely::Range(10, 20));
    /// assert_eq!(of("bytes=10-"), Likely::From(10));
    /// assert_eq!(of("bytes=-10"), Likely::Last(10));
    /// assert_eq!(of("bytes=1-2,5-6"), Likely::Nothing);
    /// assert_eq!(Likely::of(&RequestFields::new(Method::Get)), Likely::Whole);
    /// ```
    #[must_use]
    pub fn of(request: &RequestFields) -> Self {
        let conditions = request.preconditions();
        if request.method() == Method::Head || !conditions.is_empty() {
            return Self::Nothing;
        }
        match request.range() {
            None => Self::Whole,
            Some(field) => Self::of_range(field).unwrap_or(Self::Nothing),
        }
    }

    fn of_range(field: &[u8]) -> Option<Self> {
        let (unit, member) = split_at(field.trim_ascii(), b'=')?;
        if !unit.eq_ignore_ascii_case(b"bytes") {
            return None;
        }
        let (first, last) = split_at(member.trim_ascii(), b'-')?;
        if first.is_empty() {
            let suffix = number::parse_saturating(last)?;
            return (suffix > 0).then_some(Self::Last(suffix));
        }
        let start = number::parse_saturating(first)?;
        if last.is_empty() {
            return Some(Self::From(start));
        }
        let end = number::parse_saturating(last)?.checked_add(1)?;
        (start < end).then_some(Self::Range(start, end))
    }
}
