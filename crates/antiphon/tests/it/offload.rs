//! Files that a server in front sends: what it is told, and what is never looked at.

use crate::files::Folder;
use crate::support::{ask, start};
use antiphon::{FileErrorKind, FileResponse, Offload, asgi};
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;

fn media() -> Offload {
    Offload::x_accel([("/srv/media", "/_files/")]).unwrap()
}

#[tokio::test]
async fn the_table_holds_for_files() {
    let table = include_str!("../../../../conformance/offload.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        let (id, path) = (case["id"].as_str().unwrap(), case["path"].as_str().unwrap());
        // A path that is not absolute begins in the folder of the process.
        if id.starts_with("mapping") || id.ends_with("relative") || id == "empty" {
            continue;
        }
        let offload = match case["server"].as_str() {
            None => Offload::x_sendfile(),
            Some("apache") => Offload::x_sendfile_to_apache(),
            Some("lighttpd") => Offload::x_sendfile_to_lighttpd(),
            Some(_) => {
                let mapping = &case["mapping"];
                let mapping: Vec<(String, String)> =
                    serde_json::from_value(mapping.clone()).unwrap();
                Offload::x_accel(mapping).unwrap()
            }
        };
        let answer = FileResponse::new(path)
            .offload(offload)
            .into_http(&http::Request::new(()));
        match (answer.await, case["error"].as_str()) {
            (Ok(answer), None) => {
                let [name, value] = [0, 1].map(|place| case["field"][place].as_str().unwrap());
                let found = answer.headers()[name].as_bytes().iter();
                assert_eq!(
                    found.copied().map(char::from).collect::<String>(),
                    value,
                    "{id}"
                );
            }
            (Err(error), Some(expected)) => {
                assert_eq!(error.kind(), FileErrorKind::Invalid, "{id}");
                assert!(error.to_string().contains(expected), "{id}: {error}");
                assert_eq!(
                    error
                        .response()
                        .into_http(&http::Request::new(()))
                        .unwrap()
                        .status(),
                    500
                );
            }
            (found, _) => panic!("{id}: {found:?}"),
        }
        ran += 1;
    }
    assert!(ran > 25, "{ran}");
}

#[tokio::test]
async fn requests_change_nothing() {
    let response = FileResponse::new("/srv/media/report ü.pdf")
        .filename("report.pdf")
        .cache_control("private")
        .unwrap()
        .header("etag", "\"1\"")
        .unwrap()
        .offload(media());
    let plain = response
        .clone()
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    assert_eq!(plain.status(), 200);
    let names: Vec<_> = plain
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "content-type",
            "content-disposition",
            "cache-control",
            "x-accel-redirect",
            "content-length"
        ]
    );
    assert_eq!(
        plain.headers()["x-accel-redirect"],
        "/_files/report%20%C3%BC.pdf"
    );
    for method in ["GET", "HEAD", "POST"] {
        let request = http::Request::builder()
            .method(method)
            .header("x-accel-mapping", "/srv/media/=/secret/")
            .header("x-sendfile-type", "X-Sendfile")
            .header("x-accel-redirect", "/secret")
            .header("range", "bytes=0-1")
            .header("if-none-match", "*")
            .header("if-match", "\"other\"");
        let answer = response
            .clone()
            .into_http(&request.body(()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers(), plain.headers());
        assert!(
            answer
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn nothing_is_opened_and_the_connection_goes_on() {
    async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
        let file = FileResponse::new("/srv/media/missing").offload(media());
        file.call(scope, receive, send).await
    }
    let server = start(app).await;
    for method in ["GET", "HEAD"] {
        let answer = ask(server.address, method, "/").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-accel-redirect"), Some("/_files/missing"));
        assert_eq!(answer.header("content-length"), Some("0"));
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_an_error_before_the_head() {
    let file = || FileResponse::new("/srv/media/a").offload(media());
    for (response, expected) in [
        (
            file().status_code(StatusCode::NOT_FOUND),
            "offload: expected status code 200",
        ),
        (
            file().delete_after(),
            "delete_after: expected a file that is sent from here",
        ),
        (
            FileResponse::new("a").offload(media()),
            "beneath one of the mapped folders",
        ),
    ] {
        let error = response
            .into_http(&http::Request::new(()))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), FileErrorKind::Invalid);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn paths_of_requests_keep_their_rules() {
    let within = |path: &str| {
        let file = FileResponse::within("/srv/media", path).offload(media());
        async move {
            let answer = file.into_http(&http::Request::new(())).await;
            answer
                .map(|answer| answer.headers()["x-accel-redirect"].clone())
                .map_err(|error| error.kind())
        }
    };
    assert_eq!(within("a%20b/c.mp4").await.unwrap(), "/_files/a%20b/c.mp4");
    assert_eq!(within("%252e%252e").await.unwrap(), "/_files/%252e%252e");
    for path in [
        "../secret",
        "%2e%2e/secret",
        "/etc/passwd",
        "",
        "a%00",
        "a\\b",
    ] {
        assert_eq!(within(path).await, Err(FileErrorKind::NotFound), "{path}");
    }
}

#[tokio::test]
async fn a_relative_path_begins_in_the_folder_of_the_process() {
    let folder = std::env::current_dir().unwrap();
    let offload = Offload::x_accel([(folder.to_str().unwrap(), "/_here")]).unwrap();
    let file = FileResponse::new("./Cargo.toml").offload(offload);
    let answer = file.into_http(&http::Request::new(())).await.unwrap();
    assert_eq!(answer.headers()["x-accel-redirect"], "/_here/Cargo.toml");
}

#[tokio::test]
async fn a_file_is_sent_as_ever_without_offload() {
    let folder = Folder::new();
    let answer = FileResponse::new(folder.file(10))
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    assert!(!answer.headers().contains_key("x-accel-redirect"));
    assert_eq!(answer.headers()["content-length"], "10");
}
