//! Headers of 100 KiB: they get an answer, and what they cost grows with their length, not with its
//! square.

use antiphon_core::request::method::Method;
use antiphon_core::request::preconditions::{Outcome, Preconditions, Validators};
use antiphon_core::request::range::{self, MAX_RANGES, RangeOutcome, RangePolicy};
use antiphon_core::values::etag::{Comparison, EntityTag, TagList};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

const KIB_100: usize = 100 * 1024;
const NOW: i64 = 1_800_000_000;

/// `text`, repeated to a length of `length` bytes.
fn repeated(text: &str, length: usize) -> Vec<u8> {
    text.bytes().cycle().take(length).collect()
}

fn range_of(members: &str, length: usize) -> Vec<u8> {
    [b"bytes=".to_vec(), repeated(members, length)].concat()
}

const VALIDATORS: Validators<'_> = Validators {
    etag: Some(b"\"17979cfe362a0000-3e8\""),
    last_modified: Some(b"Tue, 14 Nov 2023 22:13:20 GMT"),
};

fn one(part: Range<u64>) -> RangeOutcome {
    RangeOutcome::Parts(Vec::from([part]))
}

#[test]
fn long_ranges_are_ignored_or_beyond_the_end() {
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        let parse = |field: &[u8]| range::parse(field, 1000, MAX_RANGES, policy);
        // 25,000 members are more than anybody is given.
        assert_eq!(parse(&range_of("0-0,", KIB_100)), RangeOutcome::Whole);
        assert_eq!(parse(&range_of(",", KIB_100)), RangeOutcome::Whole);
        let number = range_of("9", KIB_100);
        assert_eq!(
            parse(&[&number[..], b"-"].concat()),
            RangeOutcome::Unsatisfiable
        );
        let suffix = [b"bytes=-".to_vec(), repeated("9", KIB_100)].concat();
        assert_eq!(parse(&suffix), one(0..1000));
    }
    let members = range_of("0-0,", KIB_100);
    let parts = range::parse(&members, 1000, usize::MAX, RangePolicy::Rfc9110);
    assert_eq!(parts, one(0..1));
}

#[test]
fn long_lists_of_tags_are_read_to_their_end() {
    let own = EntityTag::parse(VALIDATORS.etag.unwrap());
    let mut list = repeated("\"a\", W/\"b\", ", KIB_100 / 12 * 12);
    let TagList::Tags(tags) = TagList::parse(&list) else {
        panic!()
    };
    assert_eq!(tags.len(), KIB_100 / 12 * 2);
    assert!(!TagList::parse(&list).holds(own, Comparison::Weak));
    list.extend_from_slice(VALIDATORS.etag.unwrap());
    assert!(TagList::parse(&list).holds(own, Comparison::Strong));
    let request = Preconditions {
        if_none_match: Some(&list),
        ..Default::default()
    };
    assert_eq!(
        request.evaluate(VALIDATORS, Method::Get, NOW),
        Outcome::NotModified
    );
}

#[test]
fn quotes_that_are_not_closed_hold_no_tag() {
    for open in [&b"\""[..], b"W/\"", b"\"a\",\"", b"\"a\""] {
        let field = [open, &repeated("a", KIB_100)].concat();
        let request = Preconditions {
            if_match: Some(&field),
            ..Default::default()
        };
        assert_eq!(
            request.evaluate(VALIDATORS, Method::Get, NOW),
            Outcome::PreconditionFailed
        );
    }
}

#[test]
fn a_long_if_range_permits_none() {
    for text in [
        "\"",
        "\"a",
        "W/\"",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        " ",
        "\u{e9}",
    ] {
        let field = repeated(text, KIB_100);
        let request = Preconditions {
            if_range: Some(&field),
            ..Default::default()
        };
        assert!(!request.permits_range(VALIDATORS, 1_800_000_000), "{text}");
    }
}

/// Something that a header of any length can be made for, and that reads it.
type Case = (&'static str, fn(usize) -> Vec<u8>, fn(&[u8]));

const CASES: [Case; 14] = [
    ("members", |length| range_of("0-0,", length), parse_as_sent),
    (
        "members, and no limit",
        |length| range_of("0-0,", length),
        parse_without_limit,
    ),
    (
        "members backwards, and no limit",
        backwards,
        parse_without_limit,
    ),
    (
        "commas",
        |length| range_of(",", length),
        parse_without_limit,
    ),
    (
        "a number",
        |length| range_of("9", length),
        parse_without_limit,
    ),
    (
        "dashes",
        |length| range_of("-", length),
        parse_without_limit,
    ),
    ("tags", |length| repeated("\"a\",", length), evaluate),
    (
        "weak tags",
        |length| repeated("W/\"a\" , ", length),
        evaluate,
    ),
    (
        "a tag",
        |length| repeated("a", length),
        |text| {
            evaluate(&[b"\"", text, b"\""].concat());
        },
    ),
    ("quotes", |length| repeated("\"", length), evaluate),
    (
        "a quote that is not closed",
        |length| repeated("a", length),
        |text| {
            evaluate(&[b"\"", text].concat());
        },
    ),
    (
        "weak quotes that are not closed",
        |length| repeated("W/\"", length),
        evaluate,
    ),
    ("blanks", |length| repeated(" ", length), evaluate),
    (
        "dates",
        |length| repeated("Sun, 06 Nov 1994 08:49:37 GMT", length),
        evaluate,
    ),
];

/// Parts that do not touch, the last first.
fn backwards(length: usize) -> Vec<u8> {
    let mut field = b"bytes=".to_vec();
    let mut start = 2 * length;
    while field.len() < length {
        field.extend_from_slice(format!("{start}-{start},").as_bytes());
        start -= 2;
    }
    field
}

fn parse_as_sent(field: &[u8]) {
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        black_box(range::parse(field, u64::MAX, MAX_RANGES, policy));
    }
}

fn parse_without_limit(field: &[u8]) {
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        black_box(range::parse(field, u64::MAX, usize::MAX, policy));
    }
}

fn evaluate(field: &[u8]) {
    let field = Some(field);
    for (if_match, if_none_match) in [(field, None), (None, field)] {
        let request = Preconditions {
            if_match,
            if_unmodified_since: field,
            if_none_match,
            if_modified_since: field,
            if_range: field,
        };
        black_box(request.evaluate(VALIDATORS, Method::Get, NOW));
        black_box(request.permits_range(VALIDATORS, 1_800_000_000));
    }
}

#[test]
fn the_cost_grows_with_the_length() {
    const TIMES: usize = 8;
    for (name, make, read) in CASES {
        let (short, long) = (make(KIB_100 / TIMES), make(KIB_100));
        let best = |field: &[u8]| -> Duration {
            let once = || {
                let begun = Instant::now();
                read(black_box(field));
                begun.elapsed()
            };
            std::iter::repeat_with(once).take(10).min().unwrap()
        };
        // A square would take 64 times as long, whatever else the machine does: so one round of many
        // that stays far below it is proof, and a machine that is busy for a while is no failure.
        let grows_with_the_length = || {
            let (short, long) = (best(&short), best(&long));
            long < 3 * TIMES as u32 * short.max(Duration::from_micros(1))
        };
        assert!((0..20).any(|_| grows_with_the_length()), "{name}");
    }
}
