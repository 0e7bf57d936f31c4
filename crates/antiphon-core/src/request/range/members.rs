//! What both ways to read a `Range` share.

use alloc::vec::Vec;
use core::ops::Range;

/// The text before the first separator, and behind it.
pub(super) fn split_at(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..position], &text[position + 1..]))
}

/// Tells whether a set has more members than these, empty ones counted.
pub(super) fn exceeds(set: &[u8], max_ranges: usize) -> bool {
    set.iter().filter(|byte| **byte == b',').count() >= max_ranges
}

/// In which order parts are sent.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    AsAsked,
    Sorted,
}

/// Joins parts that overlap or touch; a joined part stands where the first of its members stood.
pub(super) fn merge(parts: Vec<Range<u64>>, order: Order) -> Vec<Range<u64>> {
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
