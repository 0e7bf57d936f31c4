//! Compression: the table of `conformance/` by each way a response goes out, and what it promises of streams.

use crate::support::{Log, Then, exchange, peer, start};
use antiphon::asgi::{self, App, Message};
use antiphon::channel::EventChannel;
use antiphon::{
    Compressed, Compression, ContentCoding, EndReason, EventSourceResponse, FileResponse,
    HtmlResponse, PlainTextResponse, Response, ServerSentEvent, ServiceApp, StreamError,
    StreamingResponse,
};
use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;
use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::{Layer, Service};

/// Decodes content that has ended, or what can be read of it so far.
fn decoded(coding: &str, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut reader: Box<dyn Read + '_> = match coding {
        "gzip" => Box::new(flate2::read::GzDecoder::new(bytes)),
        "br" => Box::new(brotli::Decompressor::new(bytes, 4096)),
        "zstd" => Box::new(zstd::stream::read::Decoder::new(bytes).unwrap()),
        _ => panic!("{coding}"),
    };
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return (all, true),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(_) => return (all, false),
        }
    }
}

fn assert_decodes(coding: &str, bytes: &[u8], expected: &[u8], id: &str) {
    let (content, is_ended) = decoded(coding, bytes);
    assert!(is_ended, "{id}: {coding} does not end");
    assert!(content == expected, "{id}: {coding} of something else");
}

/// A response of the table, of a class of its own.
enum Made {
    Fixed(Response),
    Stream(StreamingResponse),
    File(FileResponse),
}

/// Calls a method that all classes have.
macro_rules! of_any {
    ($made:expr, $response:ident => $call:expr) => {
        match $made {
            Made::Fixed($response) => Made::Fixed($call),
            Made::Stream($response) => Made::Stream($call),
            Made::File($response) => Made::File($call),
        }
    };
}

/// Files of so many letters.
struct Letters(PathBuf);

