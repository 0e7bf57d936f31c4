//! Responses where there is no runtime of tokio's: an error, if one is needed, and no panic.

use crate::files::Folder;
use antiphon::{EventSourceResponse, FileResponse, StreamingResponse};
use futures_util::{FutureExt, stream};
use http_body_util::BodyExt;

const LENGTHS: [usize; 2] = [10, 1_000_000];

#[test]
fn a_file_is_read_or_an_error() {
    let folder = Folder::new();
    for length in LENGTHS {
        let response = FileResponse::new(folder.file(length));
        let http = response.into_http(&http::Request::new(())).now_or_never();
        // What the page cache holds needs no thread.
        let error = match http.expect("nothing is waited for") {
            Ok(http) => match http.into_body().collect().now_or_never() {
                Some(Ok(body)) => {
                    assert_eq!(body.to_bytes().len(), length);
                    continue;
                }
                Some(Err(error)) => error.to_string(),
                // An error is told a turn later.
                None => continue,
            },
            Err(error) => error.to_string(),
        };
        assert!(error.contains("without a tokio runtime"), "{error}");
    }
}

#[test]
fn iterators_need_none() {
    let request = http::Request::new(());
    let iterator = StreamingResponse::from_iterator(["a", "b"]).into_http(&request);
    let http = iterator.now_or_never().expect("nothing is waited for");
    let body = futures_executor::block_on(http.unwrap().into_body().collect());
    assert_eq!(body.unwrap().to_bytes(), "ab");
}

#[test]
fn events_are_errors() {
    let events = EventSourceResponse::new(stream::pending::<String>());
    let answer = events.into_http(&http::Request::new(())).now_or_never();
    let error = answer.expect("nothing is waited for").unwrap_err();
    assert!(error.to_string().contains("Tokio"), "{error}");
}
