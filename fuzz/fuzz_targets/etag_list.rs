//! `If-Match` and `If-None-Match`. The input is the field's value.
#![no_main]

use antiphon_core::values::etag::{Comparison, EntityTag, TagList};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|field: &[u8]| {
    let list = TagList::parse(field);
    assert_eq!(list == TagList::Any, field.trim_ascii() == b"*");
    if let Some(tag) = EntityTag::parse(field) {
        assert_eq!(list, TagList::Tags(vec![tag]));
    }
    if let TagList::Tags(tags) = &list {
        // `"",` is the shortest member.
        assert!(tags.len() <= field.len() / 3 + 1);
        for tag in tags.iter().take(8) {
            assert!(list.holds(Some(*tag), Comparison::Weak));
            assert!(
                !tag.matches(*tag, Comparison::Strong)
                    || list.holds(Some(*tag), Comparison::Strong)
            );
        }
        assert!(!list.holds(None, Comparison::Weak));
    }
});
