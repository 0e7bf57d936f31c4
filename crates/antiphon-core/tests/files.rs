//! The tables of files, against the core as Starlette's face sets it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_core::asgi::file_steps::{FileStep, FileSteps};
use antiphon_core::body::segment::{self, Segment};
use antiphon_core::fields::{FieldValue, Headers};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::request::range::{self, Likely, MAX_RANGES, RangeOutcome, RangePolicy};
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms, Stat, plan};
use antiphon_core::response::plan::Body;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::values::content_disposition::{self, DispositionType};
use antiphon_core::values::etag;
use antiphon_core::values::file_version::FileVersion;
use antiphon_core::values::media_type::{Charset, MediaType};
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
    let tag = version(length).etag(NOW).to_text();
    let config = &case["config"];
    let own = config["etag"].as_str().unwrap_or(&tag);
    let upper = own.to_uppercase();
    let lines = case["headers"].as_array().unwrap().iter().map(|pair| {
        let [name, value] = [0, 1].map(|place| pair[place].as_str().unwrap());
        let value = value.trim_matches([' ', '\t']);
        let value = value
            .replace("{{ETAG_UPPER}}", &upper)
            .replace("{{ETAG}}", own);
        (name.to_ascii_lowercase(), value)
    });
    let method = Method::from(case["method"].as_str().unwrap());
    let request = RequestFields::of(method, lines);
    let mut callers = Headers::new();
    for name in ["etag", "last_modified"] {
        if let Some(value) = config[name].as_str() {
            callers.append(name.replace('_', "-"), value).unwrap();
        }
    }
    let status = config["status_code"].as_u64().unwrap_or(200) as u16;
    let built = built(callers, status, None, stat(length));
    let plan = plan(facts(status, length, &built), &request, terms(policy)).unwrap();
    let (status, headers, body) = plan.into_parts(built);
    let head = method == Method::Head;
    let parts = |segments: &[Segment]| -> Vec<Value> {
        let ranges = segments.iter().filter_map(|segment| match segment {
            Segment::File(range) => Some(json!([range.start, range.end])),
            Segment::Bytes(_) => None,
        });
        ranges.collect()
    };
    match (status, &body) {
        (400, Body::Content(FileContent::Segments(text))) => {
            let Segment::Bytes(text) = &text[0] else {
                panic!()
            };
            json!({"status": 400, "body": String::from_utf8_lossy(text)})
        }
        (206, Body::Content(FileContent::Segments(segments))) => {
            json!({"status": 206, "parts": parts(segments)})
        }
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
        (status, Body::Content(FileContent::Whole(whole))) => {
            json!({"status": status, "full": *whole == length})
        }
        (status, Body::Empty) if head => {
            let announced = headers.get("content-length").unwrap().to_text();
            json!({"status": status, "full": announced == length.to_string()})
        }
        (status, body) => panic!("{status} {body:?}"),
    }
}

fn version(length: u64) -> FileVersion {
    FileVersion {
        length,
        modified: 1_700_000_000 * 1_000_000_000,
        ..Default::default()
    }
}

const fn stat(length: u64) -> Stat {
    Stat {
        length: Some(length),
        last_modified: HttpDate::from_unix(1_700_000_000),
        etag: None,
        cache_control: None,
    }
}

/// The fields of a response that was built with these of the caller's.
fn built(
    mut callers: Headers,
    status: u16,
    disposition: Option<FieldValue>,
    stat: Stat,
) -> Headers {
    let etag = stat.length.map(|length| version(length).etag(NOW));
    let stat = Stat { etag, ..stat };
    file::head(disposition)
        .chain(file::stat_head(status, stat))
        .for_each(|patch| callers.apply(patch));
    callers
}

fn facts(status: u16, length: u64, headers: &Headers) -> FileFacts<'_> {
    FileFacts {
        status,
        length: Some(length),
        declared: headers.declared(),
    }
}

