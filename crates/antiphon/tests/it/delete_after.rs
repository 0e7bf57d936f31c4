//! Files that are removed when they are answered for, however that ends.

use crate::files::{Folder, sent};
use crate::support::{ask, scope, start};
use antiphon::{FileErrorKind, FileResponse};
use http_body_util::BodyExt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn status(path: &Path, request: http::request::Builder) -> u16 {
    let file = FileResponse::new(path).delete_after();
    let answer = file.into_http(&request.body(()).unwrap()).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn every_answer_removes_the_file() {
    let folder = Folder::new();
    let get = http::Request::get;
    for (request, expected) in [
        (get("/"), 200),
        (http::Request::head("/"), 200),
        (http::Request::post("/"), 200),
        (get("/").header("if-none-match", "*"), 304),
        (get("/").header("if-match", "\"x\""), 412),
        (get("/").header("range", "bytes=1-2"), 206),
        (get("/").header("range", "bytes=1-2,5-6"), 206),
        (get("/").header("range", "bytes=5000-"), 416),
    ] {
        let path = folder.file(1000);
        assert_eq!(status(&path, request).await, expected);
        assert!(!path.exists(), "{expected}");
    }
}

#[tokio::test]
async fn the_content_is_whole_though_the_name_is_gone() {
    let folder = Folder::new();
    for length in [0, 5, 300_000, 3_000_000] {
        let path = folder.file(length);
        let expected = fs::read(&path).unwrap();
        let app = {
            let path = path.clone();
            move |scope, receive, send| {
                FileResponse::new(&path)
                    .delete_after()
                    .call(scope, receive, send)
            }
        };
        let server = start(app).await;
        let answer = ask(server.address, "GET", "/").await;
        assert_eq!(
            (answer.status, answer.body == expected),
            (200, true),
            "{length}"
        );
        assert!(!path.exists());
        // The second time there is no such file.
        assert_eq!(ask(server.address, "GET", "/").await.status, 404);
    }
}

#[tokio::test]
async fn a_client_that_leaves_removes_the_file() {
    let folder = Folder::new();
    let path = folder.file(20_000_000);
    let app = {
        let path = path.clone();
        move |scope, receive, send| {
            FileResponse::new(&path)
                .delete_after()
                .call(scope, receive, send)
        }
    };
    let server = start(app).await;
    // A client that sends its request and is gone.
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut some = [0; 100];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut some)
        .await
        .unwrap();
    drop(stream);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_body_that_is_dropped_unread_has_removed_it() {
    let folder = Folder::new();
    let path = folder.file(1000);
    let file = FileResponse::new(&path).delete_after();
    drop(file.clone());
    assert!(
        path.exists(),
        "a response that nobody asks for removes nothing"
    );
    drop(file.into_http(&http::Request::new(())).await.unwrap());
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_not_answered_for_stays() {
    let folder = Folder::new();
    let path = folder.file(1000);
    let file = FileResponse::new(&path)
        .header("content-length", "7")
        .unwrap()
        .delete_after();
    let error = file.into_http(&http::Request::new(())).await.unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::Invalid);
    assert!(path.exists());
    let file = FileResponse::new(folder.0.join("missing")).delete_after();
    let error = file.into_http(&http::Request::new(())).await.unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotFound);
    let file = FileResponse::new(&folder.0).delete_after();
    let error = file.into_http(&http::Request::new(())).await.unwrap_err();
    assert_eq!(error.kind(), FileErrorKind::NotAFile);
    assert!(folder.0.exists());
}

#[tokio::test]
async fn no_server_is_told_to_open_it_and_the_background_task_runs() {
    let folder = Folder::new();
    let path = folder.file(1000);
    let file = FileResponse::new(&path).delete_after();
    let messages = sent(file, scope("GET").offering_pathsend()).await;
    assert_eq!(messages[1].type_name(), "http.response.body");
    let path = folder.file(1000);
    let ran = Arc::new(AtomicBool::new(false));
    let task = Arc::clone(&ran);
    let file = FileResponse::new(&path).delete_after().background(move || {
        task.store(true, Ordering::Relaxed);
        async {}
    });
    sent(file, scope("HEAD")).await;
    assert!(ran.load(Ordering::Relaxed) && !path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn of_a_link_the_link_is_removed() {
    let folder = Folder::new();
    let (path, link) = (folder.file(1000), folder.0.join("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let file = FileResponse::new(&link).delete_after();
    let answer = file.into_http(&http::Request::new(())).await.unwrap();
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes().len(),
        1000
    );
    assert!(path.exists() && link.symlink_metadata().is_err());
}
