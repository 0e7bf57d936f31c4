//! How often the core asks for memory.

use antiphon_core::request::method::Method;
use antiphon_core::response::content::{self, ContentFacts};
use antiphon_core::response::fixed;
use antiphon_core::values::media_type::{Charset, MediaType};

#[test]
fn describing_and_planning_a_fixed_response_allocates_once() {
    let facts = ContentFacts {
        length: Some(13),
        ..Default::default()
    };
    let counted = allocation_counter::measure(|| {
        let plain = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
        assert!(content::head(facts, Some(plain)).is_ok());
        assert!(fixed::plan(facts, Method::Get).is_ok());
    });
    assert_eq!(counted.count_total, 1);
}
