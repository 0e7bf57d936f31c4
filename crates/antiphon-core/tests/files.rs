//! The tables of files, against the core as Starlette's face sets it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_core::body::segment::Segment;
use antiphon_core::fields::{FieldValue, Headers};
use antiphon_core::request::preconditions::Preconditions;
use antiphon_core::request::range::{self, MAX_RANGES, RangeOutcome, RangePolicy};
use antiphon_core::response::file::{FileFacts, RequestFacts, Terms, plan};
use antiphon_core::response::plan::Body;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::values::content_disposition;
use antiphon_core::{body::segment, values::etag};
use proptest::prelude::*;
use serde_json::{Value, json};

fn cases(table: &str) -> Vec<Value> {
    // Rust's text holds no lone surrogate; U+FFFD stands for it.
    let mut table: Value = serde_json::from_str(&table.replace("\\ud800", "\\ufffd")).unwrap();
    serde_json::from_value(table["cases"].take()).unwrap()
}

/// What a case's request gets, in the words of the table.
fn answer(case: &Value, policy: RangePolicy) -> Value {
    let length = case["file_size"].as_u64().unwrap();
    let tag = etag::of_file(length, 1_700_000_000 * 1_000_000_000, NOW).to_text();
    let config = &case["config"];
    let own = config["etag"].as_str().unwrap_or(&tag);
    let field = |name: &str| {
        let lines: Vec<String> = case["headers"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name))
            .map(|pair| {
                let value = pair[1].as_str().unwrap().trim_matches([' ', '\t']);
                let upper = own.to_uppercase();
                value
                    .replace("{{ETAG_UPPER}}", &upper)
                    .replace("{{ETAG}}", own)
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    };
    let fields = [
        "if-match",
        "if-unmodified-since",
        "if-none-match",
        "if-modified-since",
        "if-range",
        "range",
    ]
    .map(field);
    let [
        if_match,
        if_unmodified_since,
        if_none_match,
        if_modified_since,
        if_range,
        range,
    ] = fields
        .each_ref()
        .map(|field| field.as_ref().map(String::as_bytes));
    let file = FileFacts {
        status: config["status_code"].as_u64().unwrap_or(200) as u16,
        callers_etag: config["etag"].as_str().map(str::as_bytes),
        callers_last_modified: config["last_modified"].as_str().map(str::as_bytes),
        ..facts(length)
    };
    let request = RequestFacts {
        method: case["method"].as_str().unwrap(),
        range,
        preconditions: Preconditions {
            if_match,
            if_unmodified_since,
            if_none_match,
            if_modified_since,
            if_range,
        },
    };
    let mut plan = plan(file, request, terms(policy)).unwrap();
    let headers = plan.patch(Headers::new());
    let head = request.method.eq_ignore_ascii_case("HEAD");
    let parts = |segments: &[Segment]| -> Vec<Value> {
        let ranges = segments.iter().filter_map(|segment| match segment {
            Segment::File(range) => Some(json!([range.start, range.end])),
            Segment::Bytes(_) => None,
        });
        ranges.collect()
    };
    match (plan.status, &plan.body) {
        (400, Body::Segments(text)) => {
            let Segment::Bytes(text) = &text[0] else {
                panic!()
            };
            json!({"status": 400, "body": String::from_utf8_lossy(text)})
        }
        (206, Body::Segments(segments)) => json!({"status": 206, "parts": parts(segments)}),
        (206, _) => match headers.get("content-range") {
            Some(range) => {
                let text = range.to_text();
                let (first, rest) = text[6..].split_once('-').unwrap();
                let last = rest.split('/').next().unwrap();
                let end = last.parse::<u64>().unwrap() + 1;
                json!({"status": 206, "parts": [[first.parse::<u64>().unwrap(), end]]})
            }
            None => json!({"status": 206, "multipart": true}),
        },
        (416, _) => {
            json!({"status": 416, "content_range": headers.get("content-range").unwrap().to_text()})
        }
        (status @ (304 | 400 | 412), Body::Empty) => json!({"status": status}),
        (status, Body::File(whole)) => json!({"status": status, "full": *whole == length}),
        (status, Body::Empty) if head => {
            let announced = headers.get("content-length").unwrap().to_text();
            json!({"status": status, "full": announced == length.to_string()})
        }
        (status, body) => panic!("{status} {body:?}"),
    }
}

fn facts(length: u64) -> FileFacts<'static> {
    FileFacts {
        status: 200,
        length,
        last_modified: HttpDate::from_unix(1_700_000_000),
        etag: Some(etag::of_file(length, 1_700_000_000 * 1_000_000_000, NOW)),
        media_type: "application/octet-stream",
        charset: "utf-8",
        disposition: None,
        cache_control: None,
        callers_etag: None,
        callers_last_modified: None,
        callers_content_type: None,
        declared_length: None,
        declares_transfer_encoding: false,
    }
}

