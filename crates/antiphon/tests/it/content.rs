//! Content of sources: what a hostile one gets, and what is asked of one.

use crate::support::{Answer, Log, ask, exchange, start};
use antiphon::{
    ContentResponse, EndReason, FileSource, Likely, Opening, Source, SourceError, SourceErrorKind,
    SourceFacts,
};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http::StatusCode;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What a read brings.
type Brings = dyn Fn(Range<u64>) -> BoxStream<'static, Result<Bytes, SourceError>> + Send + Sync;

/// A source that does what a test wants, and remembers what it was asked for.
#[derive(Clone)]
struct Scripted {
    length: u64,
    asked: Arc<Mutex<Vec<Range<u64>>>>,
    facts: Arc<AtomicUsize>,
    brings: Arc<Brings>,
}

impl Scripted {
    fn new<S>(length: u64, brings: impl Fn(Range<u64>) -> S + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = Result<Bytes, SourceError>> + Send + 'static,
    {
        Self {
            length,
            asked: Arc::default(),
            facts: Arc::default(),
            brings: Arc::new(move |range| brings(range).boxed()),
        }
    }

    fn asked(&self) -> Vec<Range<u64>> {
        self.asked.lock().unwrap().clone()
    }
}

impl Source for Scripted {
    async fn facts(&self) -> Result<SourceFacts, SourceError> {
        self.facts.fetch_add(1, Ordering::Relaxed);
        Ok(SourceFacts::new(self.length).etag("v").unwrap())
    }

