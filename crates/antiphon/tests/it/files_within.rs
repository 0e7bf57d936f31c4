//! Files beneath a folder, by paths that requests name.

use crate::files::Folder;
use crate::support::{ask, start};
use antiphon::{FileErrorKind, FileResponse, asgi};
use http_body_util::BodyExt;
use std::fs;
use std::path::Path;

/// A folder with a file beside it that is nobody's business.
fn site() -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("site/css")).unwrap();
    fs::write(folder.0.join("site/index.html"), "index").unwrap();
    fs::write(folder.0.join("site/css/grün a.css"), "green").unwrap();
    fs::write(folder.0.join("site/%2e%2e"), "a name").unwrap();
    fs::write(folder.0.join("secret"), "secret").unwrap();
    folder
}

async fn content(root: &Path, path: &str) -> Result<String, FileErrorKind> {
    let response = FileResponse::within(root, path).into_http(&http::Request::new(()));
    let response = response.await.map_err(|error| error.kind())?;
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn files_beneath_the_folder_are_sent() {
    let folder = site();
    let root = folder.0.join("site");
    for (path, expected) in [
        ("index.html", "index"),
        ("css/gr%C3%BCn%20a.css", "green"),
        ("css%2Fgr%c3%bcn a.css", "green"),
        ("%252e%252e", "a name"),
    ] {
        assert_eq!(
            content(&root, path).await.as_deref(),
            Ok(expected),
            "{path}"
        );
    }
}

#[tokio::test]
async fn files_outside_and_missing_files_are_the_same() {
    let folder = site();
    let root = folder.0.join("site");
    let absolute = folder.0.join("secret");
    for path in [
        "missing",
        "../secret",
        "%2e%2e/secret",
        "..%2fsecret",
        "css/../../secret",
        "css/..%2f..%2fsecret",
        "..%5csecret",
        "index.html%00",
        "index.html/",
        "./index.html",
        "css//x",
        "css",
        "",
        "/",
        "/index.html",
        absolute.to_str().unwrap(),
    ] {
        let kind = content(&root, path).await.unwrap_err();
        let is_missing = matches!(kind, FileErrorKind::NotFound | FileErrorKind::NotAFile);
        assert!(is_missing, "{path}: {kind:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_links_lead_to_are_sent_if_they_are_beneath_the_folder() {
    use std::os::unix::fs::symlink;
    let folder = site();
    let root = folder.0.join("site");
    symlink("index.html", root.join("inside")).unwrap();
    symlink("../index.html", root.join("css/up")).unwrap();
    symlink("../secret", root.join("outside")).unwrap();
    symlink("..", root.join("parent")).unwrap();
    symlink(folder.0.join("secret"), root.join("absolute")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    for path in ["inside", "css/up"] {
        assert_eq!(content(&root, path).await.as_deref(), Ok("index"), "{path}");
    }
    for path in ["outside", "parent/secret", "absolute", "circle"] {
        assert_eq!(
            content(&root, path).await,
            Err(FileErrorKind::NotFound),
            "{path}"
        );
    }
    // The folder itself may be reached by links.
    symlink("site", folder.0.join("link")).unwrap();
    let by_link = folder.0.join("link");
    assert_eq!(
        content(&by_link, "index.html").await.as_deref(),
        Ok("index")
    );
}

#[tokio::test]
async fn a_folder_of_files_is_served_with_all_that_files_have() {
    let folder = site();
    let root = folder.0.join("site");
    let server = start(
        move |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| {
            let path = scope.raw_path().strip_prefix('/').unwrap_or_default();
            let response = FileResponse::within(&root, path);
            async move { response.call(scope, receive, send).await }
        },
    )
    .await;
    let answer = ask(server.address, "GET", "/css/gr%C3%BCn%20a.css").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"green"[..]));
    assert_eq!(
        answer.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert!(answer.header("etag").is_some());
    let missing = ask(server.address, "GET", "/nothing").await;
    for path in ["/%2e%2e/secret", "/css/..%2f..%2fsecret", "//etc/passwd"] {
        assert_eq!(ask(server.address, "GET", path).await, missing, "{path}");
    }
}
