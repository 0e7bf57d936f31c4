//! The plan of a file. The input is `Range`, `If-Range`, `If-Match`, `If-None-Match`,
//! `If-Modified-Since` and `If-Unmodified-Since`, with 0x1F between them.
#![no_main]

use antiphon_core::request::preconditions::Preconditions;
use antiphon_core::values::etag;
use antiphon_core::fields::Headers;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::response::plan::Body;
use antiphon_core::request::range::{MAX_RANGES, RangePolicy};
use antiphon_core::response::file::{FileFacts, RequestFacts, Terms, plan};
use antiphon_core::body::segment::{self, Segment};
use antiphon_fuzz::{assert_one_line, fields};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [
        range,
        if_range,
        if_match,
        if_none_match,
        if_modified_since,
        if_unmodified_since,
    ] = fields(input);
    let preconditions = Preconditions {
        if_match,
        if_unmodified_since,
        if_none_match,
        if_modified_since,
        if_range,
    };
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        for method in ["GET", "HEAD", "PUT"] {
            let file = FileFacts {
                status: 200,
                length: LENGTH,
                last_modified: HttpDate::from_unix(MODIFIED),
                etag: Some(etag::of_file(LENGTH, i128::from(MODIFIED) * 1_000_000_000, NOW)),
                media_type: "text/plain",
                charset: "utf-8",
                disposition: None,
                cache_control: None,
                callers_etag: None,
                callers_last_modified: None,
                callers_content_type: None,
                declared_length: None,
                declares_transfer_encoding: false,
            };
            let request = RequestFacts {
                method,
                range,
                preconditions,
            };
            let terms = Terms {
                policy,
                max_ranges: MAX_RANGES,
                now: NOW,
                boundary: "0123456789abcdef",
            };
            let mut plan = plan(file, request, terms).expect("nothing is wrong with these facts");
            let headers = plan.patch(Headers::new());
            headers
                .iter()
                .for_each(|(_, value)| assert_one_line(value.as_bytes()));
            assert!([200, 206, 304, 400, 412, 416].contains(&plan.status));
            assert_eq!(headers.contains("content-length"), plan.status != 304);
            let sent = match &plan.body {
                Body::File(length) => *length,
                Body::Segments(segments) => segment::total(segments),
                _ => continue,
            };
            assert_ne!(method, "HEAD");
            assert_eq!(
                headers.get("content-length").unwrap().to_text(),
                sent.to_string()
            );
            if let Body::Segments(segments) = &plan.body {
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