const fn terms(policy: RangePolicy) -> RangeTerms<'static> {
    RangeTerms {
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
fn answers_have_the_fields_that_their_status_asks_for() {
    let pairs =
        |lines: &Value| -> Vec<[String; 2]> { serde_json::from_value(lines.clone()).unwrap() };
    let mut ran = 0;
    for case in cases(include_str!("../../../conformance/file_answers.json")) {
        let id = case["id"].as_str().unwrap();
        let mut callers = Headers::new();
        for [name, value] in pairs(&case["callers"]) {
            callers.append(name, value).unwrap();
        }
        let plain = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
        callers.set("content-type", plain).unwrap();
        let offered = content_disposition::encode(&DispositionType::ATTACHMENT, "notes.txt");
        let built = built(callers, 200, Some(offered), stat(1000));
        let method = Method::from(case["method"].as_str().unwrap());
        let lines = pairs(&case["headers"]);
        let request = RequestFields::of(method, lines.iter().map(|[name, value]| (name, value)));
        for policy in case["policies"].as_array().unwrap() {
            let policy = match policy.as_str().unwrap() {
                "rfc9110" => RangePolicy::Rfc9110,
                _ => RangePolicy::Starlette,
            };
            let plan = plan(facts(200, 1000, &built), &request, terms(policy)).unwrap();
            let (status, headers, body) = plan.into_parts(built.clone());
            assert_eq!(u64::from(status), case["status"].as_u64().unwrap(), "{id}");
            let found: Vec<[String; 2]> = headers
                .iter()
                .map(|(name, value)| [name.as_str().to_owned(), value.to_text()])
                .collect();
            let expected = case["fields"].as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{id}: {found:?}");
            for ([name, value], expected) in found.iter().zip(expected) {
                assert_eq!(name, expected[0].as_str().unwrap(), "{id}");
                let fits = expected[1]
                    .as_str()
                    .is_none_or(|text| match text.strip_suffix('*') {
                        Some(start) => value.starts_with(start),
                        None => value == text,
                    });
                assert!(fits, "{id}: {name}: {value}");
            }
            let sent = match body {
                Body::Empty => 0,
                Body::Content(FileContent::Whole(length)) => length,
                Body::Content(FileContent::UntilEnd) => unreachable!("all lengths are known"),
                Body::Content(FileContent::Segments(segments)) => segment::total(&segments),
            };
            assert!(
                case["body"].as_u64().is_none_or(|length| length == sent),
                "{id}"
            );
            ran += 1;
        }
    }
    assert!(ran > 20, "{ran}");
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
        let kind = DispositionType::try_from(kind);
        if case["rfc_correct"].is_null() {
            assert!(kind.is_err(), "{id}");
            refused += 1;
            continue;
        }
        let kind = kind.unwrap();
        assert_eq!(
            content_disposition::encode_as_starlette(&kind, name),
            case["starlette"].as_str().unwrap(),
            "{id}"
        );
        let ours = content_disposition::encode(&kind, name).to_text();
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
    let value = content_disposition::encode(&DispositionType::INLINE, &name).to_text();
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
        for changed in [None, Some(modified), Some(-modified.saturating_abs())] {
            let version = FileVersion {
                length,
                modified,
                changed,
                inode: u64::MAX,
            };
            let tag = version.etag(now).to_text();
            assert!(etag::EntityTag::parse(tag.as_bytes()).is_some(), "{tag}");
            assert!(tag.len() <= 112);
            let date = version.last_modified(now);
            assert!(date.is_none_or(|date| date.unix() <= now));
        }
    }
    let stat = Stat {
        last_modified: None,
        ..stat(1)
    };
    let headers = built(Headers::new(), 200, None, stat);
    assert!(!headers.contains("last-modified"));
}

/// Two copies of a file: alike in length and time, made at different times in different places.
fn copies(modified: i128) -> [FileVersion; 2] {
    let copy = |inode| FileVersion {
        length: 12,
        modified,
        changed: Some(1_790_000_000_000_000_000 + i128::from(inode)),
        inode,
    };
    [copy(1), copy(2)]
}

