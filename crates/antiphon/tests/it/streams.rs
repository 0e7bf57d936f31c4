//! Streams: what goes out together, what fails when, and who is let go.

use crate::files::Folder;
use crate::support::{Answer, Log, TRIES, Then, ask, exchange, peer, scope, start};
use antiphon::asgi::{self, Message, Receive, SendError};
use antiphon::{StreamError, StreamingResponse};
use async_stream::stream;
use bytes::Bytes;
use futures_util::stream as streams;
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

const PATIENCE: Duration = Duration::from_secs(10);

/// The bodies that a response is sent as, the last one empty, after a head.
async fn bodies(response: StreamingResponse) -> Vec<Bytes> {
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let call = response.call(scope("GET"), Receive::default(), send);
    tokio::time::timeout(PATIENCE, call).await.unwrap().unwrap();
    assert!(matches!(
        messages.recv().await,
        Some(Message::Start { status: 200, .. })
    ));
    let mut bodies = Vec::new();
    while let Some(message) = messages.recv().await {
        let Message::Body {
            body, more_body, ..
        } = message
        else {
            panic!("{message:?}")
        };
        assert_eq!(more_body, !body.is_empty());
        bodies.push(body);
    }
    assert_eq!(bodies.pop().unwrap(), "");
    bodies
}

/// Something that tells when it is dropped.
struct Held(Arc<Notify>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

async fn soon(dropped: &Notify) {
    tokio::time::timeout(PATIENCE, dropped.notified())
        .await
        .expect("it was not dropped");
}

fn failing(before: &'static [&'static str]) -> StreamingResponse {
    let items = before.iter().copied().map(Ok);
    let error = io::Error::new(io::ErrorKind::PermissionDenied, "not for you");
    StreamingResponse::new(streams::iter(items.chain([Err(error)])))
}

#[tokio::test]
async fn chunks_that_are_ready_together_go_out_together() {
    // A thread that is held up while it gathers sends what it has, so there are several tries.
    for _ in 0..TRIES {
        let response = StreamingResponse::new(streams::iter(["a", "", "b", "c"]));
        if bodies(response).await == ["abc"] {
            return;
        }
    }
    panic!("they never went out together");
}

#[tokio::test]
async fn each_chunk_goes_out_alone_if_they_are_not_merged() {
    let items = ["a", "", "b", "c"];
    for response in [
        StreamingResponse::new(streams::iter(items)),
        StreamingResponse::from_iterator(items),
    ] {
        assert_eq!(bodies(response.merge_chunks(false)).await, ["a", "b", "c"]);
    }
}

#[tokio::test]
async fn a_chunk_that_is_ready_alone_goes_out_at_once_and_is_not_copied() {
    let chunk = Bytes::from(vec![b'x'; 100]);
    let address = chunk.as_ptr();
    let response = StreamingResponse::new(stream! {
        yield chunk;
        tokio::task::yield_now().await;
        yield Bytes::from_static(b"y");
    });
    let sent = bodies(response).await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].as_ptr(), address);
}

#[tokio::test]
async fn what_goes_together_has_a_bound_and_large_chunks_are_not_copied() {
    let small = vec![Bytes::from(vec![b's'; 1000]); 200];
    let sent = bodies(StreamingResponse::new(streams::iter(small))).await;
    assert!(sent.len() > 1);
    assert!(sent.iter().all(|chunk| chunk.len() < (64 << 10) + 1000));
    assert_eq!(sent.iter().map(Bytes::len).sum::<usize>(), 200_000);

    let large = Bytes::from(vec![b'l'; 10_000]);
    let items = [Bytes::from("a"), large.clone(), Bytes::from("b")];
    let sent = bodies(StreamingResponse::new(streams::iter(items))).await;
    assert_eq!(sent.concat(), [b"a", &*large, b"b"].concat());
    let whole = StreamingResponse::new(streams::iter([large.clone(), large.clone()]));
    assert_eq!(bodies(whole).await[0].as_ptr(), large.as_ptr());
}

