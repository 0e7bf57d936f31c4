//! Requests to a directory, whose folder has files, compressed copies, and links that lead out of it. The
//! input is the path and query, and then the values of `Accept-Encoding`, `Accept`, `Sec-Fetch-Mode`,
//! `Range` and `If-None-Match`.
#![no_main]

use antiphon::ContentCoding::{Br, Gzip, Zstd};
use antiphon::Directory;
use antiphon_fuzz::{assert_one_line, fields};
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tokio::runtime::Runtime;

/// What no answer may hold.
const SECRET: &str = "outside";

struct Site {
    runtime: Runtime,
    root: PathBuf,
    plain: Directory,
    with_fallback: Directory,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("antiphon-fuzz-{}", std::process::id()));
    let root = folder.join("site");
    fs::create_dir_all(root.join("docs/deep")).unwrap();
    for name in [
        "index.html",
        "a",
        "a.js",
        "a.js.br",
        "a.js.gz",
        "docs/index.html",
        "docs/index.html.zst",
        "docs/deep/b.css",
        "%2e%2e",
        "a b",
        "..a",
        "a:b",
    ] {
        fs::write(root.join(name), format!("inside {name}")).unwrap();
    }
    fs::write(folder.join("secret"), SECRET).unwrap();
    fs::write(folder.join("secret.br"), SECRET).unwrap();
    symlink("../secret", root.join("link")).unwrap();
    symlink("../secret.br", root.join("a.br")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink(&folder, root.join("docs/absolute")).unwrap();
    symlink("docs", root.join("within")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    let plain = Directory::new(&root)
        .index("index.html")
        .precompressed([Br, Zstd, Gzip]);
    Site {
        runtime: tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
        with_fallback: plain.clone().fallback("index.html"),
        plain,
        root: root.canonicalize().unwrap(),
    }
});

/// The path that a request names, decoded byte by byte; no rule of ours is asked.
fn decoded(path: &str) -> Vec<u8> {
    let bytes = path.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3);
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        let is_hex = hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex {
            Some(hex) if bytes[at] == b'%' && is_hex => {
                decoded.push(u8::from_str_radix(hex, 16).unwrap());
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// The file beneath the root that a path of plain names leads to, by the file system's own word.
fn expected(root: &Path, path: &str) -> Option<PathBuf> {
    let path = String::from_utf8(decoded(path)).ok()?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let path = if path.is_empty() || path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.to_owned()
    };
    let is_odd = |name: &str| matches!(name, "" | "." | "..") || name.contains(['\\', '\0']);
    if path.split('/').any(is_odd) {
        return None;
    }
    let file = root.join(path).canonicalize().ok()?;
    (file.starts_with(root) && file.is_file()).then_some(file)
}

fuzz_target!(|input: &[u8]| {
    let site = &*SITE;
    let [path, accepted, accept, mode, range, tag] = fields(input);
    let Some(Ok(target)) = path.map(http::Uri::try_from) else {
        return;
    };
    let path = target.path().to_owned();
    let mut request = http::Request::get(target);
    for (name, value) in [
        ("accept-encoding", accepted),
        ("accept", accept),
        ("sec-fetch-mode", mode),
        ("range", range),
        ("if-none-match", tag),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    let file = expected(&site.root, &path);
    for (directory, has_fallback) in [(&site.plain, false), (&site.with_fallback, true)] {
        let (head, body) = site.runtime.block_on(async {
            let (head, body) = directory.to_http(&request).await.into_parts();
            (head, body.collect().await.unwrap().to_bytes())
        });
        for value in head.headers.values() {
            assert_one_line(value.as_bytes());
        }
        let field = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        assert!(!body.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
        match head.status.as_u16() {
            200 => {
                let is_fallback = file.is_none();
                let file = file.clone().unwrap_or_else(|| {
                    assert!(has_fallback);
                    assert_eq!(field("cache-control"), Some("no-cache"));
                    site.root.join("index.html")
                });
                assert!(!is_fallback || accept.is_some());
                let extension = match field("content-encoding") {
                    Some("br") => ".br",
                    Some("zstd") => ".zst",
                    Some("gzip") => ".gz",
                    other => {
                        assert_eq!(other, None);
                        ""
                    }
                };
                assert!(extension.is_empty() || accepted.is_some());
                let sent = format!("{}{extension}", file.display());
                assert_eq!(body, fs::read(sent).unwrap());
            }
            206 | 304 | 416 => assert!(file.is_some() || field("cache-control").is_some()),
            307 => {
                let location = field("location").unwrap();
                assert!(location.starts_with("./") && !location[2..].starts_with('/'));
                assert!(!path.ends_with('/') && file.is_none());
            }
            status => {
                assert_eq!(status, 404);
                assert!(file.is_none(), "{path}");
            }
        }
    }
});
