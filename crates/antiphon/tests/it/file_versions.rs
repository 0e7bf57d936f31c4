//! Versions of a file: what tells them apart, and files that are none.

use crate::files::Folder;
use crate::support::{Answer, ask, exchange, start};
use antiphon::{EtagSource, FileResponse, HttpDate};
use http_body_util::BodyExt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const NORMALISED: [u64; 3] = [0, 1, 315_532_800];

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn written(folder: &Folder, name: &str, content: &[u8], modified: SystemTime) -> PathBuf {
    let path = folder.0.join(name);
    fs::write(&path, content).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    path
}

async fn answer(response: FileResponse, fields: &str) -> Answer {
    let server = start(response).await;
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
    Answer::parse(&exchange(server.address, request.as_bytes()).await).unwrap()
}

#[tokio::test]
async fn a_new_release_with_the_same_time_is_not_the_old_one() {
    for seconds in NORMALISED {
        let folder = Folder::new();
        let path = written(&folder, "app.js", b"release-0001", at(seconds));
        let old = answer(FileResponse::new(&path), "").await;
        assert_eq!(old.header("last-modified"), None);
        let tag = old.header("etag").unwrap();
        let resumed = format!("range: bytes=8-\r\nif-range: {tag}\r\n");
        let same = answer(FileResponse::new(&path), &resumed).await;
        assert_eq!((same.status, &same.body[..]), (206, &b"0001"[..]));
        // Written anew, and replaced.
        for release in ["release-0002", "release-0003"] {
            if release == "release-0002" {
                written(&folder, "app.js", release.as_bytes(), at(seconds));
            } else {
                let next = written(&folder, "next", release.as_bytes(), at(seconds));
                fs::rename(next, &path).unwrap();
            }
            let fields = format!(
                "if-none-match: {tag}\r\nif-modified-since: {}\r\n",
                http_date(seconds)
            );
            for fields in [&fields, &resumed] {
                let answer = answer(FileResponse::new(&path), fields).await;
                assert_eq!((answer.status, &answer.body[..]), (200, release.as_bytes()));
            }
        }
    }
}

fn http_date(seconds: u64) -> String {
    HttpDate::from_unix(seconds as i64).unwrap().to_string()
}

/// Downloads a half from one node and the rest from another, each with a copy of the file.
async fn resumed(source: EtagSource, modified: [SystemTime; 2], contents: [&[u8]; 2]) -> Answer {
    let nodes = [Folder::new(), Folder::new()];
    let [first, second] = [0, 1].map(|node| {
        let path = written(&nodes[node], "a.bin", contents[node], modified[node]);
        FileResponse::new(path).etag(source)
    });
    let half = answer(first, "range: bytes=0-4\r\n").await;
    assert_eq!((half.status, &half.body[..]), (206, &contents[0][..5]));
    let fields = format!(
        "range: bytes=5-\r\nif-range: {}\r\n",
        half.header("etag").unwrap()
    );
    answer(second, &fields).await
}

#[tokio::test]
async fn nodes_resume_each_others_downloads() {
    let (copied, built) = (at(1_700_000_000), at(1));
    let copies = [&b"0123456789"[..]; 2];
    let releases = [&b"0123456789"[..], b"01234abcde"];
    for (source, modified, contents, status) in [
        (EtagSource::Stat, [copied; 2], copies, 206),
        // Nothing tells that these are copies.
        (EtagSource::Stat, [built; 2], copies, 200),
        (EtagSource::Stat, [copied, at(1_700_000_001)], copies, 200),
        (EtagSource::Content, [built; 2], copies, 206),
        (EtagSource::Content, [copied, built], copies, 206),
        (EtagSource::Content, [built; 2], releases, 200),
        (EtagSource::Content, [copied; 2], releases, 200),
    ] {
        let answer = resumed(source, modified, contents).await;
        let rest = if status == 206 {
            &contents[1][5..]
        } else {
            contents[1]
        };
        assert_eq!(
            (answer.status, &answer.body[..]),
            (status, rest),
            "{source:?}"
        );
    }
}

#[tokio::test]
async fn a_file_of_the_future_has_a_weak_tag_alone() {
    let folder = Folder::new();
    let path = written(
        &folder,
        "a",
        b"0123456789",
        SystemTime::now() + Duration::from_secs(3600),
    );
    let first = answer(FileResponse::new(&path), "").await;
    assert_eq!(first.header("last-modified"), None);
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{tag}");
    let since = http_date(4_000_000_000);
    for (fields, status) in [
        (format!("if-none-match: {tag}\r\n"), 304),
        (format!("if-modified-since: {since}\r\n"), 200),
        (format!("range: bytes=0-1\r\nif-range: {tag}\r\n"), 200),
        (format!("if-match: {tag}\r\n"), 412),
    ] {
        assert_eq!(
            answer(FileResponse::new(&path), &fields).await.status,
            status,
            "{fields}"
        );
    }
    let of_content = answer(FileResponse::new(&path).etag(EtagSource::Content), "").await;
    assert!(of_content.header("etag").unwrap().starts_with('"'));
}

#[tokio::test]
async fn a_tag_of_the_callers_stays() {
    let folder = Folder::new();
    let path = written(&folder, "a", b"x", at(1));
    let response = FileResponse::new(path).etag(EtagSource::Content);
    let answer = answer(response.header("etag", "\"own\"").unwrap(), "").await;
    assert_eq!(answer.header("etag"), Some("\"own\""));
}

#[tokio::test]
async fn links_in_a_circle_are_not_found() {
    let folder = Folder::new();
    let link = folder.0.join("link");
    std::os::unix::fs::symlink("link", &link).unwrap();
    let server = start(FileResponse::new(link)).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 404);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_kernel_makes_is_sent_whole_and_without_a_length() {
    for path in [
        "/proc/version",
        "/proc/self/maps",
        "/proc/cpuinfo",
        "/sys/kernel/uevent_seqnum",
    ] {
        if !Path::new(path).exists() {
            continue;
        }
        let is_constant = path != "/proc/self/maps" && path != "/proc/cpuinfo";
        let content = fs::read(path).unwrap();
        let server = start(FileResponse::new(path)).await;
        let request = b"GET / HTTP/1.0\r\n\r\n";
        let answer = Answer::parse(&exchange(server.address, request).await).unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() > content.len() / 2, "{path}");
        assert!(!is_constant || answer.body == content, "{path}");
        for name in ["content-length", "etag", "last-modified"] {
            assert_eq!(answer.header(name), None, "{path}");
        }
        assert_eq!(answer.header("accept-ranges"), Some("none"));
        let head = ask(server.address, "HEAD", "/").await;
        assert_eq!((head.status, head.header("content-length")), (200, None));
        let http = FileResponse::new(path)
            .into_http(&http::Request::new(()))
            .await
            .unwrap();
        assert_eq!(http_body::Body::size_hint(http.body()).exact(), None);
        let body = http.into_body().collect().await.unwrap().to_bytes();
        assert!(!is_constant || body == content, "{path}");
    }
}