#[tokio::test]
async fn a_large_chunk_is_not_copied_whatever_is_ready_beside_it() {
    let large = Bytes::from(vec![b'l'; 60 << 10]);
    let items = [
        "a".into(),
        large.clone(),
        "b".into(),
        large.clone(),
        "c".into(),
    ];
    for response in [
        StreamingResponse::new(streams::iter(items.clone())),
        StreamingResponse::from_iterator(items),
    ] {
        let sent = bodies(response).await;
        assert_eq!(sent.concat().len(), 3 + 2 * large.len());
        let same = |chunk: &&Bytes| chunk.as_ptr() == large.as_ptr();
        assert_eq!(sent.iter().filter(same).count(), 2);
    }
}

#[tokio::test]
async fn an_empty_stream_is_an_empty_response() {
    let none = streams::iter([""; 10_000]);
    assert!(bodies(StreamingResponse::new(none)).await.is_empty());
    let server = start(|scope, receive, send| {
        StreamingResponse::new(streams::empty::<Bytes>()).call(scope, receive, send)
    })
    .await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b""[..]));
}

#[tokio::test]
async fn the_head_goes_out_when_the_stream_first_has_to_wait() {
    let (go, mut gone) = mpsc::channel::<()>(1);
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let response = StreamingResponse::new(stream! {
        gone.recv().await;
        yield "at last";
    });
    let call = tokio::spawn(response.call(scope("GET"), Receive::default(), send));
    assert!(matches!(messages.recv().await, Some(Message::Start { .. })));
    tokio::task::yield_now().await;
    assert!(messages.try_recv().is_err());
    go.send(()).await.unwrap();
    assert!(matches!(messages.recv().await, Some(Message::Body { body, .. }) if body == "at last"));
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_error_before_the_first_chunk_is_the_applications() {
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let error = failing(&[])
        .call(scope("GET"), Receive::default(), send)
        .await
        .unwrap_err();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().kind(),
        io::ErrorKind::PermissionDenied
    );
    assert!(messages.recv().await.is_none());

    let error = failing(&[]).into_http(&http::Request::new(())).await;
    assert_eq!(error.unwrap_err().to_string(), "not for you");

    let (log, _guard) = Log::capture();
    let server = start(|scope, receive, send| failing(&[]).call(scope, receive, send)).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 500);
    assert_eq!(log.text().matches("not for you").count(), 1);
}

#[tokio::test]
async fn an_error_after_the_first_chunk_cuts_the_connection_and_is_logged_once() {
    let (log, _guard) = Log::capture();
    let server = start(|scope: asgi::Scope, receive, send| {
        let response = failing(&["12345"]);
        async move {
            if scope.path() == "/" {
                response.call(scope, receive, send).await
            } else {
                panicking().call(scope, receive, send).await
            }
        }
    })
    .await;
    let cut = exchange(server.address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let cut = Answer::parse(&cut).unwrap();
    assert_eq!(cut.status, 200);
    assert_eq!(cut.body, b"5\r\n12345\r\n");
    let log = log.text();
    assert_eq!(log.matches("not for you").count(), 1, "{log}");
    assert!(log.contains("failed after 5 bytes"), "{log}");

    let cut = exchange(server.address, b"GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(Answer::parse(&cut).unwrap().body, b"2\r\n12\r\n");
}

fn panicking() -> StreamingResponse {
    StreamingResponse::new(stream! {
        yield "12";
        tokio::task::yield_now().await;
        if true {
            panic!("on purpose");
        }
    })
}

#[tokio::test]
async fn through_another_server_too_an_error_is_no_clean_end() {
    let (log, _guard) = Log::capture();
    let http = failing(&["12"]).into_http(&http::Request::new(())).await;
    let mut body = http.unwrap().into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "12"
    );
    let error = body.frame().await.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.downcast_ref::<StreamError>().unwrap().sent(), 2);
    assert_eq!(log.text().matches("not for you").count(), 1);
}

