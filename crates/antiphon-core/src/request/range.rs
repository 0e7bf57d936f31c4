//! Byte ranges: which parts of a file a request wants ([RFC 9110 §14]).
//!
//! [RFC 9110 §14]: https://www.rfc-editor.org/rfc/rfc9110#section-14

use crate::text::number;
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

/// More members than these give the whole (Starlette's `FileResponse.max_ranges`).
pub const MAX_RANGES: usize = 100;

/// Evaluates a `Range` field for content of `length` bytes.
///
/// Members that overlap or touch are merged. One that lies outside the content is left out beside one
/// that does not. More than `max_ranges` members, empty ones counted, give the whole. Sorting is what
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
        RangePolicy::Rfc9110 => parse_strictly(field, length, max_ranges),
        RangePolicy::Starlette => parse_as_starlette(field, length, max_ranges),
    }
}

fn parse_strictly(field: &[u8], length: u64, max_ranges: usize) -> RangeOutcome {
    let Some((unit, set)) = split_at(field.trim_ascii(), b'=') else {
        return RangeOutcome::Whole;
    };
    if !unit.eq_ignore_ascii_case(b"bytes") || exceeds(set, max_ranges) {
        return RangeOutcome::Whole;
    }
    let (mut parts, mut members) = (Vec::new(), 0);
    for member in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        // Empty members of a list are to be borne (RFC 9110 §5.6.1.2).
        if member.is_empty() {
            continue;
        }
        members += 1;
        match parse_member(member, length) {
            None => return RangeOutcome::Whole,
            Some(part) if part.is_empty() => {}
            Some(part) => parts.push(part),
        }
    }
    match (members, parts.is_empty()) {
        (0, _) => RangeOutcome::Whole,
        (_, true) => RangeOutcome::Unsatisfiable,
        (_, false) => RangeOutcome::Parts(merge(parts, Order::AsAsked)),
    }
}

/// Reads `first-last`, `first-` or `-suffix`; a part that lies outside the content is empty.
fn parse_member(member: &[u8], length: u64) -> Option<Range<u64>> {
    let (first, last) = split_at(member, b'-')?;
    if first.is_empty() {
        let suffix = number::parse_saturating(last)?;
        return Some(length.saturating_sub(suffix)..length);
    }
    let start = number::parse_saturating(first)?;
    let end = if last.is_empty() {
        length
    } else {
        number::parse_saturating(last)?.saturating_add(1)
    };
    // `18446744073709551615-18446744073709551615` is in order, though its end is where it starts.
    if !last.is_empty() && end <= start && start != u64::MAX {
        return None;
    }
    Some(start.min(length)..end.min(length))
}

fn parse_as_starlette(field: &[u8], length: u64, max_ranges: usize) -> RangeOutcome {
    let Some((unit, set)) = split_at(field, b'=') else {
        return RangeOutcome::Malformed("Malformed range header.");
    };
    if !unit.trim_ascii().eq_ignore_ascii_case(b"bytes") {
        return RangeOutcome::Malformed("Only support bytes range");
    }
    if exceeds(set, max_ranges) {
        return RangeOutcome::Whole;
    }
    let members = set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let members: Vec<Range<i128>> = members
        .filter_map(|member| parse_member_as_starlette(member, i128::from(length)))
        .collect();
    if members.is_empty() {
        return RangeOutcome::Malformed("Range header: range must be requested");
    }
    let within = |member: &Range<i128>| (0..i128::from(length)).contains(&member.start);
    let members: Vec<Range<i128>> = members.into_iter().filter(within).collect();
    if members.is_empty() {
        return RangeOutcome::Unsatisfiable;
    }
    if members.iter().any(Range::is_empty) {
        return RangeOutcome::Malformed("Range header: start must be less than end");
    }
    let unsigned = |bound: i128| u64::try_from(bound).unwrap_or(length);
    let parts = members
        .into_iter()
        .map(|member| unsigned(member.start)..unsigned(member.end));
    RangeOutcome::Parts(merge(parts.collect(), Order::Sorted))
}

fn parse_member_as_starlette(member: &[u8], length: i128) -> Option<Range<i128>> {
    let (first, last) = split_at(member, b'-')?;
    let (first, last) = (first.trim_ascii(), last.trim_ascii());
    if first.is_empty() {
        return Some((length - python_int(last)?).max(0)..length);
    }
    let start = python_int(first)?;
    let end = if last.is_empty() {
        length
    } else {
        python_int(last)?.min(length - 1) + 1
    };
    Some(start..end)
}

/// What Python's `int()` reads: a sign, and single underscores between digits, are allowed.
fn python_int(text: &[u8]) -> Option<i128> {
    let (sign, number) = match text {
        [b'-', number @ ..] => (-1, number),
        [b'+', number @ ..] => (1, number),
        number => (1, number),
    };
    let groups = number.split(|byte| *byte == b'_');
    let magnitude = groups.into_iter().try_fold(0_i128, |number, group| {
        number::parse_saturating(group)?;
        Some(group.iter().fold(number, |number, digit| {
            // Beyond any file's length it does not matter by how much.
            (number * 10 + i128::from(digit - b'0')).min(i128::from(u64::MAX))
        }))
    })?;
    Some(sign * magnitude)
}

fn split_at(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..position], &text[position + 1..]))
}

fn exceeds(set: &[u8], max_ranges: usize) -> bool {
    set.iter().filter(|byte| **byte == b',').count() >= max_ranges
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    AsAsked,
    Sorted,
}

/// Joins parts that overlap or touch; a joined part stands where the first of its members stood.
fn merge(parts: Vec<Range<u64>>, order: Order) -> Vec<Range<u64>> {
    if parts.len() == 1 {
        return parts;
    }
    let mut asked: Vec<(usize, Range<u64>)> = parts.into_iter().enumerate().collect();
    asked.sort_unstable_by_key(|(_, part)| (part.start, part.end));
    let mut merged: Vec<(usize, Range<u64>)> = Vec::with_capacity(asked.len());
    for (place, part) in asked {
        match merged.last_mut() {
            Some((first, last)) if part.start <= last.end => {
                last.end = last.end.max(part.end);
                *first = place.min(*first);
            }
            _ => merged.push((place, part)),
        }
    }
    if order == Order::AsAsked {
        merged.sort_unstable_by_key(|(place, _)| *place);
    }
    merged.into_iter().map(|(_, part)| part).collect()
}
