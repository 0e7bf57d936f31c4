//! What a program is told of how a response ended.

use crate::files::Folder;
use crate::support::{Log, ask, scope, start, start_with};
use antiphon::asgi::{self, App, Receive, SendError};
use antiphon::{
    EndReason, EventSourceResponse, FileResponse, JsonLinesResponse, Offload, Outcome,
    ServerSentEvent, Shutdown, StreamingResponse,
};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body_util::BodyExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is told, and what tells it.
fn told() -> (
    impl Fn(Outcome) + Send + Sync + Clone + 'static,
    Receiver<Outcome>,
) {
    let (sender, outcomes) = channel();
    let tell = move |outcome| sender.send(outcome).unwrap();
    (tell, outcomes)
}

/// The only one that was told.
fn only(outcomes: &Receiver<Outcome>) -> (EndReason, Option<u16>, Option<u64>) {
    let outcome = outcomes.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(outcomes.try_recv().is_err(), "it was told twice");
    let status = outcome.status.map(|status| status.as_u16());
    (outcome.reason, status, outcome.bytes_sent)
}

fn get() -> http::Request<()> {
    http::Request::new(())
}

fn endless() -> StreamingResponse {
    StreamingResponse::new(stream::repeat("0123456789").then(|chunk| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        chunk
    }))
}

fn failing() -> StreamingResponse {
    let items = stream::iter([Ok("0123456789"), Err(std::io::Error::other("broken"))]);
    StreamingResponse::new(items.then(|item| async {
        tokio::task::yield_now().await;
        item
    }))
}

async fn messages(response: impl App, scope: asgi::Scope) -> asgi::Result {
    let send = asgi::Send::from_fn(|_| async { Ok(()) });
    response.call(scope, Receive::default(), send).await
}

#[tokio::test]
async fn every_door_tells_of_what_is_complete() {
    let folder = Folder::new();
    let path = folder.file(300_000);
    let cases: [(&str, http::request::Builder, u16, u64); 6] = [
        ("GET", http::Request::get("/"), 200, 300_000),
        ("HEAD", http::Request::head("/"), 200, 0),
        (
            "GET",
            http::Request::get("/").header("range", "bytes=2-4"),
            206,
            3,
        ),
        (
            "GET",
            http::Request::get("/").header("if-none-match", "*"),
            304,
            0,
        ),
        (
            "GET",
            http::Request::get("/").header("if-match", "\"x\""),
            412,
            0,
        ),
        (
            "GET",
            http::Request::get("/").header("range", "bytes=999999-"),
            416,
            0,
        ),
    ];
    for (_, request, status, length) in cases {
        let request = request.body(()).unwrap();
        let (tell, outcomes) = told();
        let file = FileResponse::new(&path).on_complete(tell);
        let answer = file.clone().into_http(&request).await.unwrap();
        answer.into_body().collect().await.unwrap();
        let expected = (EndReason::Complete, Some(status), Some(length));
        assert_eq!(only(&outcomes), expected);
        let scope = asgi::Scope::from(request.into_parts().0);
        messages(file.clone(), scope).await.unwrap();
        assert_eq!(only(&outcomes), expected);
    }
    let (tell, outcomes) = told();
    let server = start(FileResponse::new(&path).on_complete(tell)).await;
    assert_eq!(ask(server.address, "GET", "/").await.body.len(), 300_000);
    assert_eq!(
        only(&outcomes),
        (EndReason::Complete, Some(200), Some(300_000))
    );
}

#[tokio::test]
async fn streams_tell_of_what_is_complete() {
    type Make = Box<dyn Fn() -> StreamingResponse>;
    let makes: [Make; 2] = [
        Box::new(|| StreamingResponse::new(stream::iter(["01234", "56789"]))),
        Box::new(|| StreamingResponse::from_iterator(["01234", "56789"])),
    ];
    for make in makes {
        let expected = (EndReason::Complete, Some(201), Some(10));
        let (tell, outcomes) = told();
        let made = || {
            make()
                .status_code(StatusCode::CREATED)
                .on_complete(tell.clone())
        };
        let answer = made().into_http(&get()).await.unwrap();
        answer.into_body().collect().await.unwrap();
        assert_eq!(only(&outcomes), expected);
        messages(made(), scope("GET")).await.unwrap();
        assert_eq!(only(&outcomes), expected);
        messages(made(), scope("HEAD")).await.unwrap();
        assert_eq!(only(&outcomes), (EndReason::Complete, Some(201), Some(0)));
        let server = start(made()).await;
        assert_eq!(ask(server.address, "GET", "/").await.status, 201);
        assert_eq!(only(&outcomes), expected);
    }
    let (tell, outcomes) = told();
    let lines = JsonLinesResponse::from_iterator([1, 2]).on_complete(tell.clone());
    messages(lines, scope("GET")).await.unwrap();
    assert_eq!(only(&outcomes), (EndReason::Complete, Some(200), Some(4)));
    let events = EventSourceResponse::from_iterator([ServerSentEvent::new("x")]).on_complete(tell);
    messages(events, scope("GET")).await.unwrap();
    let (reason, status, bytes) = only(&outcomes);
    assert_eq!((reason, status), (EndReason::Complete, Some(200)));
    assert!(bytes > Some(0));
}