const fn terms(policy: RangePolicy) -> Terms<'static> {
    Terms {
        policy,
        max_ranges: MAX_RANGES,
        now: NOW,
        boundary: "0123456789abcdef01234567ab",
    }
}

const NOW: i64 = 1_800_000_000;

fn allowed(answer: &Value, outcomes: &Value) -> bool {
    outcomes.as_array().unwrap().iter().any(|outcome| {
        let same = |key: &str| outcome[key].is_null() || outcome[key] == answer[key];
        same("status") && same("parts") && same("content_range") && same("full")
    })
}

#[test]
fn ranges_as_rfc_9110_has_them() {
    let mut preferred = 0;
    let table = cases(include_str!("../../../conformance/ranges.json"));
    for case in &table {
        let answer = answer(case, RangePolicy::Rfc9110);
        assert!(
            allowed(&answer, &case["rfc_allowed"]),
            "{}: {answer}",
            case["id"]
        );
        let best = allowed(&answer, &json!([case["preferred"]]));
        assert!(best || case["level"] != "must", "{}: {answer}", case["id"]);
        preferred += usize::from(best);
    }
    assert!(
        preferred * 10 > table.len() * 9,
        "{preferred} of {}",
        table.len()
    );
}

#[test]
fn ranges_as_starlette_has_them() {
    let (mut same, mut numbered) = (0, Vec::new());
    for case in cases(include_str!("../../../conformance/ranges.json")) {
        let answer = answer(&case, RangePolicy::Starlette);
        let mut observed = case["observed"]["starlette-1.10.0"].clone();
        let observed = observed.as_object_mut().unwrap();
        observed.remove("defects");
        // HEAD carries no text (D-7).
        if case["method"] == "HEAD" {
            observed.remove("body");
        }
        if answer == Value::Object(observed.clone()) {
            same += 1;
        } else {
            // D-11, D-12, D-13: each is the better answer.
            let id = case["id"].as_str().unwrap();
            assert!(
                allowed(&answer, &json!([case["preferred"]])),
                "{id}: {answer}, {observed:?}"
            );
            numbered.push(id.to_owned());
        }
    }
    assert!(same > 140, "{same}, {numbered:?}");
}

#[test]
fn dispositions() {
    let mut refused = 0;
    for case in cases(include_str!("../../../conformance/disposition.json")) {
        let id = case["id"].as_str().unwrap();
        let (kind, name) = (
            case["type"].as_str().unwrap(),
            case["filename"].as_str().unwrap(),
        );
        // The caller's own header counts; and a lone surrogate cannot be given.
        if case["headers"].is_object() || case["starlette_error"].is_string() {
            continue;
        }
        let starlette = content_disposition::encode_as_starlette(kind, name);
        let ours = content_disposition::encode(kind, name);
        if case["rfc_correct"].is_null() {
            assert!(starlette.is_err() && ours.is_err(), "{id}");
            refused += 1;
            continue;
        }
        assert_eq!(
            starlette.unwrap(),
            case["starlette"].as_str().unwrap(),
            "{id}"
        );
        let ours = ours.unwrap().to_text();
        assert!(
            [&case["rfc_correct"], &case["browser_safe"]].contains(&&json!(ours)),
            "{id}: {ours}, expected {}",
            case["browser_safe"]
        );
    }
    assert!(refused >= 2);
}

#[test]
fn a_long_name_is_shortened_and_keeps_its_extension() {
    let name = "é".repeat(2048) + ".pdf";
    let value = content_disposition::encode("inline", &name)
        .unwrap()
        .to_text();
    assert!(value.starts_with("inline; filename=\"____") && value.ends_with(".pdf"));
    assert!(value.len() < 1200, "{}", value.len());
}