impl Letters {
    fn new(size: usize) -> Self {
        let name = format!("antiphon-letters-{}-{size}.txt", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "a".repeat(size)).unwrap();
        Self(path)
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn made(response: &Value, file: &Letters) -> Made {
    let size = usize::try_from(response["size"].as_u64().unwrap()).unwrap();
    let mut made = match response["kind"].as_str().unwrap() {
        "fixed" => Made::Fixed(Response::new("a".repeat(size))),
        "stream" => Made::Stream(StreamingResponse::from_iterator(["a".repeat(size)])),
        "file" => Made::File(FileResponse::new(&file.0)),
        kind => panic!("{kind}"),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    made = of_any!(made, response => response.status_code(status));
    if let Some(media_type) = response["media_type"].as_str() {
        made = of_any!(made, response => response.media_type(media_type).unwrap());
    }
    for pair in response["headers"].as_array().unwrap() {
        let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        made = of_any!(made, response => response.header(name, value).unwrap());
    }
    match made {
        Made::Fixed(fixed) if response["conditional"] == true => Made::Fixed(fixed.add_etag()),
        made => made,
    }
}

fn compression(options: &Value) -> Compression {
    let words = |name: &str| -> Option<Vec<&str>> {
        let list = options[name].as_array()?;
        Some(list.iter().map(|word| word.as_str().unwrap()).collect())
    };
    let mut compression = Compression::new();
    if let Some(codings) = words("codings") {
        let codings = codings.iter().map(|coding| coding.parse().unwrap());
        compression = compression.codings(codings.collect::<Vec<_>>()).unwrap();
    }
    if let Some(size) = options["minimum_size"].as_u64() {
        compression = compression.minimum_size(size);
    }
    if let Some(types) = words("media_types") {
        compression = compression.media_types(types).unwrap();
    }
    if let Some(types) = words("exclude_media_types") {
        compression = compression.exclude_media_types(types).unwrap();
    }
    compression
}

fn request(case: &Value) -> http::Request<()> {
    let mut request = http::Request::builder().method(case["method"].as_str().unwrap());
    for pair in case["headers"].as_array().unwrap() {
        request = request.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
    request.body(()).unwrap()
}

struct Sent {
    status: u16,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn field(&self, name: &str) -> Option<String> {
        let values = self.fields.iter().filter(|(own, _)| own == name);
        let values: Vec<&str> = values.map(|(_, value)| &**value).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

async fn called<F, Fut>(request: http::Request<()>, app: F) -> Sent
where
    F: FnOnce(asgi::Scope, asgi::Send) -> Fut,
    Fut: Future<Output = asgi::Result>,
{
    let (send, mut messages) = peer(usize::MAX, Then::Takes);
    let scope = asgi::Scope::from(request.into_parts().0);
    app(scope, send).await.unwrap();
    let mut sent = Sent {
        status: 0,
        fields: Vec::new(),
        body: Vec::new(),
    };
    while let Ok(message) = messages.try_recv() {
        match message {
            Message::Start {
                status, headers, ..
            } => {
                sent.status = status;
                let text = |(name, value): (
                    &antiphon::headers::FieldName,
                    &antiphon::headers::FieldValue,
                )| { (name.as_str().to_owned(), value.to_text()) };
                sent.fields = headers.iter().map(text).collect();
            }
            Message::Body { body, .. } => sent.body.extend_from_slice(&body),
            Message::EarlyHint { .. } | Message::Pathsend { .. } => panic!("{message:?}"),
        }
    }
    sent
}

async fn valued(response: http::Response<antiphon::Body>) -> Sent {
    let (head, body) = response.into_parts();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    Sent {
        status: head.status.as_u16(),
        fields: head.headers.iter().map(text).collect(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// The ways by which a response goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By its parameter, into messages.
    Called,
    /// By its parameter, into a value of the `http` crate.
    Valued,
    /// By what is put around it, where its content is made.
    Around,
    /// By what is put around it, message by message.
    Messages,
}

async fn answer(case: &Value, way: Way, file: &Letters) -> Sent {
    let (made, request) = (made(&case["response"], file), request(case));
    let compression = compression(&case["options"]);
    let nothing = asgi::Receive::default();
    match way {
        Way::Valued => match of_any!(made, response => response.compress(compression)) {
            Made::Fixed(fixed) => valued(fixed.into_http(&request).unwrap()).await,
            Made::Stream(stream) => valued(stream.into_http(&request).await.unwrap()).await,
            Made::File(file) => valued(file.into_http(&request).await.unwrap()).await,
        },
        Way::Called => {
            let made = of_any!(made, response => response.compress(compression));
            called(request, async |scope, send| match made {
                Made::Fixed(fixed) => fixed.call(scope, nothing, send).await,
                Made::Stream(stream) => stream.call(scope, nothing, send).await,
                Made::File(file) => file.call(scope, nothing, send).await,
            })
            .await
        }
        Way::Around => {
            called(request, async |scope, send| match made {
                Made::Fixed(fixed) => around(fixed, compression, scope, send).await,
                Made::Stream(stream) => around(stream, compression, scope, send).await,
                Made::File(file) => around(file, compression, scope, send).await,
            })
            .await
        }
        Way::Messages => {
            called(request, async |scope, send| match made {
                Made::Fixed(fixed) => around(seen(fixed), compression, scope, send).await,
                Made::Stream(stream) => around(seen(stream), compression, scope, send).await,
                Made::File(file) => around(seen(file), compression, scope, send).await,
            })
            .await
        }
    }
}

async fn around(
    app: impl App,
    compression: Compression,
    scope: asgi::Scope,
    send: asgi::Send,
) -> asgi::Result {
    let app = Compressed::new(app, compression);
    App::call(&app, scope, asgi::Receive::default(), send).await
}

/// An application each of whose messages is looked at, so that there are messages.
fn seen(app: impl App) -> impl App {
    let app = Arc::new(app);
    move |scope, receive, send: asgi::Send| {
        let app = Arc::clone(&app);
        async move { App::call(&*app, scope, receive, send.map(Ok)).await }
    }
}

#[tokio::test]
async fn conformance() {
    let table = include_str!("../../../../conformance/compression.json");
    let table: Value = serde_json::from_str(table).unwrap();
    let file = Letters::new(1000);
    let mut ran = 0;
    for case in table["cases"].as_array().unwrap() {
        for way in [Way::Called, Way::Valued, Way::Around, Way::Messages] {
            let id = format!("{} by {way:?}", case["id"].as_str().unwrap());
            let sent = answer(case, way, &file).await;
            assert_eq!(
                u64::from(sent.status),
                case["status"].as_u64().unwrap(),
                "{id}"
            );
            for (name, key) in [
                ("content-encoding", "coding"),
                ("etag", "etag"),
                ("vary", "vary"),
                ("accept-ranges", "accept_ranges"),
            ] {
                // A 304 says nothing of the content, and a fixed response has no ranges.
                if name == "etag" && case["etag"].is_null() {
                    continue;
                }
                assert_eq!(
                    sent.field(name).as_deref(),
                    case[key].as_str(),
                    "{id}: {name}"
                );
            }
            let is_ours = case["coding"].is_string()
                && !case["response"]["headers"]
                    .to_string()
                    .contains("content-encoding");
            let is_head = case["method"] == "HEAD";
            let has_length = match way {
                Way::Called | Way::Valued => case["has_length"] == true,
                // The content of an answer to HEAD is not made.
                Way::Around => case["has_length"] == true && !(is_ours && is_head),
                Way::Messages => case["has_length"] == true && !is_ours,
            };
            let length = sent.field("content-length");
            assert_eq!(length.is_some(), has_length, "{id}: {length:?}");
            let size = usize::try_from(case["response"]["size"].as_u64().unwrap()).unwrap();
            if is_head {
                assert!(sent.body.is_empty(), "{id}");
            } else if is_ours {
                let coding = case["coding"].as_str().unwrap();
                assert_decodes(coding, &sent.body, "a".repeat(size).as_bytes(), &id);
                if let Some(length) = length {
                    assert_eq!(length, sent.body.len().to_string(), "{id}");
                }
            } else if sent.status == 200 {
                assert_eq!(sent.body.len(), size, "{id}");
            }
            ran += 1;
        }
    }
    assert!(ran > 300, "{ran}");
}

#[tokio::test]
async fn head_has_the_fields_of_get() {
    let page = HtmlResponse::new("<p>hello</p>".repeat(500)).add_etag();
    let page = page.compress(Compression::new());
    let mut heads = Vec::new();
    for method in ["GET", "HEAD"] {
        let request = http::Request::builder().method(method);
        let request = request.header("accept-encoding", "gzip").body(()).unwrap();
        let answer = page.clone().into_http(&request).unwrap();
        heads.push(answer.headers().clone());
    }
    assert_eq!(heads[0], heads[1]);
    assert!(heads[0].contains_key("content-length"));
}

/// What is read of a connection, chunk by chunk of its transfer coding.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    async fn get(address: std::net::SocketAddr, coding: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: {coding}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    async fn until(&mut self, is_enough: impl Fn(&[u8]) -> bool) {
        let reading = async {
            while !is_enough(&self.read) {
                let count = self.stream.read_buf(&mut self.read).await.unwrap();
                assert!(count > 0, "the connection has ended");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .expect("nothing more came in time");
    }

    async fn head(&mut self) -> String {
        self.until(|read| read.windows(4).any(|bytes| bytes == b"\r\n\r\n"))
            .await;
        let end = self
            .read
            .windows(4)
            .position(|bytes| bytes == b"\r\n\r\n")
            .unwrap()
            + 4;
        String::from_utf8(self.read.drain(..end).collect()).unwrap()
    }
}

/// The content of as many chunks as there are.
fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&bytes[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let Some(chunk) = bytes.get(end + 2..end + 2 + length) else {
            break;
        };
        content.extend_from_slice(chunk);
        bytes = bytes.get(end + 4 + length..).unwrap_or_default();
    }
    content
}

#[tokio::test]
async fn a_head_does_not_wait_for_a_slow_stream_and_each_chunk_can_be_read_when_it_came() {
    for coding in ["gzip", "br"] {
        for is_around in [false, true] {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<String>();
            let receiver = std::sync::Mutex::new(Some(receiver));
            let app = move |scope, receive, send| {
                let mut receiver = receiver.lock().unwrap().take().unwrap();
                let chunks = stream::poll_fn(move |context| receiver.poll_recv(context));
                let response = StreamingResponse::new(chunks)
                    .media_type("text/plain")
                    .unwrap();
                let response = match is_around {
                    true => response,
                    false => response.compress(Compression::new()),
                };
                response.call(scope, receive, send)
            };
            let server = match is_around {
                true => start(Compressed::new(app, Compression::new())).await,
                false => start(app).await,
            };
            let mut client = Client::get(server.address, coding).await;
            let head = client.head().await;
            assert!(
                head.contains(&format!("content-encoding: {coding}")),
                "{head}"
            );
            let mut expected = Vec::new();
            for number in 0..20 {
                let chunk = format!("chunk {number} of many\n");
                expected.extend_from_slice(chunk.as_bytes());
                sender.send(chunk).unwrap();
                client
                    .until(|read| decoded(coding, &dechunked(read)).0 == expected)
                    .await;
            }
            drop(sender);
            client.until(|read| read.ends_with(b"0\r\n\r\n")).await;
            assert_decodes(coding, &dechunked(&client.read), &expected, "at the end");
        }
    }
}

#[tokio::test]
async fn events_of_a_channel_arrive_one_by_one() {
    let channel = EventChannel::new();
    let listened = channel.clone();
    let app = move |scope, receive, send| {
        let subscriber = listened.subscribe(None);
        EventSourceResponse::from_subscriber(subscriber)
            .compress(Compression::new())
            .call(scope, receive, send)
    };
    let server = start(app).await;
    let mut client = Client::get(server.address, "gzip").await;
    client.head().await;
    for number in 0..100 {
        let event = format!("{{\"symbol\": \"ANTI\", \"price\": {number}}}");
        channel.publish(&ServerSentEvent::new(&*event)).unwrap();
        client
            .until(|read| {
                let text = decoded("gzip", &dechunked(read)).0;
                text.windows(event.len())
                    .any(|part| part == event.as_bytes())
            })
            .await;
    }
    let sent = dechunked(&client.read);
    let plain = decoded("gzip", &sent).0.len();
    assert!(3 * sent.len() < plain, "{} bytes for {plain}", sent.len());
}

#[tokio::test]
async fn a_stream_that_fails_is_cut_and_not_ended() {
    let (log, _guard) = Log::capture();
    let app = |scope, receive, send| {
        let chunks = stream::iter([Ok("a".repeat(1000)), Err("the disk is on fire")]);
        let response = StreamingResponse::new(chunks).merge_chunks(false);
        response
            .compress(Compression::new())
            .call(scope, receive, send)
    };
    let server = start(app).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\n\r\n";
    let answer = exchange(server.address, request).await;
    assert!(
        !answer.ends_with(b"0\r\n\r\n"),
        "it ends as if it were whole"
    );
    let start = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .unwrap()
        + 4;
    let (content, is_ended) = decoded("gzip", &dechunked(&answer[start..]));
    assert_eq!((content, is_ended), ("a".repeat(1000).into_bytes(), false));
    let text = log.text();
    assert!(
        text.contains("the stream failed after 1000 bytes: the disk is on fire"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stream_is_held_to_the_length_that_it_announces_of_itself() {
    let chunks = stream::iter(["a".repeat(1000)]);
    let response = StreamingResponse::new(chunks)
        .header("content-length", "1001")
        .unwrap()
        .compress(Compression::new());
    let request = http::Request::get("/")
        .header("accept-encoding", "gzip")
        .body(())
        .unwrap();
    let answer = response.into_http(&request).await.unwrap();
    assert!(!answer.headers().contains_key("content-length"));
    let error = answer.into_body().collect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the `content-length` says 1 more"), "{text}");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.is::<StreamError>());
}

#[tokio::test]
async fn large_content_goes_out_in_pieces_while_others_have_their_turn() {
    let content = Bytes::from("0123456789abcdef".repeat(1 << 20));
    let response = PlainTextResponse::new(content.clone()).compress(Compression::new());
    let request = http::Request::get("/")
        .header("accept-encoding", "br")
        .body(())
        .unwrap();
    let answer = response.into_http(&request).unwrap();
    assert!(!answer.headers().contains_key("content-length"));
    let reading = tokio::spawn(answer.into_body().collect());
    let (mut turns, mut longest) = (0, Duration::ZERO);
    while !reading.is_finished() {
        let before = Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        longest = longest.max(before.elapsed());
        turns += 1;
    }
    let body = reading.await.unwrap().unwrap().to_bytes();
    assert_decodes("br", &body, &content, "large");
    assert!(turns > 5, "{turns} turns, the longest took {longest:?}");
}

#[tokio::test]
async fn a_response_is_told_how_many_coded_bytes_were_sent() {
    let (sender, outcomes) = mpsc::channel();
    let file = Letters::new(200_000);
    let response = FileResponse::new(&file.0)
        .compress(Compression::new())
        .on_complete(move |outcome| sender.send(outcome).unwrap());
    let request = http::Request::get("/")
        .header("accept-encoding", "gzip")
        .body(())
        .unwrap();
    let sent = called(request, |scope, send| {
        response.call(scope, asgi::Receive::default(), send)
    })
    .await;
    let outcome = outcomes.recv().unwrap();
    assert_eq!(outcome.reason, EndReason::Complete);
    assert_eq!(outcome.bytes_sent, Some(sent.body.len() as u64));
    assert!(sent.body.len() < 2000, "{}", sent.body.len());
}

#[tokio::test]
async fn without_a_request_nothing_is_compressed() {
    let page = HtmlResponse::new("<p>".repeat(1000)).compress(Compression::new());
    let answer = axum::response::IntoResponse::into_response(page);
    assert!(!answer.headers().contains_key("content-encoding"));
}

fn router() -> Router {
    let text = || async { "hello, ".repeat(1000) };
    let page = || async { HtmlResponse::new("<p>hello</p>".repeat(1000)) };
    Router::new()
        .route("/text", get(text))
        .route("/page", get(page))
}

#[tokio::test]
async fn a_router_of_axum_is_compressed_as_an_application() {
    let server = start(Compressed::new(
        ServiceApp::new(router()),
        Compression::new(),
    ))
    .await;
    for path in ["/text", "/page"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
        );
        let answer = exchange(server.address, request.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.contains("content-encoding: gzip"), "{text}");
        assert!(
            text.contains("content-length: "),
            "{path}: what lies ready has a length: {text}"
        );
        assert!(answer.len() < 1000);
    }
}

#[tokio::test]
async fn a_layer_of_tower_https_does_not_compress_twice() {
    let page = HtmlResponse::new("<p>hello</p>".repeat(1000)).compress(Compression::new());
    let expected = "<p>hello</p>".repeat(1000);
    let layer = tower_http::compression::CompressionLayer::new();
    for (accepted, coding) in [("br, gzip", "br"), ("gzip", "gzip")] {
        let mut service = layer.layer(page.clone());
        let request = http::Request::get("/").header("accept-encoding", accepted);
        let answer = service.call(request.body(()).unwrap()).await.unwrap();
        let codings: Vec<_> = answer
            .headers()
            .get_all("content-encoding")
            .iter()
            .collect();
        assert_eq!(codings, [coding]);
        let length = answer.headers()["content-length"].clone();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(length.to_str().unwrap(), body.len().to_string());
        assert_decodes(coding, &body, expected.as_bytes(), "beneath a layer");
    }
    // And the other way round.
    let router = router().layer(layer);
    let server = start(Compressed::new(ServiceApp::new(router), Compression::new())).await;
    let request =
        b"GET /page HTTP/1.1\r\nhost: a\r\naccept-encoding: br\r\nconnection: close\r\n\r\n";
    let answer = exchange(server.address, request).await;
    let text = String::from_utf8_lossy(&answer);
    assert_eq!(text.matches("content-encoding: br").count(), 1, "{text}");
}

#[tokio::test]
async fn a_websocket_is_denied_as_it_is() {
    let app = Compressed::new(
        PlainTextResponse::new("no ".repeat(1000)),
        Compression::new(),
    );
    let request = http::Request::get("/")
        .header("accept-encoding", "gzip")
        .body(())
        .unwrap();
    let sent = called(request, |scope, send| {
        App::call(&app, scope.websocket(), asgi::Receive::default(), send)
    })
    .await;
    assert_eq!(sent.body.len(), 3000);
    assert_eq!(sent.field("content-encoding"), None);
}

#[tokio::test]
async fn a_file_is_never_sent_by_its_path_where_it_may_be_coded() {
    let file = Letters::new(5000);
    let app = Compressed::new(FileResponse::new(&file.0), Compression::new());
    let request = http::Request::get("/")
        .header("accept-encoding", "gzip")
        .body(())
        .unwrap();
    let sent = called(request, |scope, send| {
        App::call(
            &app,
            scope.offering_pathsend(),
            asgi::Receive::default(),
            send,
        )
    })
    .await;
    assert_decodes("gzip", &sent.body, "a".repeat(5000).as_bytes(), "a file");
}

#[tokio::test]
async fn curl_reads_every_coding() {
    let app = |scope, receive, send| {
        let chunks =
            StreamingResponse::from_iterator((0..5000).map(|number| format!("{number}\n")));
        chunks
            .media_type("text/plain")
            .unwrap()
            .call(scope, receive, send)
    };
    let expected: String = (0..5000).map(|number| format!("{number}\n")).collect();
    let server = start(Compressed::new(app, Compression::new())).await;
    let url = format!("http://{}/", server.address);
    for accepted in ["gzip", "br"] {
        let (url, field) = (url.clone(), format!("accept-encoding: {accepted}"));
        let output = tokio::task::spawn_blocking(move || {
            let mut curl = std::process::Command::new("curl");
            curl.args([
                "-sS",
                "-m",
                "10",
                "--compressed",
                "-D",
                "-",
                "-H",
                &field,
                &url,
            ])
            .output()
        });
        let output = output.await.unwrap().expect("curl");
        let text = String::from_utf8_lossy(&output.stdout);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
        assert!(
            head.contains(&format!("content-encoding: {accepted}")),
            "{head}"
        );
        assert!(body == expected, "{accepted}");
    }
}

#[test]
fn a_program_that_offers_zstd_without_the_feature_is_told() {
    let compression = Compression::new().codings([ContentCoding::Zstd]);
    assert_eq!(compression.is_ok(), cfg!(feature = "zstd"));
}

#[cfg(feature = "zstd")]
#[tokio::test]
async fn zstd_is_sent_where_it_is_offered() {
    let codings = [ContentCoding::Zstd, ContentCoding::Gzip];
    let compression = Compression::new().codings(codings).unwrap();
    let page = HtmlResponse::new("<p>hello</p>".repeat(1000)).compress(compression);
    let request = http::Request::get("/").header("accept-encoding", "gzip, br, zstd");
    let answer = page.into_http(&request.body(()).unwrap()).unwrap();
    assert_eq!(answer.headers()["content-encoding"], "zstd");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_decodes(
        "zstd",
        &body,
        "<p>hello</p>".repeat(1000).as_bytes(),
        "zstd",
    );
}
