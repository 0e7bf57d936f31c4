//! How often the core asks for memory.

use antiphon_core::response;
use antiphon_core::response::content::ContentFacts;

#[test]
fn planning_a_fixed_response_allocates_at_most_twice() {
    let facts = ContentFacts {
        status: 200,
        head: false,
        length: Some(13),
        media_type: Some("text/plain"),
        charset: "utf-8",
        declared_length: None,
        declares_transfer_encoding: false,
    };
    let counted = allocation_counter::measure(|| assert!(response::fixed::plan(facts).is_ok()));
    assert!(
        (1..=2).contains(&counted.count_total),
        "{}",
        counted.count_total
    );
}
