//! Compression: the table of answers, and laws.

use antiphon_core::fields::{FieldName, FieldValue, Headers};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::compression::{self, Described, Terms};
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::etag::{self, EntityTag};
use proptest::prelude::*;
use serde_json::Value;

fn words<T: std::str::FromStr<Err: std::fmt::Debug>>(list: &Value) -> Option<Vec<T>> {
    let list = list.as_array()?;
    let word = |word: &Value| word.as_str().expect("a word").parse().expect("a word");
    Some(list.iter().map(word).collect())
}

fn terms(options: &Value) -> Terms {
    let preset = Terms::default();
    Terms {
        codings: words(&options["codings"]),
        minimum_size: options["minimum_size"]
            .as_u64()
            .unwrap_or(preset.minimum_size),
        media_types: words(&options["media_types"]),
        excluded: words(&options["exclude_media_types"]).unwrap_or_default(),
    }
}

fn pairs(list: &Value) -> Vec<(&str, &str)> {
    let list = list.as_array().expect("pairs");
    list.iter()
        .map(|pair| {
            (
                pair[0].as_str().expect("a name"),
                pair[1].as_str().expect("a value"),
            )
        })
        .collect()
}

/// What a response of the table says before anybody compresses it, where no precondition is evaluated.
fn head(response: &Value) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in pairs(&response["headers"]) {
        headers.append(name, value).expect("a field");
    }
    if response["kind"] != "stream"
        && !headers.contains("content-length")
        && response["status"] != 204
    {
        let size = response["size"].to_string();
        headers
            .append("content-length", size.as_str())
            .expect("a field");
    }
    if let Some(media_type) = response["media_type"].as_str() {
        headers.append("content-type", media_type).expect("a field");
    }
    headers
}

#[test]
fn heads_are_changed_as_the_table_says() {
    let table = include_str!("../../../conformance/compression.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let mut checked = 0;
    for case in table["cases"].as_array().unwrap() {
        // What preconditions and ranges make of it is checked where responses are.
        if case["status"] != case["response"]["status"] {
            continue;
        }
        let method = Method::from(case["method"].as_str().unwrap());
        let terms = terms(&case["options"]);
        let mut request = RequestFields::of(method, pairs(&case["headers"]));
        request.uncode(terms.codings_for(None));
        let mut headers = head(&case["response"]);
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let fields: Vec<(String, Vec<u8>)> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        let described = Described::of(status, fields.iter().map(|(name, value)| (name, value)));
        let answer = compression::plan(&terms, &described, &request);
        if answer.coding.is_some() {
            assert!(!answer.is_alone());
        }
        answer.patches(None).for_each(|patch| headers.apply(patch));
        let id = &case["id"];
        let said = |name: &str| {
            let values: Vec<String> = headers.get_all(name).map(FieldValue::to_text).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        assert_eq!(
            said("content-encoding").as_deref(),
            case["coding"].as_str(),
            "{id}"
        );
        assert_eq!(said("etag").as_deref(), case["etag"].as_str(), "{id}");
        assert_eq!(said("vary").as_deref(), case["vary"].as_str(), "{id}");
        checked += 1;
    }
    assert!(checked > 60, "{checked} cases");
}

fn tag() -> impl Strategy<Value = Vec<u8>> {
    "(W/)?\"[!#-~]{0,8}\"".prop_map(String::into_bytes)
}

proptest! {
    #[test]
    fn a_coded_tag_leads_back_to_its_own(tag in "\"[!#-~]{0,8}\"", index in 0usize..3) {
        let coding = ContentCoding::ALL[index];
        let own = FieldValue::try_from(tag.as_str()).unwrap();
        let coded = etag::in_coding(&own, coding);
        prop_assert!(EntityTag::parse(coded.as_bytes()).is_some());
        let list = etag::with_uncoded(coded.as_bytes(), &[coding]).expect("a coded tag");
        prop_assert!(list.starts_with(own.as_bytes()));
        prop_assert!(list.ends_with(coded.as_bytes()));
        let found = etag::coded_in(coded.as_bytes(), own.as_bytes(), &ContentCoding::ALL);
        prop_assert_eq!(found, Some(coded));
    }

    #[test]
    fn any_request_and_head_have_an_answer_whose_fields_can_be_sent(
        accepted in any::<Vec<u8>>(),
        tags in proptest::collection::vec(tag(), 0..4),
        own in prop_oneof![tag(), any::<Vec<u8>>()],
        vary in proptest::collection::vec("[ -~]{0,12}", 0..3),
        status in 200u16..=520,
        length in proptest::option::of(0u64..2000),
    ) {
        let list = tags.join(&b", "[..]);
        let lines: [(&str, &[u8]); 4] = [
            ("if-none-match", &list),
            ("accept-encoding", &accepted),
            ("if-match", &list),
            ("range", b"bytes=0-1"),
        ];
        let mut request = RequestFields::of(Method::Get, lines);
        let is_coded = request.uncode(&ContentCoding::ALL);
        prop_assert_eq!(request.range().is_none(), is_coded);
        let length = length.map(|length| length.to_string());
        let mut fields: Vec<(&str, &[u8])> = vec![("etag", &own), ("content-type", b"text/css")];
        fields.extend(length.as_deref().map(|length| ("content-length", length.as_bytes())));
        fields.extend(vary.iter().map(|line| ("vary", line.as_bytes())));
        let described = Described::of(status, fields);
        let answer = compression::plan(&Terms::default(), &described, &request);
        let mut headers = Headers::new();
        answer.patches(None).for_each(|patch| headers.apply(patch));
        for (name, value) in &headers {
            let again = FieldValue::try_from(value.as_bytes().to_vec());
            prop_assert!(again.is_ok(), "{}: {:?}", name.as_str(), value);
        }
        let known = [FieldName::CONTENT_ENCODING, FieldName::ETAG, FieldName::VARY];
        prop_assert!(headers.iter().all(|(name, _)| known.contains(name)));
    }
}