#[test]
fn validators_of_odd_files_do_no_harm() {
    for (length, modified, now) in [
        (0, i128::MIN, i64::MIN),
        (u64::MAX, i128::MAX, i64::MAX),
        (1, -1, 0),
        (1, 0, 0),
    ] {
        let tag = etag::of_file(length, modified, now).to_text();
        assert!(etag::EntityTag::parse(tag.as_bytes()).is_some(), "{tag}");
    }
    let file = FileFacts {
        last_modified: None,
        ..facts(1)
    };
    let request = RequestFacts {
        method: "GET",
        range: None,
        preconditions: Preconditions::default(),
    };
    let mut plan = plan(file, request, terms(RangePolicy::Rfc9110)).unwrap();
    assert!(!plan.patch(Headers::new()).contains("last-modified"));
}

#[test]
fn what_describes_no_content_is_not_sent_with_304_and_412() {
    let mut callers = Headers::new();
    callers.append("vary", "accept").unwrap();
    callers.append("content-language", "de").unwrap();
    callers.append("set-cookie", "a=b").unwrap();
    for (status, preconditions) in [
        (
            304,
            Preconditions {
                if_none_match: Some(b"*"),
                ..Default::default()
            },
        ),
        (
            412,
            Preconditions {
                if_match: Some(b"\"x\""),
                ..Default::default()
            },
        ),
    ] {
        let request = RequestFacts {
            method: "GET",
            range: None,
            preconditions,
        };
        let file = FileFacts {
            cache_control: Some(FieldValue::from_static("no-cache").unwrap()),
            disposition: content_disposition::encode("inline", "a").ok(),
            ..facts(10)
        };
        let mut plan = plan(file, request, terms(RangePolicy::Rfc9110)).unwrap();
        let headers = plan.patch(callers.clone());
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut expected = vec![
            "vary",
            "set-cookie",
            "last-modified",
            "etag",
            "cache-control",
        ];
        if status == 412 {
            expected.push("content-length");
        }
        assert_eq!((plan.status, names), (status, expected));
    }
}

/// Fields with a taste for what breaks range parsers.
fn range_field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        "bytes=[-0-9, ]{0,60}".prop_map(String::into_bytes),
        "bytes=([0-9]{0,3}-[0-9]{0,3},){0,12}[0-9]{0,2}-[0-9]{0,2}".prop_map(String::into_bytes),
        "bytes=([0-9]{18,22}-[0-9]{0,22},? ?){0,3}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn parts_are_disjoint_and_within_the_file(
        field in range_field(), length in 0_u64..300, starlette in any::<bool>(),
    ) {
        let policy = if starlette { RangePolicy::Starlette } else { RangePolicy::Rfc9110 };
        if let RangeOutcome::Parts(mut parts) = range::parse(&field, length, MAX_RANGES, policy) {
            prop_assert!(!parts.is_empty() && parts.len() <= MAX_RANGES);
            prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= length));
            let sorted = parts.is_sorted_by_key(|part| part.start);
            prop_assert!(sorted || !starlette);
            parts.sort_by_key(|part| part.start);
            prop_assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn the_length_announced_is_the_sum_of_the_segments(
        field in range_field(), length in any::<u64>(), head in any::<bool>(), starlette in any::<bool>(),
    ) {
        let policy = if starlette { RangePolicy::Starlette } else { RangePolicy::Rfc9110 };
        let request = RequestFacts {
            method: if head { "HEAD" } else { "GET" },
            range: Some(&field),
            preconditions: Preconditions::default(),
        };
        let mut plan = plan(facts(length), request, terms(policy)).unwrap();
        let headers = plan.patch(Headers::new());
        let announced = headers.get("content-length").unwrap().to_text();
        let body = match &plan.body {
            Body::File(length) => *length,
            Body::Segments(segments) => segment::total(segments),
            _ => {
                prop_assert!(head || plan.status == 416);
                return Ok(());
            }
        };
        prop_assert_eq!(announced, body.to_string());
    }

    #[test]
    fn preconditions_never_panic(fields in proptest::array::uniform5(any::<Vec<u8>>())) {
        let [a, b, c, d, e] = fields.each_ref().map(|field| Some(field.as_slice()));
        let preconditions = Preconditions {
            if_match: a,
            if_unmodified_since: b,
            if_none_match: c,
            if_modified_since: d,
            if_range: e,
        };
        let request = RequestFacts { method: "GET", range: Some(b"bytes=0-"), preconditions };
        let _ = plan(facts(9), request, terms(RangePolicy::Rfc9110));
    }
}
