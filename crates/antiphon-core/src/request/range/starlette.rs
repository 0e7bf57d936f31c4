//! A `Range` as Starlette's tests pin it.

use super::members::{Order, exceeds, merge, split_at};
use super::outcome::RangeOutcome;
use crate::text::number;
use alloc::vec::Vec;
use core::ops::Range;

pub(super) fn parse(field: &[u8], length: u64, max_ranges: usize) -> RangeOutcome {
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
    // A suffix is satisfied by empty content, too (RFC 9110 §14.1.2), of which only the whole can be sent.
    let is_suffix = |member: &[u8]| {
        let suffix = member
            .trim_ascii()
            .strip_prefix(b"-")
            .map(<[u8]>::trim_ascii);
        suffix.and_then(python_int).is_some_and(|suffix| suffix > 0)
    };
    if length == 0 && set.split(|byte| *byte == b',').any(is_suffix) {
        return RangeOutcome::Whole;
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
