//! The tables over HTTP, for whatever has a length: files, bytes in memory, objects of a store.

use crate::files::{Folder, byte_at};
use crate::support::{Answer, ask, exchange, start};
use antiphon::asgi::App;
use antiphon::{Body, ContentResponse, FileResponse, FileSource, RangePolicy, SourceFacts};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::fs::File;
use std::future::Future;
use std::time::{Duration, UNIX_EPOCH};

/// A response that the tables build.
trait Offered: App + Sized {
    /// Whether its content has the time that the tables say.
    const HAS_TIME: bool;

    fn status_code(self, status: StatusCode) -> Self;
    fn header(self, name: &str, value: &str) -> Self;
    fn media_type(self, media_type: &str) -> Self;
    fn filename(self, name: &str) -> Self;
    fn disposition_type(self, kind: &str) -> Option<Self>;
    fn range_policy(self, policy: RangePolicy) -> Self;
    fn answer(self, request: Request<()>) -> impl Future<Output = Option<Response<Body>>> + Send;
}

macro_rules! offered {
    ($class:ty, $has_time:literal) => {
        impl Offered for $class {
            const HAS_TIME: bool = $has_time;

            fn status_code(self, status: StatusCode) -> Self {
                self.status_code(status)
            }

            fn header(self, name: &str, value: &str) -> Self {
                self.header(name, value).unwrap()
            }

            fn media_type(self, media_type: &str) -> Self {
                self.media_type(media_type.to_owned()).unwrap()
            }

            fn filename(self, name: &str) -> Self {
                self.filename(name)
            }

            fn disposition_type(self, kind: &str) -> Option<Self> {
                self.content_disposition_type(kind).ok()
            }

            fn range_policy(self, policy: RangePolicy) -> Self {
                self.range_policy(policy)
            }

            async fn answer(self, request: Request<()>) -> Option<Response<Body>> {
                self.into_http(&request).await.ok()
            }
        }
    };
}

offered!(FileResponse, true);
offered!(ContentResponse, false);

fn content(length: usize) -> Bytes {
    (0..length).map(byte_at).collect()
}

/// Bytes, with the time that they have not of their own.
fn of_bytes(length: usize) -> ContentResponse {
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let facts = SourceFacts::new(length as u64).last_modified(time);
    ContentResponse::new(content(length)).facts(facts.etag("a-tag").unwrap())
}

async fn all_tables<R: Offered + Clone>(make: impl Fn(usize) -> R) {
    ranges(&make).await;
    dispositions(&make).await;
    matrix(&make).await;
}

#[tokio::test]
async fn files() {
    let folder = Folder::new();
    let make = |length| FileResponse::new(folder.file(length));
    all_tables(make).await;
    fields(make).await;
}

#[tokio::test]
async fn open_files() {
    let folder = Folder::new();
    let make = |length| {
        let file = File::open(folder.file(length)).unwrap();
        ContentResponse::new(FileSource::new(file, "open").unwrap())
    };
    all_tables(make).await;
    fields(make).await;
}