    fn read(
        &self,
        range: Range<u64>,
        held: &SourceFacts,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static {
        assert_eq!(held.entity_tag(), Some(&b"\"v\""[..]));
        self.asked.lock().unwrap().push(range.clone());
        (self.brings)(range)
    }

    fn name(&self) -> String {
        "scripted".to_owned()
    }
}

fn zeros(length: u64) -> Result<Bytes, SourceError> {
    Ok(Bytes::from(vec![0; length as usize]))
}

fn status_of(error: &SourceError) -> StatusCode {
    let answer = error.response().into_http(&http::Request::new(()));
    answer.unwrap().status()
}

async fn error(source: Scripted) -> SourceError {
    let response = ContentResponse::new(source).source_timeout(Duration::from_millis(50));
    let answer = response.into_http(&http::Request::new(())).await;
    answer.unwrap_err()
}

#[tokio::test]
async fn a_source_that_fails_at_once_is_an_answer() {
    let (log, _guard) = Log::capture();
    let ended = error(Scripted::new(10, |_| stream::empty())).await;
    assert_eq!(
        ended.to_string(),
        "source scripted: expected 10 bytes more, but found the end"
    );
    let longer = error(Scripted::new(10, |_| stream::iter([zeros(11)]))).await;
    assert_eq!(
        longer.to_string(),
        "source scripted: expected 10 bytes at most, but found 11"
    );
    let silent = error(Scripted::new(10, |_| stream::pending())).await;
    assert_eq!(
        silent.to_string(),
        "source scripted: expected an answer in 50ms, but found none"
    );
    let gone = |_| stream::iter([Err(SourceError::new(SourceErrorKind::NotFound, "gone"))]);
    let gone = error(Scripted::new(10, gone)).await;
    for (error, status) in [(ended, 502), (longer, 502), (silent, 504), (gone, 404)] {
        assert_eq!(status_of(&error), status);
    }
    // Over the server, too.
    let gone = |_| stream::iter([Err(SourceError::new(SourceErrorKind::Other, "secret"))]);
    let server = start(ContentResponse::new(Scripted::new(10, gone))).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!((answer.status, &*answer.body), (502, &b"Bad Gateway"[..]));
    assert!(
        log.text().contains("source scripted: secret"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn a_source_that_fails_later_cuts_the_connection_and_the_log_says_where() {
    let (log, _guard) = Log::capture();
    type Rest = fn() -> BoxStream<'static, Result<Bytes, SourceError>>;
    let rests: [(Rest, &str); 4] = [
        (
            || stream::empty().boxed(),
            "expected 96 bytes more, but found the end",
        ),
        (
            || stream::iter([zeros(97)]).boxed(),
            "expected 96 bytes at most, but found 97",
        ),
        (
            || stream::iter([Err(SourceError::changed())]).boxed(),
            "but found another",
        ),
        (
            || stream::pending().boxed(),
            "expected an answer in 200ms, but found none",
        ),
    ];
    for (rest, text) in rests {
        let brings = move |_| stream::iter([zeros(4)]).chain(rest());
        let source = Scripted::new(100, brings);
        let response = ContentResponse::new(source).source_timeout(Duration::from_millis(200));
        let server = start(response).await;
        let bytes = exchange(
            server.address,
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        )
        .await;
        assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(bytes.ends_with(b"\r\n\r\n\0\0\0\0"), "{text}");
        let written = log.text();
        let line = written.lines().last().unwrap();
        assert!(
            line.contains("source scripted")
                && line.contains(text)
                && line.contains("after 4 bytes"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn what_is_replaced_between_facts_and_read_is_answered_anew() {
    let left = Arc::new(AtomicUsize::new(2));
    let changes = Arc::clone(&left);
    let source = Scripted::new(10, move |range| {
        let is_changed = changes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        let piece = if is_changed {
            Err(SourceError::changed())
        } else {
            zeros(range.end - range.start)
        };
        stream::iter([piece])
    });
    let response = ContentResponse::new(source.clone());
    let answer = response.clone().into_http(&http::Request::new(())).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(source.facts.load(Ordering::Relaxed), 3);
    // Not for ever; and facts that the program gives stay what they are.
    left.store(3, Ordering::Relaxed);
    let answer = response.clone().into_http(&http::Request::new(())).await;
    let error = answer.unwrap_err();
    assert_eq!(status_of(&error), StatusCode::SERVICE_UNAVAILABLE);
    left.store(1, Ordering::Relaxed);
    let facts = SourceFacts::new(10).etag("v").unwrap();
    let answer = response
        .facts(facts)
        .into_http(&http::Request::new(()))
        .await;
    assert_eq!(answer.unwrap_err().kind(), SourceErrorKind::Changed);
}

#[tokio::test]
async fn a_source_is_asked_for_what_is_sent_and_nothing_else() {
    let source = Scripted::new(100, |range| stream::iter([zeros(range.end - range.start)]));
    let server = start(ContentResponse::new(source.clone())).await;
    for (request, status) in [
        ("HEAD / HTTP/1.1\r\n", 200),
        ("GET / HTTP/1.1\r\nif-none-match: \"v\"\r\n", 304),
        ("GET / HTTP/1.1\r\nif-match: \"w\"\r\n", 412),
        ("GET / HTTP/1.1\r\nrange: bytes=100-\r\n", 416),
    ] {
        let request = format!("{request}host: a\r\nconnection: close\r\n\r\n");
        let bytes = exchange(server.address, request.as_bytes()).await;
        let answer = Answer::parse(&bytes).unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
    }
    assert_eq!(source.asked(), []);
    assert_eq!(source.facts.load(Ordering::Relaxed), 4);
    let facts = SourceFacts::new(100).etag("v").unwrap();
    let given = start(ContentResponse::new(source.clone()).facts(facts)).await;
    let request = b"GET / HTTP/1.1\r\nrange: bytes=-10\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = Answer::parse(&exchange(given.address, request).await).unwrap();
    assert_eq!((answer.status, answer.body.len()), (206, 10));
    assert_eq!(source.asked(), vec![90..100]);
    assert_eq!(source.facts.load(Ordering::Relaxed), 4);
}

/// A source that brings what is likely sent with its facts.
struct Quick(Scripted);

impl Source for Quick {
    async fn facts(&self) -> Result<SourceFacts, SourceError> {
        self.0.facts().await
    }

    async fn open(&self, likely: Likely) -> Result<Opening, SourceError> {
        let opening = Opening::of(self.facts().await?);
        let range = match likely {
            Likely::Whole => 0..self.0.length,
            Likely::Range(start, end) => start..end,
            Likely::From(start) => start..self.0.length,
            Likely::Last(length) => self.0.length - length..self.0.length,
            Likely::Nothing => return Ok(opening),
        };
        let content = stream::iter([zeros(range.end - range.start)]);
        Ok(opening.with_content(range, content))
    }

    fn read(
        &self,
        range: Range<u64>,
        held: &SourceFacts,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + Send + 'static {
        self.0.read(range, held)
    }
}

#[tokio::test]
async fn content_that_comes_with_the_facts_is_not_asked_for() {
    let source = Scripted::new(100, |range| stream::iter([zeros(range.end - range.start)]));
    let server = start(ContentResponse::new(Quick(source.clone()))).await;
    let ask = async |fields: &str| {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
        let bytes = exchange(server.address, request.as_bytes()).await;
        let answer = Answer::parse(&bytes).unwrap();
        (answer.status, answer.body.len())
    };
    assert_eq!(ask("").await, (200, 100));
    assert_eq!(ask("range: bytes=2-4\r\n").await, (206, 3));
    assert_eq!(ask("range: bytes=90-\r\n").await, (206, 10));
    assert_eq!(ask("range: bytes=-9\r\n").await, (206, 9));
    assert_eq!(source.asked(), []);
    // The guess does not fit: the client has another version, or wants more than there is.
    let stale = "range: bytes=2-4\r\nif-range: \"w\"\r\n";
    assert_eq!(ask(stale).await, (200, 100));
    assert_eq!(ask("range: bytes=90-200\r\n").await, (206, 10));
    assert_eq!(source.asked(), [0..100, 90..100]);
}

#[tokio::test]
async fn several_ranges_are_read_at_once_but_not_all() {
    let source = Scripted::new(10_000, |range| {
        let length = range.end - range.start;
        stream::once(async move {
            sleep(Duration::from_millis(100)).await;
            zeros(length)
        })
    });
    let ranges: Vec<String> = (0..8).map(|part| format!("{0}-{0}", part * 1000)).collect();
    let request = http::Request::get("/")
        .header("range", format!("bytes={}", ranges.join(",")))
        .body(())
        .unwrap();
    let start = Instant::now();
    let response = ContentResponse::new(source.clone())
        .into_http(&request)
        .await;
    // The first was awaited, and others were asked for with it.
    assert_eq!(source.asked().len(), 4);
    let body = response.unwrap().into_body();
    let body = http_body_util::BodyExt::collect(body).await.unwrap();
    assert_eq!(source.asked().len(), 8);
    let taken = start.elapsed();
    // Each is asked for before the one that is sent has come: far less than 8 times 100 ms.
    assert!(taken < Duration::from_millis(600), "{taken:?}");
    assert!(body.to_bytes().len() > 8);
}

#[tokio::test]
async fn a_file_that_shrinks_or_is_no_file() {
    let folder = crate::files::Folder::new();
    let path = folder.file(1000);
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let source = FileSource::new(file.try_clone().unwrap(), "shrunk").unwrap();
    // It has no path any more.
    std::fs::remove_file(&path).unwrap();
    let facts = SourceFacts::new(1000);
    file.set_len(10).unwrap();
    let response = ContentResponse::new(source.clone()).facts(facts);
    let server = start(response).await;
    let bytes = exchange(
        server.address,
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("content-length: 1000"), "{text}");
    assert!(text.split_once("\r\n\r\n").unwrap().1.len() == 10);
    // The facts are those of now.
    let answer = ContentResponse::new(source)
        .into_http(&http::Request::new(()))
        .await;
    assert_eq!(answer.unwrap().headers()["content-length"], "10");
    let folder = std::fs::File::open(&folder.0).unwrap();
    assert!(FileSource::new(folder, "folder").is_err());
}

#[tokio::test]
async fn a_program_is_told_how_it_ended() {
    let (sender, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    let sender = Arc::new(sender);
    let told = |source: Scripted| {
        let sender = Arc::clone(&sender);
        ContentResponse::new(source).on_complete(move |outcome| drop(sender.send(outcome)))
    };
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let whole = Scripted::new(100, |_| stream::iter([zeros(60), zeros(40)]));
    exchange(start(told(whole)).await.address, request).await;
    let outcome = outcomes.recv().await.unwrap();
    assert_eq!(outcome.reason, EndReason::Complete);
    assert_eq!(outcome.bytes_sent, Some(100));

    let ends = Scripted::new(100, |_| stream::iter([zeros(60)]));
    exchange(start(told(ends)).await.address, request).await;
    let outcome = outcomes.recv().await.unwrap();
    assert!(matches!(outcome.reason, EndReason::Failed(text) if text.contains("40 bytes more")));
    assert_eq!(
        (outcome.status, outcome.bytes_sent),
        (Some(StatusCode::OK), Some(60))
    );

    let gone = |_| stream::iter([Err(SourceError::new(SourceErrorKind::NotFound, "gone"))]);
    let answer = told(Scripted::new(10, gone))
        .into_http(&http::Request::new(()))
        .await;
    assert!(answer.is_err());
    let outcome = outcomes.recv().await.unwrap();
    assert!(matches!(outcome.reason, EndReason::Failed(text) if text.contains("gone")));
    assert_eq!((outcome.status, outcome.bytes_sent), (None, Some(0)));
}

#[tokio::test]
async fn facts_that_are_none() {
    for tag in ["", "a\"b", "a b", "é", "a\r\nb"] {
        assert!(SourceFacts::new(1).etag(tag).is_err(), "{tag:?}");
    }
    assert!(SourceFacts::new(1).media_type("a\nb").is_err());
    let facts = SourceFacts::new(1).etag("W/\"1\"").unwrap();
    assert_eq!(facts.entity_tag(), Some(&b"W/\"1\""[..]));
    let response = ContentResponse::new(Bytes::from_static(b"12"))
        .header("content-length", "3")
        .unwrap();
    let error = response
        .into_http(&http::Request::new(()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Invalid);
    assert_eq!(status_of(&error), 500);
}

#[cfg(feature = "object-store")]
#[tokio::test]
async fn an_object_that_is_replaced_is_never_a_mixture() {
    use antiphon::ObjectSource;
    use object_store::memory::InMemory;
    use object_store::{ObjectStoreExt, path::Path};

    let store = Arc::new(InMemory::new());
    let path = Path::from("a");
    let missing = ContentResponse::new(ObjectSource::new(store.clone(), "a"));
    let error = missing
        .clone()
        .into_http(&http::Request::new(()))
        .await
        .unwrap_err();
    assert_eq!(status_of(&error), 404);
    assert!(
        error.to_string().starts_with("source InMemory/a: "),
        "{error}"
    );

    store.put(&path, "old".into()).await.unwrap();
    let old = missing
        .clone()
        .into_http(&http::Request::new(()))
        .await
        .unwrap();
    let tag = old.headers()["etag"].to_str().unwrap().to_owned();
    store.put(&path, "new and longer".into()).await.unwrap();
    // A program that holds the facts of the old one.
    let held = SourceFacts::new(3)
        .etag(&tag)
        .unwrap()
        .version(tag.trim_matches('"'));
    let response = missing
        .clone()
        .facts(held)
        .into_http(&http::Request::new(()))
        .await;
    assert_eq!(response.unwrap_err().kind(), SourceErrorKind::Changed);
    let request = http::Request::get("/")
        .header("range", "bytes=0-2")
        .header("if-range", tag);
    let answer = missing.into_http(&request.body(()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-length"], "14");
}
