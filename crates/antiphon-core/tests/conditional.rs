//! The table of responses with validators of their own, against the core.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_core::fields::{FieldName, FieldValue, HeaderPatch, Headers};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::content::{self, ContentFacts};
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Body;
use antiphon_core::values::etag;
use antiphon_core::values::media_type::{Charset, MediaType};
use serde_json::Value;

/// 128 bits of BLAKE3 of `hello`, which a face brings.
const HASH: [u8; 16] = [
    0xea, 0x8f, 0x16, 0x3d, 0xb3, 0x86, 0x82, 0x92, 0x5e, 0x44, 0x91, 0xc5, 0xe5, 0x8d, 0x4b, 0xb3,
];

const NOW: i64 = 1_800_000_000;

fn pairs(lines: &Value) -> Vec<[String; 2]> {
    serde_json::from_value(lines.clone()).unwrap()
}

fn facts(status: u16, headers: &Headers) -> ContentFacts<'_> {
    ContentFacts {
        status,
        length: Some(5),
        declared: headers.declared(),
    }
}

#[test]
fn validated_responses_answer_preconditions() {
    let table = include_str!("../../../conformance/conditional_answers.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let status = case["status_code"].as_u64().unwrap() as u16;
        let mut headers = Headers::new();
        for [name, value] in pairs(&case["callers"]) {
            headers.append(name, value).unwrap();
        }
        let plain = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
        let head = content::head(facts(status, &headers), Some(plain)).unwrap();
        head.into_iter().for_each(|patch| headers.apply(patch));
        let tag = match case["validators"].as_str() {
            Some("strong") => Some(etag::of_content(&HASH)),
            Some(_) => Some(etag::weak(etag::of_content(&HASH))),
            None => None,
        };
        let method = Method::from(case["method"].as_str().unwrap());
        let lines = pairs(&case["headers"]);
        let request = RequestFields::of(method, lines.iter().map(|[name, value]| (name, value)));
        let plan = match tag {
            None => fixed::plan(facts(status, &headers), method),
            Some(tag) => {
                headers.apply(HeaderPatch::SetDefault(FieldName::ETAG, tag));
                fixed::plan_conditionally(facts(status, &headers), &request, NOW)
            }
        };
        let (status, headers, body) = plan.unwrap().into_parts(headers);
        assert_eq!(u64::from(status), case["status"].as_u64().unwrap(), "{id}");
        let found: Vec<[String; 2]> = headers
            .iter()
            .map(|(name, value)| [name.as_str().to_owned(), value.to_text()])
            .collect();
        assert_eq!(found, pairs(&case["fields"]), "{id}");
        let sent = if body == Body::Empty { 0 } else { 5 };
        assert_eq!(sent, case["body"].as_u64().unwrap(), "{id}");
        ran += 1;
    }
    assert!(ran > 35, "{ran}");
}

#[test]
fn what_contradicts_itself_is_refused_whatever_the_client_has() {
    let request = RequestFields::of(Method::Get, [("if-none-match", "*")]);
    let mut headers = Headers::new();
    headers.append("transfer-encoding", "chunked").unwrap();
    assert!(fixed::plan_conditionally(facts(200, &headers), &request, NOW).is_err());
    let mut headers = Headers::new();
    headers.append("content-length", "4").unwrap();
    let other = RequestFields::of(Method::Get, [("if-none-match", "\"x\"")]);
    assert!(fixed::plan_conditionally(facts(200, &headers), &other, NOW).is_err());
}

#[test]
fn a_weak_tag_stays_weak() {
    for (tag, weak) in [
        ("\"1\"", "W/\"1\""),
        ("W/\"1\"", "W/\"1\""),
        ("\"\"", "W/\"\""),
    ] {
        assert_eq!(etag::weak(FieldValue::try_from(tag).unwrap()), *weak);
    }
}
