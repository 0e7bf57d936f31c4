//! A process that has as many files open as it may, which is why it is a process of its own.
#![cfg(unix)]

use antiphon::{FileErrorKind, FileResponse};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[tokio::test]
async fn too_many_open_files_are_503() {
    let response = FileResponse::new("Cargo.toml");
    let request = http::Request::new(());
    assert_eq!(
        response.clone().into_http(&request).await.unwrap().status(),
        200
    );
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(0),
        ..before
    };
    setrlimit(Resource::Nofile, none).unwrap();
    let refused = response.into_http(&request).await;
    setrlimit(Resource::Nofile, before).unwrap();
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::TooManyOpenFiles);
    let answer = error.response().into_http(&request).unwrap();
    assert_eq!(answer.status(), 503);
}
