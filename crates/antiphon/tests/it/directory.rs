//! Directories: the table, compressed copies, caching, and what hostile clients ask for.

use crate::files::Folder;
use crate::support::{Answer, exchange, start};
use antiphon::ContentCoding::{Br, Gzip, Zstd};
use antiphon::headers::FieldValue;
use antiphon::{ContentCoding, Directory, EtagSource, FileResponse, MediaTypes};
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

const LONG_AGO: u64 = 1_700_000_000;

fn write(root: &Path, path: &str, content: &str) {
    write_at(root, path, content, LONG_AGO);
}

fn write_at(root: &Path, path: &str, content: &str, second: u64) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
}

fn table() -> Value {
    let table = include_str!("../../../../conformance/directory.json");
    serde_json::from_str(table).unwrap()
}

/// The folder of the table.
fn site(table: &Value) -> Folder {
    let folder = Folder::new();
    for (name, content) in table["meta"]["files"].as_object().unwrap() {
        write(&folder.0.join("site"), name, content.as_str().unwrap());
    }
    for (name, content) in table["meta"]["outside"].as_object().unwrap() {
        write(&folder.0, name, content.as_str().unwrap());
    }
    folder
}

/// Fills in how often a letter stands for `{300}`.
fn long(path: &str) -> String {
    match path.split_once('{') {
        Some((start, count)) => {
            let count = count.trim_end_matches('}').parse().unwrap();
            format!("{start}{}", "a".repeat(count))
        }
        None => path.to_owned(),
    }
}

async fn ask(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
    for (name, value) in fields {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let bytes = exchange(address, request.as_bytes()).await;
    Answer::parse(&bytes).unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&bytes)))
}

async fn get(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Answer {
    ask(address, "GET", path, fields).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn directories_answer_as_the_table_says() {
    let table = table();
    let folder = site(&table);
    let plain = Directory::new(folder.0.join("site")).index("index.html");
    let with_fallback = start(plain.clone().fallback("index.html")).await;
    let plain = start(plain).await;
    for case in table["cases"].as_array().unwrap() {
        let id = &case["id"];
        let running = if case["fallback"] == true {
            &with_fallback
        } else {
            &plain
        };
        let fields: Vec<(String, String)> =
            serde_json::from_value(case["headers"].clone()).unwrap_or_default();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (&**a, &**b)).collect();
        let method = case["method"].as_str().unwrap_or("GET");
        let path = long(case["path"].as_str().unwrap());
        let answer = ask(running.address, method, &path, &fields).await;
        assert_eq!(answer.status, case["status"], "{id}");
        for (key, name) in [
            ("type", "content-type"),
            ("location", "location"),
            ("allow", "allow"),
            ("cache", "cache-control"),
        ] {
            if case.get(key).is_some() || key != "type" {
                assert_eq!(answer.header(name), case[key].as_str(), "{id}: {name}");
            }
        }
        match (case["content"].as_str(), case["status"].as_u64(), method) {
            (Some(content), ..) => assert_eq!(text(&answer), content, "{id}"),
            (None, Some(404), "GET") => assert_eq!(text(&answer), "Not Found", "{id}"),
            (None, _, "HEAD") => assert_eq!(text(&answer), "", "{id}"),
            _ => {}
        }
    }
}

/// A site whose script has copies in all codings.
fn compressed() -> Folder {
    let folder = Folder::new();
    write(&folder.0, "app.js", "let app;");
    write(&folder.0, "app.js.br", "as br 678");
    // Of the same length and time as the original.
    write(&folder.0, "app.js.zst", "as zstd.");
    write(&folder.0, "app.js.gz", "as gzip");
    folder
}

#[tokio::test]
async fn the_copy_that_the_client_likes_best_is_sent() {
    let folder = compressed();
    let running = start(Directory::new(&folder.0).precompressed([Br, Zstd, Gzip])).await;
    let mut tags = Vec::new();
    for (accepted, coding, content) in [
        (None, None, "let app;"),
        (Some("gzip, deflate, br, zstd"), Some("br"), "as br 678"),
        (Some("gzip;q=1.0, br;q=0.5"), Some("gzip"), "as gzip"),
        (Some("zstd"), Some("zstd"), "as zstd."),
        (Some("deflate"), None, "let app;"),
        (Some("br;q=0, gzip;q=0"), None, "let app;"),
        (Some("identity;q=0"), None, "let app;"),
    ] {
        let fields: Vec<_> = accepted
            .map(|value| ("accept-encoding", value))
            .into_iter()
            .collect();
        let answer = get(running.address, "/app.js", &fields).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), coding, "{accepted:?}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(
            answer.header("content-type"),
            Some("text/javascript; charset=utf-8")
        );
        assert_eq!(text(&answer), content);
        assert_eq!(
            answer.header("content-length"),
            Some(&*content.len().to_string())
        );
        let tag = answer.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        tags.push((coding, tag));
    }
    for (coding, tag) in &tags {
        for (other, second) in &tags {
            assert_eq!(coding == other, tag == second);
        }
    }
}

