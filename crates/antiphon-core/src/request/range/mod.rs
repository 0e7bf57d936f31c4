//! Byte ranges: which parts of a file a request wants ([RFC 9110 §14]).
//!
//! [RFC 9110 §14]: https://www.rfc-editor.org/rfc/rfc9110#section-14

mod likely;
mod members;
mod outcome;
mod rfc9110;
mod starlette;

pub use likely::Likely;
pub use outcome::{RangeOutcome, RangePolicy};

/// More members than these give the whole (Starlette's `FileResponse.max_ranges`).
pub const MAX_RANGES: usize = 100;

/// Evaluates a `Range` field for content of `length` bytes.
///
/// Members that overlap or touch are merged. One that lies outside the content is left out beside one
/// that does not. Of empty content, whose last bytes are asked for, the whole is sent. More than `max_ranges` members, empty ones counted, give the whole. Sorting is what
/// costs most, so time is n log n in the members, and linear in the field's length.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::range::{self, MAX_RANGES, RangeOutcome, RangePolicy};
///
/// let parse = |field| range::parse(field, 100, MAX_RANGES, RangePolicy::Rfc9110);
/// assert_eq!(parse(b"bytes=-10, 0-4, 5-9"), RangeOutcome::Parts(vec![90..100, 0..10]));
/// assert_eq!(parse(b"bytes=100-"), RangeOutcome::Unsatisfiable);
/// assert_eq!(parse(b"bytes=5-4"), RangeOutcome::Whole);
/// ```
///
/// # Starlette
///
/// With [`RangePolicy::Starlette`] what `FileResponse` makes of it, but for a member that lies outside
/// the content: one such answers all with 416 there (divergence D-11).
#[must_use]
pub fn parse(field: &[u8], length: u64, max_ranges: usize, policy: RangePolicy) -> RangeOutcome {
    match policy {
        RangePolicy::Rfc9110 => rfc9110::parse(field, length, max_ranges),
        RangePolicy::Starlette => starlette::parse(field, length, max_ranges),
    }
}
