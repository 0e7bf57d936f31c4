//! How ranges are answered, and what they come to.

use alloc::vec::Vec;
use core::ops::Range;

/// How a `Range` that is malformed, or that Starlette's own tests treat otherwise than RFC 9110, is
/// answered.
///
/// |                                    | `Rfc9110`           | `Starlette`                       |
/// |------------------------------------|---------------------|-----------------------------------|
/// | malformed, or a unit but `bytes`   | ignored             | 400; a member that is no number is left out |
/// | `Range` with HEAD                  | ignored             | honoured                          |
/// | several parts                      | as they were asked  | sorted                            |
/// | parts larger than the whole        | the whole           | the parts                         |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RangePolicy {
    /// What RFC 9110 asks for.
    #[default]
    Rfc9110,
    /// What Starlette's tests pin.
    Starlette,
}

/// What a `Range` comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeOutcome {
    /// The whole: the field is to be ignored.
    Whole,
    /// These parts of the content: disjoint, not empty, and within it.
    Parts(Vec<Range<u64>>),
    /// 400, with this text.
    Malformed(&'static str),
    /// 416: nothing of it is within the content.
    Unsatisfiable,
}
