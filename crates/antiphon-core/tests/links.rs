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

proptest! {
    #[test]
    fn what_is_made_is_one_link_again(target in any::<String>(), rel in "[ -~]{1,12}", name in "[a-z*]{1,8}", value in any::<String>()) {
        let Ok(link) = Link::new(&target, &rel).and_then(|link| link.parameter(&name, &value)) else {
            return Ok(());
        };
        prop_assert_eq!(link.as_str().parse::<Link>(), Ok(link.clone()));
        let field = FieldValue::from(link);
        prop_assert!(field.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)));
    }

    #[test]
    fn any_text_is_a_link_or_an_error(text in any::<String>()) {
        if let Ok(link) = text.parse::<Link>() {
            prop_assert!(link.as_str().starts_with('<'));
        }
    }
}