#[tokio::test]
async fn head_and_statuses_without_content_never_poll_the_stream() {
    async fn app(scope: asgi::Scope, receive: Receive, send: asgi::Send) -> asgi::Result {
        let polled = streams::poll_fn(|_| -> std::task::Poll<Option<Bytes>> { panic!("polled") });
        let code = scope.path()[1..].parse()?;
        StreamingResponse::new(polled)
            .status_code(code)
            .media_type("text/csv")?
            .call(scope, receive, send)
            .await
    }
    let server = start(app).await;
    let answer = ask(server.address, "HEAD", "/200").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b""[..]));
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    for code in [204, 304] {
        assert_eq!(
            ask(server.address, "GET", &format!("/{code}")).await.status,
            code
        );
    }
    assert_eq!(ask(server.address, "GET", "/200").await.status, 500);
}

#[tokio::test]
async fn a_client_that_goes_away_drops_the_stream() {
    let dropped = Arc::new(Notify::new());
    let held = Arc::clone(&dropped);
    let server = start(move |scope, receive, send| {
        let held = Held(Arc::clone(&held));
        StreamingResponse::new(stream! {
            let _held = held;
            yield "first";
            std::future::pending::<()>().await;
        })
        .call(scope, receive, send)
    })
    .await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 4096];
    assert!(client.read(&mut first).await.unwrap() > 0);
    drop(client);
    soon(&dropped).await;
}

#[tokio::test]
async fn a_stream_holds_to_the_length_that_was_announced() {
    let app = |scope: asgi::Scope, receive: Receive, send: asgi::Send| async move {
        let chunks = streams::iter(["abc", "de"]);
        StreamingResponse::new(chunks)
            .header("content-length", &scope.path()[1..])?
            .call(scope, receive, send)
            .await
    };
    let (log, _guard) = Log::capture();
    let server = start(app).await;
    let exact = ask(server.address, "GET", "/5").await;
    assert_eq!(exact.header("content-length"), Some("5"));
    assert_eq!(exact.header("transfer-encoding"), None);
    assert_eq!(exact.body, b"abcde");
    for (path, reason) in [
        ("/4", "it has more than the `content-length` says"),
        ("/7", "the `content-length` says 2 more"),
    ] {
        let wrong = ask(server.address, "GET", path).await;
        let is_short = wrong.body.len() < path[1..].parse().unwrap();
        assert!(wrong.status == 500 || is_short);
        assert!(log.text().contains(reason), "{}", log.text());
    }
}

#[tokio::test]
async fn http_1_0_gets_the_content_until_the_connection_ends() {
    let server = start(|scope, receive, send| {
        StreamingResponse::new(streams::iter(["abc"])).call(scope, receive, send)
    })
    .await;
    let answer = exchange(server.address, b"GET / HTTP/1.0\r\nhost: a\r\n\r\n").await;
    let answer = Answer::parse(&answer).unwrap();
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(answer.body, b"abc");
}

#[tokio::test]
async fn a_websocket_handshake_is_denied_by_a_stream_too() {
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    StreamingResponse::new(streams::iter(["no"]))
        .call(scope("GET").websocket(), Receive::default(), send)
        .await
        .unwrap();
    let mut types = Vec::new();
    while let Some(message) = messages.recv().await {
        types.push(message.type_name());
    }
    assert_eq!(
        types,
        [
            "websocket.http.response.start",
            "websocket.http.response.body",
            "websocket.http.response.body"
        ]
    );
}

