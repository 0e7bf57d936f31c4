//! A `Range` as RFC 9110 has it.

use super::members::{Order, exceeds, merge, split_at};
use super::outcome::RangeOutcome;
use crate::text::number;
use alloc::vec::Vec;
use core::ops::Range;

pub(super) fn parse(field: &[u8], length: u64, max_ranges: usize) -> RangeOutcome {
    let Some((unit, set)) = split_at(field.trim_ascii(), b'=') else {
        return RangeOutcome::Whole;
    };
    if !unit.eq_ignore_ascii_case(b"bytes") || exceeds(set, max_ranges) {
        return RangeOutcome::Whole;
    }
    let (mut parts, mut members, mut takes_all) = (Vec::new(), 0, false);
    for member in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        // Empty members of a list are to be borne (RFC 9110 §5.6.1.2).
        if member.is_empty() {
            continue;
        }
        members += 1;
        match parse_member(member, length) {
            None => return RangeOutcome::Whole,
            Some(part) if part.is_empty() => takes_all |= length == 0 && is_suffix(member),
            Some(part) => parts.push(part),
        }
    }
    match (members, parts.is_empty()) {
        (0, _) => RangeOutcome::Whole,
        (_, true) if takes_all => RangeOutcome::Whole,
        (_, true) => RangeOutcome::Unsatisfiable,
        (_, false) => RangeOutcome::Parts(merge(parts, Order::AsAsked)),
    }
}

/// Tells whether a member asks for the last bytes, and not for none of them. Such a one is satisfied by
/// empty content, too (RFC 9110 §14.1.2), of which only the whole can be sent.
fn is_suffix(member: &[u8]) -> bool {
    let suffix = member.strip_prefix(b"-");
    suffix
        .and_then(number::parse_saturating)
        .is_some_and(|suffix| suffix > 0)
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
