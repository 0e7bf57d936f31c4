//! Responses with validators of their own, by their table and over HTTP.

use crate::support::{exchange, start};
use antiphon::{EtagSource, FileResponse, JsonResponse, PlainTextResponse, asgi};
use serde_json::{Value, json};

fn pairs(lines: &Value) -> Vec<[String; 2]> {
    serde_json::from_value(lines.clone()).unwrap()
}

#[tokio::test]
async fn validated_responses_answer_preconditions() {
    let table = include_str!("../../../../conformance/conditional_answers.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let status = case["status_code"].as_u64().unwrap() as u16;
        let mut response = PlainTextResponse::new("hello").status_code(status.try_into().unwrap());
        for [name, value] in pairs(&case["callers"]) {
            response = response.header(name, value).unwrap();
        }
        response = match case["validators"].as_str() {
            Some("strong") => response.add_etag(),
            Some(_) => response.add_weak_etag(),
            None => response,
        };
        let mut request = http::Request::builder().method(case["method"].as_str().unwrap());
        for [name, value] in pairs(&case["headers"]) {
            request = request.header(name, value);
        }
        let answer = response.into_http(&request.body(()).unwrap()).unwrap();
        assert_eq!(
            u64::from(answer.status().as_u16()),
            case["status"].as_u64().unwrap(),
            "{id}"
        );
        let mut found: Vec<[String; 2]> = answer
            .headers()
            .iter()
            .map(|(name, value)| [name.to_string(), value.to_str().unwrap().to_owned()])
            .collect();
        // The program's fields come before those of the content, and the tag is the program's wish.
        let mut expected = pairs(&case["fields"]);
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{id}");
        let body = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap();
        assert_eq!(
            body.to_bytes().len() as u64,
            case["body"].as_u64().unwrap(),
            "{id}"
        );
        ran += 1;
    }
    assert!(ran > 35, "{ran}");
}

#[tokio::test]
async fn the_tag_is_that_of_a_file_with_the_same_bytes() {
    let path = std::env::temp_dir().join(format!("antiphon-tag-{}", std::process::id()));
    std::fs::write(&path, "{\"a\":1}").unwrap();
    let file = FileResponse::new(&path)
        .etag(EtagSource::Content)
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    std::fs::remove_file(path).unwrap();
    let response = JsonResponse::new(&json!({"a": 1})).unwrap().add_etag();
    assert_eq!(
        response.headers().get("etag").unwrap().as_bytes(),
        file.headers()["etag"].as_bytes()
    );
}

#[tokio::test]
async fn a_program_that_sets_a_tag_afterwards_is_heeded() {
    let mut response = PlainTextResponse::new("hello").add_etag();
    response.headers_mut().set("etag", "\"v2\"").unwrap();
    let request = http::Request::get("/")
        .header("if-none-match", "\"v2\"")
        .body(())
        .unwrap();
    let answer = response.into_http(&request).unwrap();
    assert_eq!(answer.status(), 304);
    assert_eq!(answer.headers()["etag"], "\"v2\"");
}

#[tokio::test]
async fn conditions_are_answered_over_the_wire_and_the_connection_goes_on() {
    async fn app(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
        let response = PlainTextResponse::new("hello").add_etag();
        response.call(scope, receive, send).await
    }
    let server = start(app).await;
    // 100 KiB of tags, the last of which fits, and hostile ones.
    let many = "\"a\",".repeat(5000);
    let mut requests = String::new();
    for tags in [
        format!("{many}\"ea8f163db38682925e4491c5e58d4bb3\""),
        "\"".to_owned(),
        "W/W/\"x\"".to_owned(),
        "*".to_owned(),
    ] {
        requests += &format!("GET / HTTP/1.1\r\nhost: a\r\nif-none-match: {tags}\r\n\r\n");
    }
    requests += "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = exchange(server.address, requests.as_bytes()).await;
    let answers = String::from_utf8(answers).unwrap();
    let statuses: Vec<_> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(place, found)| &answers[place + found.len()..][..3])
        .collect();
    assert_eq!(statuses, ["304", "200", "200", "304", "200"], "{answers}");
}
