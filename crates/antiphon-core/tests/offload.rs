//! The table of files that a server in front sends, against the core.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_core::fields::{FieldName, FieldValue, Headers, InvalidHeader};
use antiphon_core::response::content::ContentFacts;
use antiphon_core::response::offload::{self, InvalidOffload, Offload};
use antiphon_core::response::plan::Body;
use proptest::prelude::*;
use serde_json::Value;

fn field(case: &Value) -> Result<(FieldName, FieldValue), InvalidOffload> {
    let offload = match case["server"].as_str() {
        None => Offload::x_sendfile(),
        Some("apache") => Offload::x_sendfile_to_apache(),
        Some("lighttpd") => Offload::x_sendfile_to_lighttpd(),
        Some(_) => {
            let mapping = &case["mapping"];
            let mapping: Vec<(String, String)> = serde_json::from_value(mapping.clone()).unwrap();
            Offload::x_accel(mapping)?
        }
    };
    offload.field(case["path"].as_str().unwrap().as_bytes())
}

#[test]
fn files_are_named_to_servers_in_front() {
    let table = include_str!("../../../conformance/offload.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        match (field(case), case["error"].as_str()) {
            (Ok((name, value)), None) => {
                assert_eq!(name.as_str(), case["field"][0].as_str().unwrap(), "{id}");
                assert_eq!(value.to_text(), case["field"][1].as_str().unwrap(), "{id}");
            }
            (Err(error), Some(expected)) => {
                let error = error.to_string();
                assert!(error.contains(expected), "{id}: {error}");
                assert!(!error.contains(['\r', '\n', '\0']), "{id}: {error}");
            }
            (found, _) => panic!("{id}: {found:?}"),
        }
        ran += 1;
    }
    assert!(ran > 40, "{ran}");
}

#[test]
fn a_path_need_not_be_text() {
    let offload = Offload::x_accel([("/srv", "/_f")]).unwrap();
    assert_eq!(offload.field(b"/srv/\xff\xfe").unwrap().1, "/_f/%FF%FE");
    assert_eq!(
        Offload::x_sendfile_to_lighttpd()
            .field(b"C:/srv/a b")
            .unwrap()
            .1,
        "C:/srv/a%20b"
    );
}

#[test]
fn what_would_disagree_with_the_server_in_front_goes() -> Result<(), InvalidHeader> {
    let mut headers = Headers::new();
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", "1000"),
        ("ETag", "\"1\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("accept-ranges", "bytes"),
        ("x-accel-redirect", "/secret"),
        ("content-disposition", "inline"),
        ("cache-control", "private"),
        ("set-cookie", "a=b"),
        ("x-accel-redirect", "/more"),
    ] {
        headers.append(name, value)?;
    }
    let facts = |status| ContentFacts {
        status,
        declared: headers.declared(),
        ..Default::default()
    };
    let offload = Offload::x_accel([("/srv", "/_f")]).unwrap();
    let plan = offload::plan(&offload, b"/srv/a", facts(200)).unwrap();
    let (status, sent, body) = plan.into_parts(headers.clone());
    assert_eq!((status, body), (200, Body::Empty));
    let sent: Vec<_> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_text()))
        .collect();
    assert_eq!(
        sent.iter()
            .map(|(name, value)| (*name, &**value))
            .collect::<Vec<_>>(),
        [
            ("content-type", "video/mp4"),
            ("content-length", "0"),
            ("x-accel-redirect", "/_f/a"),
            ("content-disposition", "inline"),
            ("cache-control", "private"),
            ("set-cookie", "a=b"),
        ]
    );
    for status in [199, 201, 204, 206, 304, 404, 500] {
        let error = offload::plan(&offload, b"/srv/a", facts(status)).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("offload: expected status code 200")
        );
    }
    let mut chunked = Headers::new();
    chunked.append("transfer-encoding", "chunked")?;
    let facts = ContentFacts {
        declared: chunked.declared(),
        ..Default::default()
    };
    assert!(offload::plan(&offload, b"/srv/a", facts).is_err());
    Ok(())
}

proptest! {
    /// Whatever a file is called, nginx gets a path beneath the location, and one line.
    #[test]
    fn no_path_leads_out_of_the_location(path in proptest::collection::vec(any::<u8>(), 0..40), start in "(/srv/|/srv|/|)") {
        let offload = Offload::x_accel([("/srv", "/_f/")]).unwrap();
        let path = [start.as_bytes(), &path].concat();
        if let Ok((_, value)) = offload.field(&path) {
            let text = value.to_text();
            prop_assert!(text.starts_with("/_f/"));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!text.contains(['?', '#']));
            prop_assert!(text.split('/').skip(1).all(|name| !matches!(name, "" | "." | "..")));
        }
    }
}