#[tokio::test]
async fn the_background_task_runs_after_the_end_and_only_then() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = |response: StreamingResponse| {
        let ran = Arc::clone(&ran);
        response.background(move || {
            let ran = Arc::clone(&ran);
            async move {
                ran.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    bodies(count(StreamingResponse::new(streams::iter(["a"])))).await;
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    let (send, _messages) = peer(usize::MAX, Then::Fails);
    let failed = count(failing(&["a"])).call(scope("GET"), Receive::default(), send);
    assert!(failed.await.is_err());
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_never_waits_lets_others_run() {
    let (send, _messages) = peer(usize::MAX, Then::Fails);
    let endless = StreamingResponse::new(streams::repeat(Bytes::from_static(b"x")));
    let call = endless.call(scope("GET"), Receive::default(), send);
    let timed_out = tokio::time::timeout(Duration::from_millis(20), call).await;
    assert!(timed_out.is_err());
}

#[tokio::test]
async fn an_iterator_arrives_in_order() {
    let lines = || (0..10_000).map(|number| format!("{number}\n"));
    let expected: String = lines().collect();
    let sent = bodies(StreamingResponse::from_iterator(lines())).await;
    assert_eq!(sent.concat(), expected.as_bytes());

    let server = start(move |scope, receive, send| {
        StreamingResponse::from_iterator(lines()).call(scope, receive, send)
    })
    .await;
    let request = b"GET / HTTP/1.0\r\nhost: a\r\n\r\n";
    let answer = exchange(server.address, request).await;
    assert_eq!(Answer::parse(&answer).unwrap().body, expected.as_bytes());
}

#[tokio::test]
async fn what_an_iterator_has_made_arrives_before_it_makes_more() {
    let (go, gone) = std::sync::mpsc::channel();
    let items = ["a", "b", "c"].into_iter().inspect(move |item| {
        if *item != "a" {
            gone.recv_timeout(PATIENCE).unwrap();
        }
    });
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let response = StreamingResponse::from_iterator(items);
    let call = tokio::spawn(response.call(scope("GET"), Receive::default(), send));
    assert!(matches!(messages.recv().await, Some(Message::Start { .. })));
    for item in ["a", "b", "c"] {
        match messages.recv().await {
            Some(Message::Body { body, .. }) => assert_eq!(body, item),
            other => panic!("{other:?}"),
        }
        // The iterator waits for this before it makes another. After the last it may be gone.
        let _ = go.send(());
    }
    call.await.unwrap().unwrap();
}

/// Waits until an iterator stands still, by how many items were taken of it.
async fn stands_still(taken: &AtomicUsize) -> usize {
    let mut last = usize::MAX;
    while last != taken.load(Ordering::SeqCst) {
        last = taken.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    last
}

#[tokio::test]
async fn a_slow_client_stops_the_iterator() {
    for (length, ahead) in [(1, 16), (32 << 10, 2)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let endless = std::iter::repeat_with(move || {
            count.fetch_add(1, Ordering::SeqCst);
            vec![b'x'; length]
        });
        let (send, mut messages) = peer(1, Then::Stalls);
        let response = StreamingResponse::from_iterator(endless);
        let call = tokio::spawn(response.call(scope("GET"), Receive::default(), send));
        assert!(messages.recv().await.is_some());
        let last = stands_still(&taken).await;
        // A chunk that is being sent, what was taken with it, and a full queue.
        assert!((ahead..=3 * ahead).contains(&last), "{last} of {ahead}");
        call.abort();
    }
}

#[tokio::test]
async fn an_iterator_runs_further_ahead_of_a_client_that_keeps_up_but_not_without_bound() {
    // By how many bytes of content, and by how many pieces, of which the smallest hold most memory.
    for (length, least, most) in [(1, 2000, 6000), (8 << 10, 8, 32)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let endless = std::iter::repeat_with(move || {
            count.fetch_add(1, Ordering::SeqCst);
            vec![b'x'; length]
        });
        let (sent, stalled) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (total, stalls, mut messages) = (Arc::clone(&sent), Arc::clone(&stalled), 0);
        let send = asgi::Send::from_fn(move |message| {
            messages += 1;
            let is_taken = messages <= 20;
            match message {
                Message::Body { body, .. } if is_taken => {
                    total.fetch_add(body.len(), Ordering::SeqCst);
                }
                _ if is_taken => {}
                _ => stalls.notify_one(),
            }
            async move {
                if !is_taken {
                    std::future::pending::<()>().await;
                }
                // The queue is full by then.
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(())
            }
        });
        let response = StreamingResponse::from_iterator(endless);
        let call = tokio::spawn(response.call(scope("GET"), Receive::default(), send));
        stalled.notified().await;
        let taken = stands_still(&taken).await;
        let ahead = taken - sent.load(Ordering::SeqCst) / length;
        // A message that is being sent, and a full queue.
        assert!((least..=most).contains(&ahead), "{ahead} of {length} bytes");
        call.abort();
    }
}

#[tokio::test]
async fn slow_iterators_hold_up_neither_files_nor_each_other() {
    let folder = Folder::new();
    let file = folder.file(100_000);
    // More than the runtime has threads for blocking work.
    let many = 600;
    let slow = || {
        std::iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(20));
            "x"
        })
        .take(10)
    };
    let calls: Vec<_> = (0..many)
        .map(|_| {
            let (send, messages) = peer(usize::MAX, Then::Takes);
            let response = StreamingResponse::from_iterator(slow());
            let call = response.call(scope("GET"), Receive::default(), send);
            (tokio::spawn(call), messages)
        })
        .collect();
    // What the runtime's own threads do is done meanwhile.
    for _ in 0..10 {
        let file = antiphon::FileResponse::new(&file);
        let http = file.into_http(&http::Request::new(())).await.unwrap();
        let read = http.into_body().collect();
        let read = tokio::time::timeout(Duration::from_secs(1), read).await;
        assert_eq!(read.unwrap().unwrap().to_bytes().len(), 100_000);
        tokio::time::timeout(Duration::from_secs(1), tokio::task::spawn_blocking(|| ()))
            .await
            .unwrap()
            .unwrap();
    }
    for (call, mut messages) in calls {
        tokio::time::timeout(PATIENCE, call)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let mut length = 0;
        while let Ok(message) = messages.try_recv() {
            if let Message::Body { body, .. } = message {
                length += body.len();
            }
        }
        assert_eq!(length, 10);
    }
}

#[test]
fn an_iterator_that_never_returns_does_not_hold_up_the_runtimes_end() {
    let (sender, lines) = std::sync::mpsc::channel::<&str>();
    let begun = std::time::Instant::now();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let response = StreamingResponse::from_iterator(lines);
        let http = response.into_http(&http::Request::new(())).await.unwrap();
        let mut body = http.into_body();
        let next = tokio::time::timeout(Duration::from_millis(50), body.frame()).await;
        assert!(next.is_err());
    });
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(sender);
}

