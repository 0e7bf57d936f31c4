//! Links: their table, and that what goes out is one link.

use antiphon_core::fields::FieldValue;
use antiphon_core::values::link::{InvalidLink, Link};
use proptest::prelude::*;
use serde_json::Value;

fn made(case: &Value) -> Result<Link, InvalidLink> {
    if let Some(text) = case["text"].as_str() {
        return text.parse();
    }
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut link = Link::new(&text(&case["target"]), &text(&case["rel"]))?;
    for pair in case["parameters"].as_array().expect("a list") {
        link = match pair[1].as_str() {
            Some(value) => link.parameter(&text(&pair[0]), value)?,
            None => link.flag(&text(&pair[0]))?,
        };
    }
    Ok(link)
}

#[test]
fn conformance() {
    let table = include_str!("../../../conformance/links.json");
    let table: Value = serde_json::from_str(table).unwrap();
    for case in table["cases"].as_array().unwrap() {
        let link = made(case);
        let value = link.as_ref().map(Link::as_str).ok();
        assert_eq!(value, case["value"].as_str(), "{}: {link:?}", case["id"]);
        if let Err(error) = link {
            let text = error.to_string();
            assert!(text.starts_with("link: expected "), "{text}");
        }
    }
}

/// Counts links as a client does that splits a field where a comma stands outside of `<…>` and of quotes.
fn links_in(value: &str) -> usize {
    let (mut count, mut end, mut is_escaped) = (1, None, false);
    for character in value.chars() {
        match (end, character) {
            (Some('"'), _) if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(awaited), _) if character == awaited => end = None,
            (Some(_), _) => {}
            (None, '<') => end = Some('>'),
            (None, '"') => end = Some('"'),
            (None, ',') => count += 1,
            (None, _) => {}
        }
    }
    count
}

#[test]
fn what_browsers_would_ignore_is_refused() {
    for kind in ["", "css", "Style", "style, <https://evil.example>"] {
        let error = Link::preload("/app.css", kind).unwrap_err().to_string();
        assert!(
            error.starts_with("link: expected a destination for `as`"),
            "{error}"
        );
    }
    let link = Link::preload("/app.js", "script").and_then(|link| link.flag("nopush"));
    let error = link.unwrap().flag("NoPush").unwrap_err().to_string();
    assert_eq!(
        error,
        "link: expected each parameter once, but found \"NoPush\" again"
    );
    for origin in [
        "",
        "cdn.example",
        "/",
        "https:cdn.example",
        "ähttps://cdn.example",
    ] {
        assert!(Link::preconnect(origin).is_err(), "{origin}");
    }
}

proptest! {
    #[test]
    fn what_is_made_is_one_link_again(target in any::<String>(), rel in "[ -~]{1,12}", name in "[a-z*]{1,8}", value in any::<String>()) {
        let Ok(link) = Link::new(&target, &rel).and_then(|link| link.parameter(&name, &value)) else {
            return Ok(());
        };
        prop_assert_eq!(link.as_str().parse::<Link>(), Ok(link.clone()));
        prop_assert_eq!(links_in(link.as_str()), 1);
        let field = FieldValue::from(link);
        prop_assert!(field.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
    }

    #[test]
    fn text_that_is_a_link_is_sent_as_one(
        text in prop_oneof![
            any::<String>(),
            "[<>;,=\"\\\\ a-c/\r\n\t]{0,24}",
" {0,2}</a>; ?rel=[a/](; ?(a|b|as)(=([a-c/]{1,3}|\"[a-c\\\\,;< ]{0,4}\"))?){0,3};? {0,2}",
        ],
    ) {
        if let Ok(link) = text.parse::<Link>() {
            let value = link.as_str();
            prop_assert!(value.starts_with('<') && !value.ends_with(' '));
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(links_in(value), 1);
            prop_assert_eq!(value.parse::<Link>(), Ok(link));
        }
    }
}
