//! Files: hostile requests, and files that change while they are sent. The tables are in `offered`.

use crate::offered;
use crate::support::{Answer, Log, ask, exchange, scope, start};
use antiphon::asgi::{self, Message, Receive};
use antiphon::{FileErrorKind, FileResponse, Response};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A folder that is gone after the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("antiphon-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file of the tables: byte i is 33 + (7 i + i / 94) % 94, modified at 1700000000.
    pub(crate) fn file(&self, length: usize) -> PathBuf {
        let path = self.0.join(format!("{length}"));
        let content: Vec<u8> = (0..length).map(byte_at).collect();
        fs::write(&path, content).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn byte_at(index: usize) -> u8 {
    33 + ((7 * index + index / 94) % 94) as u8
}

async fn kind(path: impl Into<PathBuf>) -> FileErrorKind {
    let response = FileResponse::new(path).into_http(&http::Request::new(()));
    tokio::time::timeout(Duration::from_secs(5), response)
        .await
        .unwrap()
        .unwrap_err()
        .kind()
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_is_404_and_the_path_stays_here() {
    let folder = Folder::new();
    let pipe = folder.0.join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(kind(&folder.0).await, FileErrorKind::NotAFile);
    assert_eq!(kind(&pipe).await, FileErrorKind::NotAFile);
    assert_eq!(kind("/dev/zero").await, FileErrorKind::NotAFile);
    for path in [
        "nothing",
        "a\0b",
        "",
        "../../../../nothing",
        "//host/share/x",
        "C:\\CON",
        "NUL.txt",
    ] {
        assert_eq!(kind(path).await, FileErrorKind::NotFound, "{path:?}");
    }
    let (log, _guard) = Log::capture();
    let server = start(FileResponse::new(folder.0.join("nothing"))).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!((answer.status, &answer.body[..]), (404, &b"Not Found"[..]));
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn hostile_ranges_cost_little() {
    let folder = Folder::new();
    let response = FileResponse::new(folder.file(100));
    let long = "0-0,".repeat(25_000);
    for (field, status) in [
        ("bytes=", 200),
        ("bytes=,", 200),
        ("", 200),
        ("bytes=18446744073709551616-", 416),
        ("bytes=-18446744073709551616", 206),
        ("bytes=1_0-2_0", 200),
        ("bytes=+1-2", 200),
        ("bytes=0-0,2-2,4-4,6-6", 200),
        (&format!("bytes={long}"), 200),
        (&format!("bytes={}", "-".repeat(100_000)), 200),
    ] {
        let request = http::Request::get("/")
            .header("range", field)
            .body(())
            .unwrap();
        let begun = Instant::now();
        let http = response.clone().into_http(&request).await.unwrap();
        // Far above what it takes, far below what a square would.
        assert!(
            begun.elapsed() < Duration::from_millis(200),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(http.status(), status, "{:.40}", field);
    }
    // Latin-1 digits of other scripts are none.
    let request = http::Request::get("/")
        .header("range", &b"bytes=\xB2-\xB3"[..])
        .body(())
        .unwrap();
    assert_eq!(response.into_http(&request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn two_boundaries_are_never_the_same() {
    let folder = Folder::new();
    let response = FileResponse::new(folder.file(10_000));
    let request = http::Request::get("/")
        .header("range", "bytes=0-0,9-9")
        .body(())
        .unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let http = response.clone().into_http(&request).await.unwrap();
        let media_type = http.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(
            media_type.len(),
            "multipart/byteranges; boundary=".len() + 26
        );
        assert!(seen.insert(media_type));
    }
}

#[tokio::test]
async fn a_fresh_file_has_a_weak_tag() {
    let folder = Folder::new();
    let path = folder.0.join("fresh");
    fs::write(&path, "x").unwrap();
    let tag = |path: &Path| {
        let response = FileResponse::new(path).into_http(&http::Request::new(()));
        async {
            response.await.unwrap().headers()["etag"]
                .to_str()
                .unwrap()
                .to_owned()
        }
    };
    assert!(tag(&path).await.starts_with("W/\""));
    assert!(tag(&folder.file(3)).await.starts_with('"'));
}

#[cfg(unix)]
#[tokio::test]
async fn odd_times_do_no_harm() {
    let folder = Folder::new();
    let path = folder.file(3);
    let file = fs::File::options().write(true).open(&path).unwrap();
    for (time, sent) in [
        (SystemTime::UNIX_EPOCH - Duration::from_secs(3600), None),
        (
            SystemTime::UNIX_EPOCH + Duration::from_secs(631_152_000),
            Some("Mon, 01 Jan 1990 00:00:00 GMT"),
        ),
        (
            SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800),
            None,
        ),
    ] {
        // Not every file system keeps such times.
        if file.set_modified(time).is_err() || file.metadata().unwrap().modified().unwrap() != time
        {
            continue;
        }
        let http = FileResponse::new(&path)
            .into_http(&http::Request::new(()))
            .await
            .unwrap();
        let last_modified = http
            .headers()
            .get("last-modified")
            .map(|value| value.to_str().unwrap());
        assert_eq!(last_modified, sent);
    }
}

/// A large file whose client has read little of it.
async fn half_way(path: &Path) -> (crate::support::Running, TcpStream) {
    let server = start(FileResponse::new(path)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    (server, stream)
}

const LARGE: usize = 64 << 20;

fn large(folder: &Folder) -> PathBuf {
    let path = folder.0.join("large");
    fs::write(&path, vec![b'x'; LARGE]).unwrap();
    path
}

async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn a_file_that_grows_is_sent_as_announced() {
    let folder = Folder::new();
    let path = large(&folder);
    let (_server, stream) = half_way(&path).await;
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, &[b'y'; 1 << 20]).unwrap();
    let bytes = rest(stream).await;
    assert!(bytes.len() + 1000 > LARGE && bytes.len() < LARGE + 1000 && bytes.ends_with(b"x"));
}

#[tokio::test]
async fn a_file_that_shrinks_is_cut() {
    let folder = Folder::new();
    let path = large(&folder);
    let (log, _guard) = Log::capture();
    let (_server, stream) = half_way(&path).await;
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(32 << 20)
        .unwrap();
    let bytes = rest(stream).await;
    assert!(bytes.len() < 33 << 20, "{}", bytes.len());
    assert!(
        log.text().contains("is shorter than expected"),
        "{}",
        log.text()
    );
}

/// Takes a file out of the page cache, as far as the system lets go of it.
#[cfg(target_os = "linux")]
fn forget(path: &Path) {
    let sync = std::process::Command::new("sync")
        .arg(path)
        .status()
        .unwrap();
    let input = format!("if={}", path.display());
    let drop = std::process::Command::new("dd")
        .args([&input, "iflag=nocache", "count=0", "status=none"])
        .status()
        .unwrap();
    assert!(sync.success() && drop.success());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_is_not_in_memory_is_read_on_other_threads() {
    let folder = Folder::new();
    let path = folder.file(3_000_000);
    forget(&path);
    let server = start(FileResponse::new(&path)).await;
    let answer = ask(server.address, "GET", "/").await;
    assert!(
        answer
            .body
            .iter()
            .enumerate()
            .all(|(i, byte)| *byte == byte_at(i))
    );
    assert_eq!(answer.body.len(), 3_000_000);
    forget(&path);
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nrange: bytes=-5,1000000-1999999\r\n\r\n";
    let answer = Answer::parse(&exchange(server.address, request).await).unwrap();
    let parts = offered::outcome(&answer, 3_000_000, false);
    assert_eq!(
        parts["parts"],
        json!([[2_999_995, 3_000_000], [1_000_000, 2_000_000]])
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_thousand_slow_readers_cost_little_memory() {
    let folder = Folder::new();
    let path = folder.0.join("sparse");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let resident = || -> u64 {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    };
    let server = start(FileResponse::new(&path)).await;
    let before = resident();
    let mut streams = Vec::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        stream.read_exact(&mut [0; 1000]).await.unwrap();
        streams.push(stream);
    }
    let used = resident().saturating_sub(before);
    assert!(used < 400 << 20, "{} MiB", used >> 20);
}

#[tokio::test]
async fn a_file_that_vanishes_or_is_replaced_arrives_whole() {
    for replaced in [false, true] {
        let folder = Folder::new();
        let path = large(&folder);
        let (_server, stream) = half_way(&path).await;
        if replaced {
            let other = folder.0.join("other");
            fs::write(&other, "other").unwrap();
            fs::rename(&other, &path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let bytes = rest(stream).await;
        assert!(bytes.len() + 1000 > LARGE, "{}", bytes.len());
        assert!(bytes.iter().rev().take(LARGE / 2).all(|byte| *byte == b'x'));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn clients_that_go_away_leave_no_descriptor_open() {
    let folder = Folder::new();
    let path = large(&folder);
    let open = || {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
        descriptors
            .filter(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == path))
            .count()
    };
    let server = start(FileResponse::new(&path)).await;
    for _ in 0..10 {
        let mut streams = Vec::new();
        for _ in 0..100 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                .await
                .unwrap();
            stream.read_exact(&mut [0; 1000]).await.unwrap();
            streams.push(stream);
        }
        assert!(open() > 0);
    }
    let begun = Instant::now();
    while open() > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{} are open",
            open()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn asgi_gets_pieces_and_a_last_one() {
    let folder = Folder::new();
    let path = folder.file(300_000);
    let messages = sent(FileResponse::new(&path), scope("GET")).await;
    let Message::Start { status: 200, .. } = &messages[0] else {
        panic!()
    };
    let (mut length, last) = (0, messages.len() - 1);
    for (index, message) in messages.iter().enumerate().skip(1) {
        let Message::Body {
            body, more_body, ..
        } = message
        else {
            panic!()
        };
        assert_eq!(*more_body, index < last);
        length += body.len();
    }
    assert_eq!(length, 300_000);
    for response in [
        FileResponse::new(folder.file(0)),
        FileResponse::new(folder.file(1)),
    ] {
        assert_eq!(sent(response, scope("GET")).await.len(), 2);
    }
    assert_eq!(sent(FileResponse::new(&path), scope("HEAD")).await.len(), 2);
}

#[tokio::test]
async fn a_server_that_offers_it_gets_the_path() {
    let folder = Folder::new();
    let path = folder.file(1000);
    let offering = || scope("GET").offering_pathsend();
    let messages = sent(FileResponse::new(&path), offering()).await;
    let Message::Pathsend { path: sent_path } = &messages[1] else {
        panic!("{messages:?}")
    };
    assert_eq!(Path::new(sent_path), path);
    let messages = sent(FileResponse::new("Cargo.toml"), offering()).await;
    let Message::Pathsend { path } = &messages[1] else {
        panic!("{messages:?}")
    };
    assert!(Path::new(path).is_absolute());
    // Not with a task, which may remove the file before the server opens it, nor with a range.
    let path = folder.file(1000);
    let with_task = FileResponse::new(&path).background(|| async {});
    assert_eq!(
        sent(with_task, offering()).await[1].type_name(),
        "http.response.body"
    );
    let ranged = http::Request::get("/")
        .header("range", "bytes=0-9")
        .body(())
        .unwrap();
    let ranged = asgi::Scope::from(ranged.into_parts().0).offering_pathsend();
    assert_eq!(
        sent(FileResponse::new(&path), ranged).await[1].type_name(),
        "http.response.body"
    );
}

pub(crate) async fn sent(response: FileResponse, scope: asgi::Scope) -> Vec<Message> {
    let (sender, messages) = std::sync::mpsc::channel();
    let send = asgi::Send::from_fn(move |message| {
        let sent = sender.send(message).map_err(asgi::Error::from);
        async { sent }
    });
    response
        .call(scope, Receive::default(), send)
        .await
        .unwrap();
    messages.iter().collect()
}

#[tokio::test]
async fn a_task_can_remove_the_file_that_was_sent() {
    let folder = Folder::new();
    let path = folder.file(200_000);
    for _ in 0..20 {
        folder.file(200_000);
        let gone = path.clone();
        let response = FileResponse::new(&path).background(move || {
            let gone = gone.clone();
            async move { fs::remove_file(gone).unwrap() }
        });
        let server = start(response).await;
        let answer = ask(server.address, "GET", "/").await;
        assert_eq!((answer.status, answer.body.len()), (200, 200_000));
        while path.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn parameters_are_starlettes() {
    let folder = Folder::new();
    let path = folder.file(10);
    let known = antiphon::FileFacts {
        length: 10,
        modified: 784_111_777_000_000_000,
        ..Default::default()
    };
    let response = FileResponse::new(&path)
        .filename("notes.txt")
        .content_disposition_type("inline")
        .unwrap()
        .cache_control("no-cache")
        .unwrap()
        .stat_result(known)
        .header("x-a", "1")
        .unwrap();
    let http = response.into_http(&http::Request::new(())).await.unwrap();
    let headers: Vec<(&str, &str)> = http
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            ("x-a", "1"),
            ("content-type", "text/plain; charset=utf-8"),
            ("accept-ranges", "bytes"),
            ("content-disposition", "inline; filename=\"notes.txt\""),
            ("content-length", "10"),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("etag", "\"ae1b981bc490a00-a\""),
            ("cache-control", "no-cache"),
        ]
    );
    assert!(FileResponse::new(&path).cache_control("a\r\nb: c").is_err());
    assert!(
        FileResponse::new(&path)
            .content_disposition_type("a; b")
            .is_err()
    );
    let http = FileResponse::new("Cargo.toml")
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    assert_eq!(http.headers()["content-type"], "text/x-toml; charset=utf-8");
    let unknown = FileResponse::new(&path)
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    assert_eq!(
        unknown.headers()["content-type"],
        "application/octet-stream"
    );
}

#[tokio::test]
async fn axum_serves_files_as_a_service_and_from_a_handler() {
    use axum::extract::Request;
    let folder = Folder::new();
    let path = folder.file(1000);
    let (handled, missing) = (path.clone(), folder.0.join("nothing"));
    let app = axum::Router::new()
        .route_service("/service", FileResponse::new(&path))
        .route_service("/missing", FileResponse::new(&missing))
        .route(
            "/handler",
            axum::routing::get(move |request: Request| {
                FileResponse::new(handled).into_http(&request)
            }),
        )
        .route(
            "/nothing",
            axum::routing::get(move |request: Request| {
                FileResponse::new(missing).into_http(&request)
            }),
        )
        .route(
            "/other",
            axum::routing::get(|| async { Response::new("x") }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    for target in ["/service", "/handler"] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nrange: bytes=990-\r\n\r\n"
        );
        let answer = Answer::parse(&exchange(address, request.as_bytes()).await).unwrap();
        assert_eq!((answer.status, answer.body.len()), (206, 10), "{target}");
        let answer = ask(address, "HEAD", target).await;
        assert_eq!(answer.header("content-length"), Some("1000"), "{target}");
    }
    for target in ["/missing", "/nothing"] {
        let answer = ask(address, "GET", target).await;
        assert_eq!((answer.status, &answer.body[..]), (404, &b"Not Found"[..]));
    }
    server.abort();
}
