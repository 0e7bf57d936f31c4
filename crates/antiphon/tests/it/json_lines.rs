//! JSON Lines: the table of `conformance/`, what shares a chunk, and the lines that errors name.

use crate::support::{TRIES, ask, start};
use antiphon::{InvalidLine, JsonError, JsonLinesResponse};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::Method;
use http_body_util::BodyExt;
use serde::ser::{Error, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

async fn chunks(response: JsonLinesResponse) -> (Vec<Bytes>, Option<String>) {
    let answer = response.into_http(&http::Request::new(())).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jsonl");
    let (mut body, mut chunks) = (answer.into_body(), Vec::new());
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => chunks.push(frame.into_data().unwrap()),
            Err(error) => return (chunks, Some(error.to_string())),
        }
    }
    (chunks, None)
}

/// The response of each constructor.
fn each(values: &[Value]) -> [JsonLinesResponse; 4] {
    let values = values.to_vec();
    let tried = values.clone().into_iter().map(Ok::<_, &str>);
    [
        JsonLinesResponse::new(stream::iter(values.clone())),
        JsonLinesResponse::try_new(stream::iter(tried.clone())),
        JsonLinesResponse::from_iterator(values),
        JsonLinesResponse::try_from_iterator(tried),
    ]
}

#[tokio::test]
async fn conformance() {
    let table = include_str!("../../../../conformance/json_lines.json");
    let table: Value = serde_json::from_str(table).unwrap();
    for case in table["cases"].as_array().unwrap() {
        let values = case["values"].as_array().unwrap();
        for flush in [false, true] {
            for response in each(values) {
                let (chunks, error) = chunks(response.flush_each_line(flush)).await;
                assert_eq!(error, None);
                assert_eq!(chunks.concat(), case["body"].as_str().unwrap().as_bytes());
                assert!(!flush || chunks.len() == values.len(), "{}", case["id"]);
            }
        }
    }
}

#[tokio::test]
async fn lines_that_are_ready_together_share_a_chunk() {
    let values = [1, 2, 3].map(Value::from);
    let mut together = [false; 2];
    for _ in 0..TRIES {
        for (response, together) in each(&values).into_iter().zip(&mut together) {
            *together |= chunks(response).await.0 == ["1\n2\n3\n"];
        }
        if together == [true; 2] {
            return;
        }
    }
    panic!("they never shared a chunk: {together:?}");
}

/// A value that cannot be JSON.
#[derive(Clone)]
struct Broken(bool);

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            return Err(S::Error::custom("the reason"));
        }
        serializer.serialize_str("whole")
    }
}

#[tokio::test]
async fn an_error_names_the_line_and_the_lines_before_it_are_sent() {
    let values = [Broken(false), Broken(false), Broken(true), Broken(false)];
    for flush in [false, true] {
        for response in [
            JsonLinesResponse::new(stream::iter(values.clone())),
            JsonLinesResponse::from_iterator(values.clone()),
        ] {
            let (chunks, error) = chunks(response.flush_each_line(flush)).await;
            assert_eq!(chunks.concat(), b"\"whole\"\n\"whole\"\n");
            let error = error.unwrap();
            assert!(
                error.contains("line 3: what was given cannot be JSON: the reason"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn an_error_of_the_first_line_is_the_applications() {
    let response = JsonLinesResponse::new(stream::iter([Broken(true)]));
    let error = response
        .into_http(&http::Request::new(()))
        .await
        .unwrap_err();
    let error = error.downcast::<InvalidLine<JsonError>>().unwrap();
    assert_eq!(error.line(), 1);
    assert!(error.into_rendering().is_some());
}

#[tokio::test]
async fn a_value_with_a_line_break_is_no_line() {
    let raw = RawValue::from_string("[1,\n2]".to_owned()).unwrap();
    let response = JsonLinesResponse::new(stream::iter([raw]));
    let error = response
        .into_http(&http::Request::new(()))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: expected a value without line breaks, but found one at position 3"
    );
}

#[tokio::test]
async fn the_streams_own_error_stays_what_it_is() {
    let fail = || Err::<u8, _>(std::io::Error::other("the database is gone"));
    for response in [
        JsonLinesResponse::try_new(stream::iter([fail()])),
        JsonLinesResponse::try_from_iterator([fail()]),
    ] {
        let error = match response.into_http(&http::Request::new(())).await {
            Ok(answer) => answer.into_body().collect().await.unwrap_err().to_string(),
            Err(error) => error.downcast::<std::io::Error>().unwrap().to_string(),
        };
        assert!(error.contains("the database is gone"), "{error}");
    }
}

fn never() -> impl Stream<Item = u8> + Send {
    stream::poll_fn(|_| -> std::task::Poll<Option<u8>> { panic!("polled") })
}

#[tokio::test]
async fn head_never_asks_for_a_value() {
    let request = http::Request::builder().method(Method::HEAD);
    let answer = JsonLinesResponse::new(never()).into_http(&request.body(()).unwrap());
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jsonl");
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

#[tokio::test]
async fn it_can_be_sent_once() {
    let response = JsonLinesResponse::from_iterator([1]).media_type("application/x-ndjson");
    let running = start(response.unwrap()).await;
    let answer = ask(running.address, "GET", "/").await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.body, b"2\r\n1\n\r\n0\r\n\r\n");
    assert_eq!(ask(running.address, "GET", "/").await.status, 500);
}