#[test]
fn copies_of_a_file_have_one_tag_unless_a_build_has_set_its_time() {
    for (modified, is_one) in [
        (1_700_000_000_123_456_789, true),
        // 1990
        (631_152_000_000_000_000, true),
        (631_151_999_999_999_999, false),
        // zip's 1980, Nix's second, the epoch, before it
        (315_532_800_000_000_000, false),
        (1_000_000_000, false),
        (0, false),
        (-1, false),
    ] {
        let [one, other] = copies(modified).map(|version| version.etag(NOW).to_text());
        assert_eq!(one == other, is_one, "{modified}: {one}, {other}");
        assert!(one.starts_with('"'), "{one}");
        let [one, _] = copies(modified);
        assert_eq!(one.last_modified(NOW).is_some(), is_one, "{modified}");
        let unknown = FileVersion {
            changed: None,
            ..one
        };
        assert_eq!(unknown.etag(NOW).to_text().starts_with("W/"), !is_one);
    }
}

#[test]
fn a_time_in_the_future_is_no_validator() {
    let second = 1_000_000_000;
    let of = |seconds: i64| FileVersion {
        length: 1,
        modified: i128::from(seconds) * second + 1,
        ..Default::default()
    };
    for (seconds, is_weak, is_told) in [
        (NOW + 100_000, true, false),
        (NOW + 1, true, false),
        (NOW, true, true),
        (NOW - 1, true, true),
        (NOW - 2, false, true),
    ] {
        let version = of(seconds);
        assert_eq!(version.etag(NOW).to_text().starts_with("W/"), is_weak);
        let date = version.last_modified(NOW).map(HttpDate::unix);
        assert_eq!(date, is_told.then_some(seconds));
    }
}

#[test]
fn a_file_whose_length_only_reading_tells_is_sent_to_its_end() {
    let facts = |built| FileFacts {
        length: None,
        ..facts(200, 0, built)
    };
    let mut built = Headers::new();
    let stat = Stat::default();
    file::head(None)
        .chain(file::stat_head(200, stat))
        .for_each(|patch| built.apply(patch));
    for (method, field) in [
        (Method::Get, None),
        (Method::Get, Some("bytes=0-0")),
        (Method::Get, Some("bytes=-5")),
        (Method::Head, Some("bytes=0-")),
    ] {
        let request = RequestFields::of(method, field.map(|field| ("range", field)));
        for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
            let plan = plan(facts(&built), &request, terms(policy)).unwrap();
            let (status, headers, body) = plan.into_parts(built.clone());
            assert_eq!(status, 200);
            assert_eq!(headers.get("accept-ranges").unwrap(), "none");
            assert!(!headers.contains("content-length"));
            match method {
                Method::Head => assert_eq!(body, Body::Empty),
                _ => assert_eq!(body, Body::Content(FileContent::UntilEnd)),
            }
        }
    }
    let steps: Vec<FileStep> = FileSteps::new(FileContent::UntilEnd).by_path().collect();
    assert_eq!(steps, [FileStep::UntilEnd]);
}

#[test]
fn the_last_bytes_of_an_empty_file_are_all_of_it() {
    for policy in [RangePolicy::Rfc9110, RangePolicy::Starlette] {
        for (field, expected) in [
            ("bytes=-1", RangeOutcome::Whole),
            ("bytes=-99999999999999999999999", RangeOutcome::Whole),
            ("bytes=0-, -5", RangeOutcome::Whole),
            ("bytes=-5, 3-4", RangeOutcome::Whole),
            ("bytes=-0", RangeOutcome::Unsatisfiable),
            ("bytes=0-", RangeOutcome::Unsatisfiable),
            ("bytes=0-0, -0", RangeOutcome::Unsatisfiable),
        ] {
            let outcome = range::parse(field.as_bytes(), 0, MAX_RANGES, policy);
            assert_eq!(outcome, expected, "{field}, {policy:?}");
        }
    }
}

