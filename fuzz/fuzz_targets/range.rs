//! `Range`, over files of several lengths. The input is the field's value.
#![no_main]

use antiphon_core::request::range::{self, MAX_RANGES, RangeOutcome, RangePolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|field: &[u8]| {
    for length in [0, 1, 100, 10_000, u64::MAX] {
        for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
            let RangeOutcome::Parts(mut parts) = range::parse(field, length, MAX_RANGES, policy)
            else {
                continue;
            };
            assert!((1..=MAX_RANGES).contains(&parts.len()));
            assert!(policy == RangePolicy::Rfc9110 || parts.is_sorted_by_key(|part| part.start));
            parts.sort_by_key(|part| part.start);
            assert!(
                parts
                    .iter()
                    .all(|part| part.start < part.end && part.end <= length)
            );
            assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
});