#[tokio::test]
async fn copies_are_ranked_as_the_table_says() {
    let table = include_str!("../../../../conformance/accept_encoding.json");
    let table: Value = serde_json::from_str(table).unwrap();
    for case in table["cases"].as_array().unwrap() {
        let folder = compressed();
        let codings = |name: &str| -> Vec<ContentCoding> {
            let names = case[name].as_array().unwrap().iter();
            names
                .map(|name| name.as_str().unwrap().parse().unwrap())
                .collect()
        };
        let site = Directory::new(&folder.0).precompressed(codings("offered"));
        let mut request = Request::get("/app.js");
        for line in case["lines"].as_array().unwrap() {
            request = request.header("accept-encoding", line.as_str().unwrap());
        }
        let request = request.body(()).unwrap();
        // Each that is sent is taken away, and the next one comes, until there is the file itself.
        for coding in codings("ranked").into_iter().map(Some).chain([None]) {
            let answer = site.to_http(&request).await;
            let found = answer.headers().get("content-encoding");
            let found = found.map(|found| found.to_str().unwrap().parse().unwrap());
            assert_eq!(found, coding, "{}", case["id"]);
            if let Some(coding) = coding {
                let copy = format!("app.js{}", coding.extension());
                fs::remove_file(folder.0.join(copy)).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn conditions_and_ranges_are_of_the_copy_that_is_sent() {
    let folder = compressed();
    let running = start(Directory::new(&folder.0).precompressed([Br])).await;
    let br = ("accept-encoding", "br");
    let coded = get(running.address, "/app.js", &[br]).await;
    let plain = get(running.address, "/app.js", &[]).await;
    let (coded, plain) = (coded.header("etag").unwrap(), plain.header("etag").unwrap());

    let same = get(running.address, "/app.js", &[br, ("if-none-match", coded)]).await;
    assert_eq!(same.status, 304);
    assert_eq!(same.header("vary"), Some("Accept-Encoding"));
    assert_eq!(same.header("etag"), Some(coded));
    assert_eq!(same.header("content-encoding"), None);
    let other = get(running.address, "/app.js", &[br, ("if-none-match", plain)]).await;
    assert_eq!((other.status, &*text(&other)), (200, "as br 678"));

    let part = [br, ("range", "bytes=3-4"), ("if-range", coded)];
    let answer = get(running.address, "/app.js", &part).await;
    assert_eq!((answer.status, &*text(&answer)), (206, "br"));
    assert_eq!(answer.header("content-range"), Some("bytes 3-4/9"));
    assert_eq!(answer.header("content-encoding"), Some("br"));
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    // A part of the copy behind a part of the original would be neither.
    let part = [br, ("range", "bytes=3-4"), ("if-range", plain)];
    let answer = get(running.address, "/app.js", &part).await;
    assert_eq!((answer.status, &*text(&answer)), (200, "as br 678"));
    let failed = get(running.address, "/app.js", &[br, ("if-match", plain)]).await;
    assert_eq!(failed.status, 412);
    let head = ask(running.address, "HEAD", "/app.js", &[br]).await;
    assert_eq!(
        (head.header("content-length"), &*text(&head)),
        (Some("9"), "")
    );
}

#[tokio::test]
async fn a_copy_counts_beside_an_original_that_is_not_newer_only() {
    let folder = Folder::new();
    let root = &folder.0;
    for (name, copy) in [("older.js", LONG_AGO - 1), ("newer.js", LONG_AGO + 1)] {
        write(root, name, "original");
        write_at(root, &format!("{name}.br"), "copy", copy);
    }
    write(root, "alone.js.br", "copy");
    write(root, "folder.js", "original");
    fs::create_dir(root.join("folder.js.br")).unwrap();
    let running = start(Directory::new(root).precompressed([Br, Gzip])).await;
    let br = [("accept-encoding", "br")];
    for (path, status, content) in [
        ("/older.js", 200, "original"),
        ("/newer.js", 200, "copy"),
        ("/folder.js", 200, "original"),
        ("/alone.js", 404, "Not Found"),
    ] {
        let answer = get(running.address, path, &br).await;
        assert_eq!(
            (answer.status, &*text(&answer)),
            (status, content),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_copy_that_is_asked_for_itself_is_a_file() {
    let folder = compressed();
    let running = start(Directory::new(&folder.0).precompressed([Br, Gzip])).await;
    let all = [("accept-encoding", "br, gzip")];
    for (path, kind, content) in [
        ("/app.js.gz", "application/gzip", "as gzip"),
        ("/app.js.zst", "application/zstd", "as zstd."),
        ("/app.js.br", "application/octet-stream", "as br 678"),
    ] {
        let answer = get(running.address, path, &all).await;
        assert_eq!(answer.header("content-type"), Some(kind));
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(answer.header("vary"), None);
        assert_eq!(text(&answer), content);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_nowhere_outside_and_nothing_but_files_is_sent() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let root = folder.0.join("site");
    write(&root, "app.js", "let app;");
    write(&root, "inside/page.js", "page");
    write(&folder.0, "secret", "secret");
    write_at(&folder.0, "secret.br", "secret", LONG_AGO + 1);
    symlink("../secret", root.join("link")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("../secret.br", root.join("app.js.br")).unwrap();
    symlink("inside", root.join("within")).unwrap();
    symlink("/dev/null", root.join("null")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(root.join("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    let site = Directory::new(&root)
        .index("index.html")
        .precompressed([Br]);
    let running = start(site).await;
    for path in [
        "/link",
        "/up/secret",
        "/null",
        "/circle",
        "/pipe",
        "/pipe/",
        "/up",
        "/up/",
    ] {
        let answer = get(running.address, path, &[("accept-encoding", "br")]).await;
        assert_eq!(
            (answer.status, &*text(&answer)),
            (404, "Not Found"),
            "{path}"
        );
    }
    let answer = get(running.address, "/app.js", &[("accept-encoding", "br")]).await;
    assert_eq!((answer.status, &*text(&answer)), (200, "let app;"));
    let answer = get(running.address, "/within/page.js", &[]).await;
    assert_eq!((answer.status, &*text(&answer)), (200, "page"));
}

#[tokio::test]
async fn cache_control_goes_by_the_path_of_what_is_sent() {
    let folder = Folder::new();
    write(&folder.0, "index.html", "home");
    write(&folder.0, "assets/app.1f.js", "app");
    write(&folder.0, "assets/app.1f.js.br", "as br");
    write(&folder.0, "robots.txt", "none");
    let site = Directory::new(&folder.0)
        .index("index.html")
        .fallback("index.html")
        .precompressed([Br])
        .cache_control("assets/**", Directory::IMMUTABLE)
        .unwrap()
        .cache_control("**/*.html", "max-age=60")
        .unwrap()
        .cache_control_by(|path| {
            (path == "robots.txt").then(|| FieldValue::try_from("max-age=7").unwrap())
        });
    let running = start(site).await;
    let html = ("accept", "text/html");
    for (path, expected) in [
        ("/assets/app.1f.js", Some(Directory::IMMUTABLE)),
        ("/", Some("max-age=60")),
        ("/robots.txt", Some("max-age=7")),
        ("/users", Some("no-cache")),
        ("/assets/app.2f.js", None),
    ] {
        let answer = get(running.address, path, &[html, ("accept-encoding", "br")]).await;
        assert_eq!(answer.header("cache-control"), expected, "{path}");
        assert_eq!(answer.status == 404, path.contains("2f"));
    }
    assert!(
        Directory::new("a")
            .cache_control("**", "a\r\nb: c")
            .is_err()
    );
}

#[tokio::test]
async fn media_types_and_tags_are_as_the_program_says() {
    let folder = compressed();
    let types = MediaTypes::new().with("js", "text/x-own").unwrap();
    let site = Directory::new(&folder.0)
        .media_types(types)
        .etag(EtagSource::Content);
    let site = site.precompressed(ContentCoding::ALL);
    let request = Request::get("/app.js")
        .header("accept-encoding", "br")
        .body(())
        .unwrap();
    let answer = site.to_http(&request).await;
    assert_eq!(
        answer.headers()["content-type"],
        "text/x-own; charset=utf-8"
    );
    let tag = answer.headers()["etag"].to_str().unwrap();
    assert!(tag.ends_with("-br\"") && tag.len() == 37, "{tag}");
}

#[tokio::test]
async fn a_file_alone_has_its_media_type_of_the_same_table() {
    let table = table();
    let folder = site(&table);
    let root = folder.0.join("site");
    for (path, expected) in [
        ("app.js", "text/javascript; charset=utf-8"),
        ("hls/1.ts", "video/mp2t"),
        ("hls/list.m3u8", "application/vnd.apple.mpegurl"),
        ("src/1.ts", "text/plain; charset=utf-8"),
    ] {
        let file = FileResponse::new(root.join(path))
            .into_http(&Request::new(()))
            .await
            .unwrap();
        assert_eq!(file.headers()["content-type"], expected, "{path}");
    }
    // A folder that changes is read anew.
    write(&root, "src/list.M3U8", "#EXTM3U");
    let file = FileResponse::new(root.join("src/1.ts"));
    let file = file.into_http(&Request::new(())).await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp2t");
}

#[tokio::test]
async fn a_directory_may_have_a_path_in_its_application() {
    let folder = compressed();
    fs::create_dir(folder.0.join("docs")).unwrap();
    write(&folder.0, "docs/index.html", "docs");
    let site = Directory::new(&folder.0)
        .index("index.html")
        .mounted_at("/static/");
    for (path, status) in [
        ("/static/app.js", 200),
        ("/static/docs/", 200),
        ("/static/docs", 307),
        ("/app.js", 404),
        ("/staticapp.js", 404),
        ("/static//app.js", 404),
        ("/static", 307),
    ] {
        let request = Request::get(path).body(()).unwrap();
        assert_eq!(site.to_http(&request).await.status(), status, "{path}");
    }
}

#[cfg(all(feature = "axum", feature = "tower"))]
#[tokio::test]
async fn a_router_of_axum_has_a_directory() {
    use tower::ServiceExt;
    let table = table();
    let folder = site(&table);
    let site = Directory::new(folder.0.join("site")).index("index.html");
    let router: axum::Router = axum::Router::new().nest_service("/static", site);
    for (path, status, location) in [
        ("/static/app.js", 200, None),
        ("/static/", 200, None),
        ("/static/docs?a=1", 307, Some("./docs/?a=1")),
        ("/static/..%2fsecret", 404, None),
        ("/elsewhere", 404, None),
    ] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let found = answer.headers().get("location");
        assert_eq!(
            found.map(|value| value.to_str().unwrap()),
            location,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_directory_that_is_not_there_yet_has_no_files() {
    let folder = Folder::new();
    let site = Directory::new(folder.0.join("later")).index("index.html");
    let request = Request::get("/a.txt").body(()).unwrap();
    assert_eq!(site.to_http(&request).await.status(), 404);
    write(&folder.0, "later/a.txt", "here");
    let answer = site.to_http(&request).await;
    let content = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(content, "here");
}