#[tokio::test]
async fn an_iterator_finds_the_runtime_that_it_was_started_from() {
    let handle = tokio::runtime::Handle::current().id();
    let found = std::iter::once_with(move || {
        assert_eq!(tokio::runtime::Handle::current().id(), handle);
        "x"
    });
    let http = StreamingResponse::from_iterator(found).into_http(&http::Request::new(()));
    let body = http.await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "x");
}

/// An iterator that tells on which thread it is dropped.
struct Traced {
    items: usize,
    dropped_on: Arc<std::sync::Mutex<Option<String>>>,
    dropped: Arc<Notify>,
}

impl Iterator for Traced {
    type Item = &'static str;

    fn next(&mut self) -> Option<&'static str> {
        self.items = self.items.checked_sub(1)?;
        Some("x")
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        *self.dropped_on.lock().unwrap() = thread::current().name().map(str::to_owned);
        self.dropped.notify_one();
    }
}

#[tokio::test]
async fn an_iterator_is_dropped_on_a_thread_that_may_block() {
    for (items, limit) in [(3, usize::MAX), (1000, 1), (0, usize::MAX)] {
        let dropped_on = Arc::new(std::sync::Mutex::new(None));
        let dropped = Arc::new(Notify::new());
        let traced = Traced {
            items,
            dropped_on: Arc::clone(&dropped_on),
            dropped: Arc::clone(&dropped),
        };
        let (send, _messages) = peer(limit, Then::Fails);
        let response = StreamingResponse::from_iterator(traced);
        let _ = response.call(scope("GET"), Receive::default(), send).await;
        soon(&dropped).await;
        assert_eq!(
            dropped_on.lock().unwrap().as_deref(),
            Some("antiphon-iterator")
        );
    }
}

