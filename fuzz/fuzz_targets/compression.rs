//! Which coding a response is sent in, and what its head says then. The input is the method, the status, the
//! codings that are offered, the least length, the media types that are compressed and those that are not, the
//! lines of the request and those of the head, with 0x1F between them; lists are separated by commas, lines by LF.
#![no_main]

use antiphon_core::fields::{FieldValue, Headers};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::compression::{Answer, Described, Terms, plan};
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::etag::{Comparison, EntityTag, TagList};
use antiphon_fuzz::{assert_one_line, fields};
use libfuzzer_sys::fuzz_target;
use std::str::FromStr;

fuzz_target!(|input: &[u8]| {
    let [
        method,
        status,
        codings,
        minimum,
        wanted,
        excluded,
        asked,
        said,
    ] = fields(input);
    let method = Method::from(text(method));
    let Ok(status) = text(status).parse() else {
        return;
    };
    let preset = Terms::default();
    let terms = Terms {
        codings: codings.map(|list| words(text(Some(list)))),
        minimum_size: text(minimum).parse().unwrap_or(preset.minimum_size),
        media_types: wanted.map(|list| words(text(Some(list)))),
        excluded: words(text(excluded)),
    };
    let came = RequestFields::of(method, lines(asked));
    let mut request = came.clone();
    let is_coded = request.uncode(terms.codings_for(None));
    check_request(&came, &request, is_coded);
    let offered = terms.codings_for(None);
    check_ranking(&request, offered);

    let mut head = Headers::new();
    for (name, value) in lines(said) {
        // What cannot be sent is refused before.
        drop(head.append(String::from_utf8_lossy(&name).as_ref(), value.to_vec()));
    }
    let answer = planned(&terms, status, &head, &request);
    if status != 304 {
        let other = planned(
            &terms,
            status,
            &head,
            &request.clone().with_method(Method::Head),
        );
        assert_eq!(other, answer, "HEAD and GET are answered alike");
    }
    for length in [None, Some(u64::MAX)] {
        check_head(&terms, status, &head, &request, answer.clone(), length);
    }
});

fn text(field: Option<&[u8]>) -> &str {
    field
        .and_then(|field| std::str::from_utf8(field).ok())
        .unwrap_or_default()
}

