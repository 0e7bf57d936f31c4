//! Directories: the table of `Accept-Encoding`, and laws of paths.

use antiphon_core::request::accept_encoding::AcceptEncoding;
use antiphon_core::request::directory_path::DirectoryPath;
use antiphon_core::request::file_path;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::etag::{Comparison, EntityTag};
use antiphon_core::values::{etag, file_version::FileVersion};
use proptest::prelude::*;
use serde_json::Value;

fn words(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|word| word.as_str().expect("a word"))
        .collect()
}

#[test]
fn codings_are_ranked_as_the_table_says() {
    let table = include_str!("../../../conformance/accept_encoding.json");
    let table: Value = serde_json::from_str(table).unwrap();
    for case in table["cases"].as_array().unwrap() {
        let mut accepted = AcceptEncoding::default();
        for line in words(&case["lines"]) {
            accepted.note(line.as_bytes());
        }
        let offered: Vec<ContentCoding> = words(&case["offered"])
            .iter()
            .map(|token| token.parse().unwrap())
            .collect();
        let ranked: Vec<&str> = accepted
            .ranked(&offered)
            .map(ContentCoding::token)
            .collect();
        assert_eq!(ranked, words(&case["ranked"]), "{}", case["id"]);
    }
}

#[test]
fn a_copy_of_the_same_length_and_time_has_another_tag() {
    let version = FileVersion {
        length: 7,
        modified: 1_700_000_000_000_000_000,
        ..Default::default()
    };
    for now in [1_800_000_000, 1_700_000_000] {
        let own = version.etag(now);
        let mut tags = vec![own.clone()];
        for coding in ContentCoding::ALL {
            tags.push(etag::in_coding(&own, coding));
        }
        for (place, tag) in tags.iter().enumerate() {
            let parsed = EntityTag::parse(tag.as_bytes()).expect("a tag");
            for (other, second) in tags.iter().enumerate() {
                let second = EntityTag::parse(second.as_bytes()).expect("a tag");
                assert_eq!(parsed.matches(second, Comparison::Weak), place == other);
            }
            let strong = parsed.matches(parsed, Comparison::Strong);
            assert_eq!(strong, now == 1_800_000_000);
        }
    }
}

proptest! {
    #[test]
    fn a_path_is_of_plain_names_and_its_redirect_stays_at_this_site(
        path in "(/|//|\\.\\.?|%2e|%2F|%5c|\\\\|%00|a|b:|\\?|#|%|ü|evil\\.example){0,9}",
        query in "[ -~]{0,12}",
    ) {
        let Some(found) = DirectoryPath::parse(&path, false) else {
            return Ok(());
        };
        if !found.path().is_empty() {
            let again = found.path().replace('%', "%25");
            prop_assert!(file_path::beneath(&again, false).is_some(), "{}", found.path());
        }
        let target = found.with_slash(query.as_bytes());
        let rest = target.strip_prefix("./").expect("a relative target");
        let (name, _) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
        prop_assert!(found.path().is_empty() || rest[name.len()..].starts_with('/'), "{target}");
        prop_assert!(!name.contains([':', '\\', '?', '#']), "{target}");
        prop_assert!(target.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{target}");
    }

    #[test]
    fn any_field_ranks_only_what_is_offered(line in any::<Vec<u8>>()) {
        let mut accepted = AcceptEncoding::default();
        accepted.note(&line);
        let offered = [ContentCoding::Gzip];
        prop_assert!(accepted.ranked(&offered).all(|coding| coding == ContentCoding::Gzip));
    }
}