#[tokio::test]
async fn an_iterator_that_fails_or_panics_cuts_the_response() {
    let (log, _guard) = Log::capture();
    let server = start(|scope: asgi::Scope, receive, send| {
        let panics = scope.path() == "/panic";
        let items = (0..3).map(move |number| match number {
            2 if panics => panic!("on purpose"),
            2 => Err(io::Error::other("the disk is gone")),
            _ => Ok("12"),
        });
        StreamingResponse::from_iterator(items).call(scope, receive, send)
    })
    .await;
    for (path, reason) in [("/", "the disk is gone"), ("/panic", "panic: on purpose")] {
        let answer = ask(server.address, "GET", path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.ends_with(b"0\r\n\r\n"));
        assert_eq!(log.text().matches(reason).count(), 1, "{}", log.text());
    }
}

#[tokio::test]
async fn a_reader_is_read_to_its_end() {
    let content: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    let sent = bodies(StreamingResponse::from_reader(io::Cursor::new(
        content.clone(),
    )))
    .await;
    assert_eq!(sent.concat(), content);

    /// Gives a few bytes at a time, is interrupted, and breaks.
    struct Flaky(usize);

    impl Read for Flaky {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                2 => Err(io::ErrorKind::Interrupted.into()),
                5 => Err(io::Error::other("broken")),
                _ => {
                    buffer[..3].copy_from_slice(b"abc");
                    Ok(3)
                }
            }
        }
    }
    let (send, mut messages) = peer(usize::MAX, Then::Fails);
    let response = StreamingResponse::from_reader(Flaky(0));
    let error = response
        .call(scope("GET"), Receive::default(), send)
        .await
        .unwrap_err();
    assert_eq!(error.downcast_ref::<StreamError>().unwrap().sent(), 9);
    let mut sent = Vec::new();
    while let Some(message) = messages.recv().await {
        if let Message::Body { body, .. } = message {
            sent.extend_from_slice(&body);
        }
    }
    assert_eq!(sent, b"abcabcabc");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up_after_the_timeout() {
    let (send, _messages) = peer(2, Then::Stalls);
    let started = tokio::time::Instant::now();
    let error = StreamingResponse::new(streams::repeat("x"))
        .send_timeout(Duration::from_secs(7))
        .call(scope("GET"), Receive::default(), send)
        .await
        .unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&SendError::TimedOut));
    assert_eq!(started.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn an_application_may_do_other_things_while_its_stream_runs() {
    let (sender, mut beats) = mpsc::channel(1);
    let (log, _guard) = Log::capture();
    let server = start(move |scope: asgi::Scope, receive, send| {
        let sender = sender.clone();
        async move {
            let gives_up = scope.path() == "/gives-up";
            let response = StreamingResponse::new(stream! {
                yield "first";
                std::future::pending::<()>().await;
            });
            let beat = async {
                for _ in 0..3 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    sender.send(()).await?;
                }
                if gives_up {
                    return asgi::Result::Ok(());
                }
                std::future::pending().await
            };
            tokio::select! {
                sent = response.call(scope, receive, send) => sent,
                over = beat => over,
            }
        }
    })
    .await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    for _ in 0..3 {
        beats.recv().await.unwrap();
    }
    drop(client);
    let asked = tokio::spawn(async move { ask(server.address, "GET", "/gives-up").await });
    for _ in 0..3 {
        beats.recv().await.unwrap();
    }
    assert_eq!(asked.await.unwrap().body, b"5\r\nfirst\r\n");
    assert!(log.text().contains("returned before the end"));
}