#[tokio::test]
async fn what_others_send_is_not_counted() {
    let folder = Folder::new();
    let (tell, outcomes) = told();
    let file = FileResponse::new(folder.file(1000)).on_complete(tell);
    messages(file.clone(), scope("GET").offering_pathsend())
        .await
        .unwrap();
    assert_eq!(only(&outcomes), (EndReason::Complete, Some(200), None));
    let offloaded = file.clone().offload(Offload::x_sendfile());
    messages(offloaded, scope("GET")).await.unwrap();
    assert_eq!(only(&outcomes), (EndReason::Complete, Some(200), Some(0)));
    messages(file.delete_after(), scope("GET").offering_pathsend())
        .await
        .unwrap();
    assert_eq!(
        only(&outcomes),
        (EndReason::Complete, Some(200), Some(1000))
    );
}

#[tokio::test]
async fn what_fails_before_the_head_says_why() {
    let folder = Folder::new();
    let (tell, outcomes) = told();
    let missing = FileResponse::new(folder.0.join("missing")).on_complete(tell.clone());
    missing.clone().into_http(&get()).await.unwrap_err();
    let (reason, status, bytes) = only(&outcomes);
    assert!(matches!(&reason, EndReason::Failed(text) if text.contains("does not exist")));
    assert_eq!((status, bytes), (None, Some(0)));
    let server = start(missing).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 404);
    assert!(matches!(only(&outcomes).0, EndReason::Failed(_)));

    let at_once = || {
        let items = [Err::<&str, _>(std::io::Error::other("broken"))];
        StreamingResponse::new(stream::iter(items)).on_complete(tell.clone())
    };
    at_once().into_http(&get()).await.unwrap_err();
    assert_eq!(
        only(&outcomes),
        (EndReason::Failed("broken".into()), None, Some(0))
    );
    messages(at_once(), scope("GET")).await.unwrap_err();
    assert_eq!(
        only(&outcomes),
        (EndReason::Failed("broken".into()), None, Some(0))
    );

    let invalid = StreamingResponse::from_iterator(["a"]).header("transfer-encoding", "chunked");
    let invalid = invalid.unwrap().on_complete(tell);
    invalid.into_http(&get()).await.unwrap_err();
    assert!(matches!(only(&outcomes).0, EndReason::Failed(_)));
}

#[tokio::test]
async fn what_fails_amid_the_content_says_how_far_it_came() {
    let (_log, _guard) = Log::capture();
    let (tell, outcomes) = told();
    let fails = |(reason, status, bytes)| {
        assert!(
            matches!(&reason, EndReason::Failed(text) if text.contains("broken")),
            "{reason:?}"
        );
        assert_eq!((status, bytes), (Some(200), Some(10)));
    };
    let answer = failing()
        .on_complete(tell.clone())
        .into_http(&get())
        .await
        .unwrap();
    answer.into_body().collect().await.unwrap_err();
    fails(only(&outcomes));
    messages(failing().on_complete(tell.clone()), scope("GET"))
        .await
        .unwrap_err();
    fails(only(&outcomes));
    let server = start(failing().on_complete(tell)).await;
    ask(server.address, "GET", "/").await;
    fails(only(&outcomes));
}

#[tokio::test]
async fn a_send_that_fails_says_whose_fault_it_is() {
    let folder = Folder::new();
    let path = folder.file(300_000);
    for (error, expected) in [
        (SendError::Disconnected, EndReason::Disconnected),
        (
            SendError::TimedOut,
            EndReason::Failed(SendError::TimedOut.to_string()),
        ),
    ] {
        for (at, status) in [(0, None), (1, Some(200)), (2, Some(200))] {
            let (tell, outcomes) = told();
            let failing_send = || {
                let mut sent = 0;
                asgi::Send::from_fn(move |_| {
                    sent += 1;
                    let result = if sent > at { Err(error.into()) } else { Ok(()) };
                    async { result }
                })
            };
            let file = FileResponse::new(&path).on_complete(tell.clone());
            let call = file.call(scope("GET"), Receive::default(), failing_send());
            call.await.unwrap_err();
            let (reason, found, _) = only(&outcomes);
            assert_eq!((reason, found), (expected.clone(), status));
            let stream = endless().on_complete(tell);
            let call = stream.call(scope("GET"), Receive::default(), failing_send());
            call.await.unwrap_err();
            let (reason, found, _) = only(&outcomes);
            assert_eq!((reason, found), (expected.clone(), status));
        }
    }
}

