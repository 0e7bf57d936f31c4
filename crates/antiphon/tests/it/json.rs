//! JSON responses.

use antiphon::JsonResponse;
use serde::ser::{Error, Serialize, Serializer};

/// Content that makes a response of its own while it is written.
struct Nested;

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = JsonResponse::new(&"x".repeat(5000)).unwrap();
        serializer.serialize_u64(inner.body().len() as u64)
    }
}

struct Broken;

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("the reason"))
    }
}

#[test]
fn content_may_be_written_while_content_is_written() {
    for _ in 0..3 {
        let response = JsonResponse::new(&[Nested, Nested]).unwrap();
        assert_eq!(response.body(), "[5002,5002]");
    }
}

#[test]
fn what_failed_leaves_nothing_behind() {
    let error = JsonResponse::new(&("long enough to be seen", Broken)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "what was given cannot be JSON: the reason"
    );
    assert_eq!(JsonResponse::new(&1).unwrap().body(), "1");
}

#[test]
fn keys_that_json_has_not_are_an_error() {
    let map = std::collections::BTreeMap::from([(vec![1], 1)]);
    assert!(JsonResponse::new(&map).is_err());
}

#[test]
fn large_content_is_written_whole() {
    let response = JsonResponse::new(&"x".repeat(3 << 20)).unwrap();
    assert_eq!(response.body().len(), (3 << 20) + 2);
    assert_eq!(JsonResponse::new(&[1, 2]).unwrap().body(), "[1,2]");
}