/// A server whose stream never ends, and who tells when the stream is dropped.
async fn endless(dropped: &Arc<Notify>) -> crate::support::Running {
    let dropped = Arc::clone(dropped);
    start(move |scope, receive, send| {
        let held = Held(Arc::clone(&dropped));
        let chunks = streams::repeat_with(move || {
            let _held = &held;
            vec![b'x'; 10_000]
        });
        StreamingResponse::new(chunks)
            .send_timeout(Duration::from_millis(300))
            .call(scope, receive, send)
    })
    .await
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up_and_one_that_reads_slowly_is_not() {
    let dropped = Arc::new(Notify::new());
    let server = endless(&dropped).await;
    let mut stalled = TcpStream::connect(server.address).await.unwrap();
    stalled
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    soon(&dropped).await;

    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = vec![0; 4 << 20];
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(slow.read(&mut buffer).await.unwrap() > 0);
    }
    let alive = tokio::time::timeout(Duration::from_millis(1), dropped.notified());
    assert!(alive.await.is_err());
    drop(slow);
    soon(&dropped).await;
}

#[tokio::test]
async fn one_request_of_many_on_a_connection_is_given_up() {
    let dropped = Arc::new(Notify::new());
    let server = endless(&dropped).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut client, connection) = hyper::client::conn::http2::Builder::new(executor)
        .handshake(hyper_util::rt::TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let url = format!("http://{}/", server.address);
    let request = || {
        http::Request::get(&url)
            .body(http_body_util::Empty::<Bytes>::new())
            .unwrap()
    };
    let stalled = client.send_request(request()).await.unwrap();
    soon(&dropped).await;
    let mut next = client.send_request(request()).await.unwrap().into_body();
    assert!(next.frame().await.unwrap().is_ok());
    drop((stalled, next));
    soon(&dropped).await;
}

#[tokio::test]
async fn axum_handlers_return_streams() {
    use axum::routing::get;
    let polled = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&polled);
    let app = axum::Router::new()
        .route(
            "/",
            get(move || async move {
                let seen = Arc::clone(&seen);
                StreamingResponse::new(stream! {
                    seen.store(true, Ordering::SeqCst);
                    yield "12";
                    tokio::task::yield_now().await;
                    yield "34";
                })
            }),
        )
        .route(
            "/failing",
            get(|request: axum::extract::Request| async move {
                let response = failing(&[]).into_http(&request).await;
                response.map_err(|_| http::StatusCode::FORBIDDEN)
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    assert_eq!(ask(address, "HEAD", "/").await.status, 200);
    assert!(!polled.load(Ordering::SeqCst));
    let answer = ask(address, "GET", "/").await;
    assert_eq!(answer.body, b"2\r\n12\r\n2\r\n34\r\n0\r\n\r\n");
    assert_eq!(ask(address, "GET", "/failing").await.status, 403);
    server.abort();
}

#[tokio::test]
async fn tower_services_answer_with_streams() {
    use tower::ServiceExt;
    let service = tower::service_fn(|request: http::Request<()>| async move {
        let response = StreamingResponse::from_iterator(["a", "b"]);
        response.into_http(&request).await
    });
    let response = service.oneshot(http::Request::new(())).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ab");
}

#[tokio::test]
async fn items_may_be_any_bytes_or_text_or_results_of_them() {
    let responses = [
        StreamingResponse::new(streams::iter([Bytes::from("x")])),
        StreamingResponse::new(streams::iter([b"x".to_vec()])),
        StreamingResponse::new(streams::iter([String::from("x")])),
        StreamingResponse::new(streams::iter([*b"x"])),
        StreamingResponse::new(streams::iter([std::borrow::Cow::Borrowed("x")])),
        StreamingResponse::new(streams::iter([Ok::<_, Infallible>("x")])),
        StreamingResponse::from_iterator([Ok::<_, String>("x")]),
    ];
    for response in responses {
        assert_eq!(bodies(response).await, ["x"]);
    }
}
