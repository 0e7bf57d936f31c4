//! The plan of a file. The input is `Range`, `If-Range`, `If-Match`, `If-None-Match`,
//! `If-Modified-Since` and `If-Unmodified-Since`, with 0x1F between them.
#![no_main]

use antiphon_core::body::segment::{self, Segment};
use antiphon_core::fields::Headers;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::request::range::{MAX_RANGES, RangePolicy};
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms, Stat, plan};
use antiphon_core::response::plan::Body;
use antiphon_core::values::file_version::FileVersion;
use antiphon_fuzz::{assert_one_line, fields};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let names = [
        "range",
        "if-range",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
    ];
    let values: [Option<&[u8]>; 6] = fields(input);
    let lines = || {
        names
            .iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)))
    };
    let version = FileVersion {
        length: LENGTH,
        modified: i128::from(MODIFIED) * 1_000_000_000,
        ..FileVersion::default()
    };
    let stat = Stat {
        length: Some(LENGTH),
        last_modified: version.last_modified(NOW),
        etag: Some(version.etag(NOW)),
        cache_control: None,
    };
    let mut built = Headers::new();
    file::head(None)
        .chain(file::stat_head(200, stat))
        .for_each(|patch| built.apply(patch));
    let facts = FileFacts {
        length: Some(LENGTH),
        declared: built.declared(),
        ..FileFacts::default()
    };
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        for method in [Method::Get, Method::Head, Method::Other] {
            let terms = RangeTerms {
                policy,
                max_ranges: MAX_RANGES,
                now: NOW,
                boundary: "0123456789abcdef",
            };
            let request = RequestFields::of(method, lines());
            let plan = plan(facts, &request, terms).expect("nothing is wrong with these facts");
            let (status, headers, body) = plan.into_parts(built.clone());
            headers
                .iter()
                .for_each(|(_, value)| assert_one_line(value.as_bytes()));
            assert!([200, 206, 304, 400, 412, 416].contains(&status));
            assert_eq!(headers.contains("content-length"), status != 304);
            let Body::Content(content) = body else {
                continue;
            };
            let sent = match &content {
                FileContent::Whole(length) => *length,
                FileContent::Segments(segments) => segment::total(segments),
                FileContent::UntilEnd => unreachable!("the length is known"),
            };
            assert_ne!(method, Method::Head);
            assert_eq!(
                headers.get("content-length").unwrap().to_text(),
                sent.to_string()
            );
            if let FileContent::Segments(segments) = &content {
                let within = |segment: &Segment| match segment {
                    Segment::File(part) => part.start < part.end && part.end <= LENGTH,
                    Segment::Bytes(bytes) => !bytes.is_empty(),
                };
                assert!(segments.iter().all(within));
            }
        }
    }
});

const LENGTH: u64 = 1000;
const MODIFIED: i64 = 1_700_000_000;
const NOW: i64 = 1_800_000_000;