#[tokio::test]
async fn what_is_dropped_tells_that_the_client_left() {
    let folder = Folder::new();
    let (tell, outcomes) = told();
    let file = FileResponse::new(folder.file(300_000)).on_complete(tell.clone());
    let mut body = file.clone().into_http(&get()).await.unwrap().into_body();
    let first = body
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap()
        .len() as u64;
    drop(body);
    assert_eq!(
        only(&outcomes),
        (EndReason::Disconnected, Some(200), Some(first))
    );
    drop(
        endless()
            .on_complete(tell.clone())
            .into_http(&get())
            .await
            .unwrap(),
    );
    assert_eq!(
        only(&outcomes),
        (EndReason::Disconnected, Some(200), Some(0))
    );
    // A call that is given up, in the midst of a send.
    let stalling = asgi::Send::from_fn(|_| std::future::pending());
    let call = file
        .clone()
        .call(scope("GET"), Receive::default(), stalling);
    tokio::time::timeout(Duration::from_millis(50), call)
        .await
        .unwrap_err();
    assert_eq!(only(&outcomes), (EndReason::Disconnected, None, Some(0)));
    // What was never asked for tells nothing.
    drop(file);
    drop(endless().on_complete(tell));
    assert!(outcomes.try_recv().is_err());
}

/// Asks, reads the start of the answer, and goes.
async fn leave(address: std::net::SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    stream.read_exact(&mut [0; 200]).await.unwrap();
}

#[tokio::test]
async fn clients_that_leave_a_server_are_told_of() {
    let folder = Folder::new();
    let (tell, outcomes) = told();
    let file = FileResponse::new(folder.file(50_000_000)).on_complete(tell.clone());
    let server = start(file).await;
    leave(server.address).await;
    let (reason, status, bytes) = tokio::task::spawn_blocking(move || only(&outcomes))
        .await
        .unwrap();
    assert_eq!((reason, status), (EndReason::Disconnected, Some(200)));
    assert!(bytes < Some(50_000_000));
    let (tell, outcomes) = told();
    let server = start(endless().on_complete(tell)).await;
    leave(server.address).await;
    let (reason, status, bytes) = tokio::task::spawn_blocking(move || only(&outcomes))
        .await
        .unwrap();
    assert_eq!((reason, status), (EndReason::Disconnected, Some(200)));
    assert!(bytes > Some(0));
}

#[tokio::test]
async fn a_server_that_ends_is_told_of() {
    // Events end with their server.
    let (tell, outcomes) = told();
    let events = EventSourceResponse::new(stream::pending::<ServerSentEvent<'_>>())
        .on_complete(tell.clone());
    let server = start(events).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    client.read_exact(&mut [0; 100]).await.unwrap();
    server.stop.send(()).unwrap();
    let found = tokio::task::spawn_blocking(move || (only(&outcomes), outcomes));
    let ((reason, status, _), outcomes) = found.await.unwrap();
    assert_eq!((reason, status), (EndReason::ShutDown, Some(200)));
    // Other streams are dropped at its deadline.
    let within = |server: antiphon::Server| server.shutdown_deadline(Duration::from_millis(100));
    let server = start_with(endless().on_complete(tell), within).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    client.read_exact(&mut [0; 100]).await.unwrap();
    server.stop.send(()).unwrap();
    let found = tokio::task::spawn_blocking(move || only(&outcomes))
        .await
        .unwrap();
    assert_eq!((found.0, found.1), (EndReason::ShutDown, Some(200)));
}

#[tokio::test]
async fn events_of_another_shutdown_end_with_that() {
    let (tell, outcomes) = told();
    let shutdown = Shutdown::new();
    let events = EventSourceResponse::new(stream::pending::<ServerSentEvent<'_>>());
    let events = events.shutdown(&shutdown).on_complete(tell);
    let answer = events.into_http(&get()).await.unwrap();
    shutdown.begin();
    answer.into_body().collect().await.unwrap();
    assert_eq!(only(&outcomes).0, EndReason::ShutDown);
}

#[tokio::test]
async fn it_comes_before_the_background_task_and_may_panic() {
    let (log, _guard) = Log::capture();
    let (sender, order) = channel();
    let other = sender.clone();
    let stream = StreamingResponse::from_iterator(["a"])
        .on_complete(move |_| {
            sender.send("told").unwrap();
            panic!("on purpose");
        })
        .background(move || {
            other.send("task").unwrap();
            async {}
        });
    messages(stream, scope("GET")).await.unwrap();
    assert_eq!(order.iter().collect::<Vec<_>>(), ["told", "task"]);
    assert!(log.text().contains("an on_complete panicked"));
}