/// The members of a list that are words of that kind.
fn words<T: FromStr>(list: &str) -> Vec<T> {
    list.split(',')
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// Names in lower case, and values.
fn lines(field: Option<&[u8]>) -> Vec<(Vec<u8>, &[u8])> {
    let lines = field.unwrap_or_default().split(|byte| *byte == b'\n');
    let line = |line: &'_ [u8]| line.iter().position(|byte| *byte == b':');
    lines
        .filter_map(|each| {
            let end = line(each)?;
            Some((
                each[..end].to_ascii_lowercase(),
                each[end + 1..].trim_ascii(),
            ))
        })
        .collect()
}

fn planned(terms: &Terms, status: u16, head: &Headers, request: &RequestFields) -> Answer {
    let fields = head
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    plan(terms, &Described::of(status, fields), request)
}

/// A request that names no coded tag stays; one that does keeps its tags, and asks for no part.
fn check_request(came: &RequestFields, request: &RequestFields, is_coded: bool) {
    if !is_coded {
        assert_eq!(came, request);
        return;
    }
    assert_eq!(request.range(), None);
    let (before, after) = (came.preconditions(), request.preconditions());
    assert_eq!(before.if_modified_since, after.if_modified_since);
    assert_eq!(before.if_unmodified_since, after.if_unmodified_since);
    for (before, after) in [
        (before.if_match, after.if_match),
        (before.if_none_match, after.if_none_match),
    ] {
        let (before, after) = (before.map(TagList::parse), after.map(TagList::parse));
        let (Some(TagList::Tags(before)), Some(after)) = (&before, &after) else {
            assert_eq!(before, after);
            continue;
        };
        for tag in before.iter().take(8) {
            assert!(after.holds(Some(*tag), Comparison::Weak));
            assert!(tag.is_weak() || after.holds(Some(*tag), Comparison::Strong));
        }
    }
}

/// Only what is offered is tried, once, and what the client likes better first.
fn check_ranking(request: &RequestFields, offered: &[ContentCoding]) {
    let accepted = request.accepted();
    let ranked: Vec<_> = accepted.ranked(offered).collect();
    assert!(ranked.iter().all(|coding| offered.contains(coding)));
    assert!(ranked.iter().all(|coding| accepted.weight(*coding) > 0));
    assert!(
        ranked
            .windows(2)
            .all(|pair| accepted.weight(pair[0]) >= accepted.weight(pair[1]))
    );
    let is_twice = |coding| ranked.iter().filter(|other| *other == coding).count() > 1;
    assert!(!ranked.iter().any(is_twice));
}

fn check_head(
    terms: &Terms,
    status: u16,
    before: &Headers,
    request: &RequestFields,
    answer: Answer,
    length: Option<u64>,
) {
    let (coding, is_alone) = (answer.coding, answer.is_alone());
    let mut after = before.clone();
    answer.patches(length).for_each(|patch| after.apply(patch));
    for (name, value) in &after {
        assert_one_line(value.as_bytes());
        assert!(FieldValue::try_from(value.as_bytes().to_vec()).is_ok());
        if !CHANGED.contains(&name.as_str()) {
            let own = |list: &Headers| -> Vec<_> { list.get_all(name.as_str()).cloned().collect() };
            assert_eq!(own(before), own(&after));
        }
    }
    if is_alone {
        assert!(before == &after && coding.is_none());
        return;
    }
    if status == 304 {
        assert_eq!(coding, None);
        let own = before.get("etag").map(FieldValue::as_bytes);
        assert_eq!(
            own.and_then(|own| request.coded_tag(own)).as_ref(),
            after.get("etag")
        );
    }
    let varies = |line: &FieldValue| {
        let text = line.to_text();
        text.split(',').any(|word| {
            let word = word.trim_ascii();
            word == "*" || word.eq_ignore_ascii_case("accept-encoding")
        })
    };
    assert!(after.get_all("vary").any(varies), "caches are told");
    let Some(coding) = coding else {
        return;
    };
    let described = before
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let described = Described::of(status, described);
    assert!(terms.codings_for(described.length()).contains(&coding));
    assert!(request.accepted().weight(coding) > 0);
    assert!(!matches!(status, 0..200 | 204 | 205 | 206 | 304) && described.length() != Some(0));
    for name in FINAL {
        assert!(!before.contains(name), "{name} would not be true");
    }
    let lengths: Vec<_> = after
        .get_all("content-length")
        .map(FieldValue::to_text)
        .collect();
    assert_eq!(
        lengths,
        Vec::from_iter(length.map(|length| length.to_string()))
    );
    assert!(!after.contains("accept-ranges"));
    let codings: Vec<_> = after
        .get_all("content-encoding")
        .map(FieldValue::to_text)
        .collect();
    assert_eq!(codings, [coding.token()]);
    if let (Some(own), Some(coded)) = (before.get("etag"), after.get("etag")) {
        let own = EntityTag::parse(own.as_bytes());
        let coded = EntityTag::parse(coded.as_bytes());
        let is_strong = own.is_some_and(|own| !own.is_weak());
        // Other bytes have another strong tag.
        assert!(!is_strong || coded.is_some_and(|tag| !tag.is_weak() && Some(tag) != own));
        assert!(is_strong || own == coded);
    }
    assert!(
        planned(terms, status, &after, request).is_alone(),
        "nothing is compressed twice"
    );
}

/// What compression may change.
const CHANGED: [&str; 5] = [
    "accept-ranges",
    "content-encoding",
    "content-length",
    "etag",
    "vary",
];

/// What is said of the bytes as they are.
const FINAL: [&str; 6] = [
    "content-digest",
    "content-encoding",
    "content-md5",
    "content-range",
    "digest",
    "repr-digest",
];