#[test]
fn what_describes_no_content_is_not_sent_with_304_and_412() {
    let mut callers = Headers::new();
    callers.append("vary", "accept").unwrap();
    callers.append("content-language", "de").unwrap();
    callers.append("set-cookie", "a=b").unwrap();
    for (status, name, value) in [(304, "if-none-match", "*"), (412, "if-match", "\"x\"")] {
        let request = RequestFields::of(Method::Get, [(name, value)]);
        let disposition = content_disposition::encode(&DispositionType::INLINE, "a");
        let stat = Stat {
            cache_control: Some(FieldValue::try_from("no-cache").unwrap()),
            ..stat(10)
        };
        let built = built(callers.clone(), 200, Some(disposition), stat);
        let facts = facts(200, 10, &built);
        let plan = plan(facts, &request, terms(RangePolicy::Rfc9110)).unwrap();
        let (answered, headers, _) = plan.into_parts(built.clone());
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
        assert_eq!((answered, names), (status, expected));
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
    fn what_is_likely_is_what_comes(field in range_field(), length in 1_u64..300) {
        let request = RequestFields::of(Method::Get, [("range", &field)]);
        let expected = match Likely::of(&request) {
            Likely::Nothing => return Ok(()),
            Likely::Whole => return Err(TestCaseError::fail("there is a range")),
            Likely::Range(start, end) => start..end.min(length),
            Likely::From(start) => start..length,
            Likely::Last(last) => length.saturating_sub(last)..length,
        };
        let found = range::parse(&field, length, MAX_RANGES, RangePolicy::Rfc9110);
        if expected.start >= length {
            prop_assert_eq!(found, RangeOutcome::Unsatisfiable);
        } else {
            prop_assert_eq!(found, RangeOutcome::Parts(vec![expected]));
        }
    }

    #[test]
    fn the_length_announced_is_the_sum_of_the_segments(
        field in range_field(), length in any::<u64>(), head in any::<bool>(), starlette in any::<bool>(),
    ) {
        let policy = if starlette { RangePolicy::Starlette } else { RangePolicy::Rfc9110 };
        let method = if head { Method::Head } else { Method::Get };
        let request = RequestFields::of(method, [("range", &field)]);
        let built = built(Headers::new(), 200, None, stat(length));
        let plan = plan(facts(200, length, &built), &request, terms(policy)).unwrap();
        let (status, headers, body) = plan.into_parts(built);
        let announced = headers.get("content-length").unwrap().to_text();
        let body = match &body {
            Body::Content(FileContent::Whole(length)) => *length,
            Body::Content(FileContent::UntilEnd) => unreachable!("the length is known"),
            Body::Content(FileContent::Segments(segments)) => segment::total(segments),
            Body::Empty => {
                prop_assert!(head || status == 416);
                return Ok(());
            }
        };
        prop_assert_eq!(announced, body.to_string());
    }

    #[test]
    fn preconditions_never_panic(fields in proptest::array::uniform5(any::<Vec<u8>>())) {
        let names = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since", "if-range"];
        let range = b"bytes=0-".to_vec();
        let lines = names.iter().zip(&fields).chain([(&"range", &range)]);
        let built = built(Headers::new(), 200, None, stat(9));
        let request = RequestFields::of(Method::Get, lines);
        let _ = plan(facts(200, 9, &built), &request, terms(RangePolicy::Rfc9110));
    }
}

#[test]
fn what_the_program_has_taken_out_stays_out() {
    let mut headers = built(Headers::new(), 200, None, stat(100));
    for name in ["accept-ranges", "content-length", "etag", "last-modified"] {
        assert!(headers.remove(name));
    }
    let several = [("range", "bytes=0-4,90-94")];
    for (request, expected) in [
        (RequestFields::new(Method::Get), vec![]),
        (
            RequestFields::of(Method::Get, [("range", "bytes=0-4")]),
            vec!["content-range", "content-length"],
        ),
        (
            RequestFields::of(Method::Get, several),
            vec!["content-type", "content-length"],
        ),
    ] {
        let terms = terms(RangePolicy::Starlette);
        let plan = plan(facts(200, 100, &headers), &request, terms).unwrap();
        let (_, headers, body) = plan.into_parts(headers.clone());
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected);
        if let Body::Content(FileContent::Segments(segments)) = body
            && let Segment::Bytes(head) = &segments[0]
        {
            assert!(!String::from_utf8_lossy(head).contains("Content-Type"));
        }
    }
}