#[tokio::test]
async fn bytes_in_memory() {
    all_tables(of_bytes).await;
    fields(of_bytes).await;
    // Without facts the tag is of the bytes, and there is no time.
    let [one, same, other] = [9, 9, 10].map(|length| ContentResponse::new(content(length)));
    let [one, same, other] = [one, same, other].map(|response| async {
        let answer = response.answer(Request::new(())).await.unwrap();
        assert!(!answer.headers().contains_key("last-modified"));
        answer.headers()["etag"].clone()
    });
    let (one, same, other) = (one.await, same.await, other.await);
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[cfg(feature = "object-store")]
#[tokio::test]
async fn objects_of_a_store() {
    use antiphon::{ObjectSource, Source};
    use object_store::memory::InMemory;
    use object_store::{ObjectStoreExt, path::Path};
    use std::sync::Arc;

    let store = Arc::new(InMemory::new());
    let make = |length: usize| {
        let path = Path::from(length.to_string());
        let put = store.put(&path, content(length).into());
        futures_executor::block_on(put).unwrap();
        let source = ObjectSource::new(store.clone(), path);
        // The store has the time of now, and the tables another.
        let facts = futures_executor::block_on(source.facts()).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        ContentResponse::new(source).facts(facts.last_modified(time))
    };
    all_tables(make).await;
    fields(make).await;
}

fn cases(table: &str) -> Vec<Value> {
    // Rust's text holds no lone surrogate; U+FFFD stands for it.
    let mut table: Value = serde_json::from_str(&table.replace("\\ud800", "\\ufffd")).unwrap();
    serde_json::from_value(table["cases"].take()).unwrap()
}

/// What an answer is, in the words of the table; its bytes are checked on the way.
pub(crate) fn outcome(answer: &Answer, length: usize, head: bool) -> Value {
    let part = |range: &str| -> Value {
        let (first, rest) = range.split_once('-').unwrap();
        let (last, of) = rest.split_once('/').unwrap();
        assert_eq!(of, length.to_string());
        json!([
            first.parse::<usize>().unwrap(),
            last.parse::<usize>().unwrap() + 1
        ])
    };
    let holds = |bytes: &[u8], part: &Value| {
        let start = part[0].as_u64().unwrap() as usize;
        let wanted: Vec<u8> = (start..part[1].as_u64().unwrap() as usize)
            .map(byte_at)
            .collect();
        assert!(bytes == wanted, "wrong bytes in {part}");
    };
    match answer.status {
        206 => {
            assert!(answer.header("etag").is_some());
            let content_type = answer.header("content-type").unwrap();
            let length = answer.header("content-length").unwrap();
            assert_eq!(length, answer.body.len().to_string());
            if let Some(boundary) = content_type.strip_prefix("multipart/byteranges; boundary=") {
                assert_eq!(answer.header("content-range"), None);
                let text: String = answer.body.iter().copied().map(char::from).collect();
                let text = text.strip_suffix(&format!("--{boundary}--")).unwrap();
                let delimiter = format!("--{boundary}\r\n");
                let parts = text.split(&*delimiter).skip(1).map(|text| {
                    let (head, body) = text.split_once("\r\n\r\n").unwrap();
                    let body = body.strip_suffix("\r\n").unwrap();
                    assert!(head.starts_with("Content-Type: application/octet-stream\r\n"));
                    let part = part(head.split_once("Content-Range: bytes ").unwrap().1);
                    holds(body.as_bytes(), &part);
                    part
                });
                return json!({"status": 206, "parts": parts.collect::<Vec<_>>()});
            }
            let part = part(
                answer
                    .header("content-range")
                    .unwrap()
                    .strip_prefix("bytes ")
                    .unwrap(),
            );
            holds(&answer.body, &part);
            json!({"status": 206, "parts": [part]})
        }
        416 => {
            assert!(answer.body.is_empty());
            json!({"status": 416, "content_range": answer.header("content-range")})
        }
        status @ (304 | 412) => {
            assert!(answer.body.is_empty() && answer.header("etag").is_some());
            json!({"status": status})
        }
        status => {
            let announced = answer.header("content-length").map(str::to_owned);
            let full = if head {
                assert!(answer.body.is_empty());
                announced.is_some_and(|announced| announced == length.to_string())
            } else {
                answer.body.len() == length
                    && answer
                        .body
                        .iter()
                        .enumerate()
                        .all(|(i, b)| *b == byte_at(i))
            };
            json!({"status": status, "full": full})
        }
    }
}

fn fits(outcome: &Value, wanted: &Value) -> bool {
    let same = |key: &str| wanted[key].is_null() || wanted[key] == outcome[key];
    same("status") && same("parts") && same("content_range") && same("full")
}

async fn fields<R: Offered>(make: impl Fn(usize) -> R) {
    let mut ran = 0;
    for case in cases(include_str!("../../../../conformance/file_answers.json")) {
        let id = case["id"].as_str().unwrap();
        for policy in case["policies"].as_array().unwrap() {
            let policy = match policy.as_str().unwrap() {
                "rfc9110" => RangePolicy::Rfc9110,
                _ => RangePolicy::Starlette,
            };
            let mut response = make(1000)
                .range_policy(policy)
                .media_type("text/plain")
                .filename("notes.txt");
            for field in case["callers"].as_array().unwrap() {
                let [name, value] = [0, 1].map(|place| field[place].as_str().unwrap());
                response = response.header(name, value);
            }
            let mut request = Request::builder().method(case["method"].as_str().unwrap());
            for line in case["headers"].as_array().unwrap() {
                request = request.header(line[0].as_str().unwrap(), line[1].as_str().unwrap());
            }
            let answer = response.answer(request.body(()).unwrap()).await.unwrap();
            assert_eq!(
                u64::from(answer.status().as_u16()),
                case["status"].as_u64().unwrap(),
                "{id}"
            );
            let expected = case["fields"].as_array().unwrap();
            assert_eq!(
                answer.headers().len(),
                expected.len(),
                "{id}: {:?}",
                answer.headers()
            );
            for ((name, value), expected) in answer.headers().iter().zip(expected) {
                assert_eq!(name, expected[0].as_str().unwrap(), "{id}");
                let value = value.to_str().unwrap();
                let fits = expected[1]
                    .as_str()
                    .is_none_or(|text| match text.strip_suffix('*') {
                        Some(start) => value.starts_with(start),
                        None => value == text,
                    });
                assert!(fits, "{id}: {name}: {value}");
            }
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let length = case["body"].as_u64();
            assert!(
                length.is_none_or(|length| length == body.len() as u64),
                "{id}"
            );
            ran += 1;
        }
    }
    assert!(ran > 20, "{ran}");
}

async fn ranges<R: Offered>(make: impl Fn(usize) -> R) {
    let mut preferred = 0;
    let table = cases(include_str!("../../../../conformance/ranges.json"));
    for case in &table {
        let id = case["id"].as_str().unwrap();
        let length = case["file_size"].as_u64().unwrap() as usize;
        let config = &case["config"];
        let mut response = make(length);
        for (key, name) in [("etag", "etag"), ("last_modified", "last-modified")] {
            if let Some(value) = config[key].as_str() {
                response = response.header(name, value);
            }
        }
        if let Some(status) = config["status_code"].as_u64() {
            response = response.status_code(StatusCode::from_u16(status as u16).unwrap());
        }
        let server = start(response).await;
        let plain = ask(server.address, "GET", "/").await;
        let tag = plain.header("etag").unwrap();
        let method = case["method"].as_str().unwrap();
        if case["headers"].to_string().contains("ETAG_UPPER") && tag == tag.to_uppercase() {
            continue; // A tag of digits has no other case.
        }
        let mut request = format!("{method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
        for pair in case["headers"].as_array().unwrap() {
            let value = pair[1].as_str().unwrap();
            let value = value
                .replace("{{ETAG_UPPER}}", &tag.to_uppercase())
                .replace("{{ETAG}}", tag);
            request += &format!("{}: {value}\r\n", pair[0].as_str().unwrap());
        }
        let bytes = exchange(server.address, (request + "\r\n").as_bytes()).await;
        let answer = Answer::parse(&bytes).unwrap();
        let outcome = outcome(&answer, length, method == "HEAD");
        let allowed = case["rfc_allowed"].as_array().unwrap();
        assert!(
            allowed.iter().any(|wanted| fits(&outcome, wanted)),
            "{id}: {outcome}"
        );
        let best = fits(&outcome, &case["preferred"]);
        assert!(best || case["level"] != "must", "{id}: {outcome}");
        preferred += usize::from(best);
    }
    assert!(
        preferred * 10 > table.len() * 9,
        "{preferred} of {}",
        table.len()
    );
}

async fn dispositions<R: Offered>(make: impl Fn(usize) -> R) {
    let mut refused = 0;
    for case in cases(include_str!("../../../../conformance/disposition.json")) {
        if case["starlette_error"].is_string() {
            continue;
        }
        let response = make(1).filename(case["filename"].as_str().unwrap());
        let Some(mut response) = response.disposition_type(case["type"].as_str().unwrap()) else {
            assert!(case["rfc_correct"].is_null(), "{}", case["id"]);
            refused += 1;
            continue;
        };
        let mut wanted = vec![&case["rfc_correct"], &case["browser_safe"]];
        if let Some(header) = case["headers"]["Content-Disposition"].as_str() {
            response = response.header("content-disposition", header);
            wanted = vec![&case["starlette"]];
        }
        let http = response.answer(Request::new(())).await.unwrap();
        let sent = json!(http.headers()["content-disposition"].to_str().unwrap());
        assert!(
            wanted.contains(&&sent),
            "{}: {sent}, {wanted:?}",
            case["id"]
        );
    }
    assert!(refused >= 2);
}

async fn matrix<R: Offered>(make: impl Fn(usize) -> R) {
    let mut ran = 0;
    for case in cases(include_str!("../../../../conformance/matrix.json")) {
        let (kwargs, expected) = (&case["kwargs"], &case["starlette"]);
        let Some(length) = kwargs["path"]["$file"].as_u64() else {
            continue;
        };
        if case["class"] != "FileResponse" || case["scope"]["type"] == "websocket" {
            continue;
        }
        let mut response = make(length as usize).range_policy(RangePolicy::Starlette);
        if let Some(status) = kwargs["status_code"].as_u64() {
            response = response.status_code(StatusCode::from_u16(status as u16).unwrap());
        }
        if let Some(media_type) = kwargs["media_type"].as_str() {
            response = response.media_type(media_type);
        }
        if let Some(filename) = kwargs["filename"].as_str() {
            response = response.filename(filename);
        }
        for pair in kwargs["headers"].as_array().into_iter().flatten() {
            response = response.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        }
        let request = Request::builder().method(case["method"].as_str().unwrap());
        let Some(http) = response.answer(request.body(()).unwrap()).await else {
            // D-4, D-6, D-52
            let headers = kwargs["headers"].to_string().to_ascii_lowercase();
            let is_interim = kwargs["status_code"]
                .as_u64()
                .is_some_and(|code| code < 200);
            let names = ["content-length", "transfer-encoding"];
            assert!(is_interim || names.iter().any(|name| headers.contains(name)));
            continue;
        };
        assert_eq!(
            u64::from(http.status().as_u16()),
            expected["status"].as_u64().unwrap()
        );
        for pair in expected["headers"].as_array().unwrap() {
            let name = pair[0].as_str().unwrap();
            // Our tag is made otherwise, the name is sent in both forms, and without content its length is
            // not sent (D-3, D-5).
            let ours = ["etag", "content-disposition"].contains(&name)
                || (name == "last-modified" && !R::HAS_TIME);
            let none = matches!(http.status().as_u16(), ..200 | 204 | 205 | 304);
            let gone = name == "content-length" && none;
            if !ours && !gone {
                assert_eq!(
                    http.headers()[name],
                    pair[1].as_str().unwrap(),
                    "{} {name}",
                    case["id"]
                );
            }
        }
        ran += 1;
    }
    assert!(ran > 8, "{ran}");
}
