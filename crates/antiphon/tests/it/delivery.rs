//! Scripted peers: they stall, fail, go away.

use crate::support::{Log, Then, exchange, peer, scope, start};
use antiphon::asgi::{self, Message, Receive, ScopeType, SendError};
use antiphon::{Headers, JsonResponse, PlainTextResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

fn counted(count: &Arc<AtomicUsize>) -> PlainTextResponse {
    let count = Arc::clone(count);
    PlainTextResponse::new("hi").background(move || {
        let count = Arc::clone(&count);
        async move {
            count.fetch_add(1, Ordering::SeqCst);
        }
    })
}

#[tokio::test]
async fn a_response_is_a_head_and_one_body_then_the_task() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (send, mut messages) = peer(2, Then::Fails);
    counted(&ran)
        .call(scope("GET"), Receive::default(), send)
        .await
        .unwrap();
    let Some(Message::Start {
        scope_type: ScopeType::Http,
        status: 200,
        headers,
    }) = messages.recv().await
    else {
        panic!()
    };
    assert_eq!(headers.get("content-length").unwrap(), "2");
    let Some(Message::Body {
        body,
        more_body: false,
        ..
    }) = messages.recv().await
    else {
        panic!()
    };
    assert_eq!(body, "hi");
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn head_gets_the_head_of_the_get_and_the_task_runs() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (send, mut messages) = peer(2, Then::Fails);
    counted(&ran)
        .call(scope("HEAD"), Receive::default(), send)
        .await
        .unwrap();
    let Some(Message::Start { headers, .. }) = messages.recv().await else {
        panic!()
    };
    assert_eq!(headers.get("content-length").unwrap(), "2");
    let Some(Message::Body {
        body,
        more_body: false,
        ..
    }) = messages.recv().await
    else {
        panic!()
    };
    assert!(body.is_empty());
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_websocket_handshake_is_denied() {
    let (send, mut messages) = peer(2, Then::Fails);
    let response = JsonResponse::new(&[1])
        .unwrap()
        .status_code(StatusCode::FORBIDDEN);
    response
        .call(scope("GET").websocket(), Receive::default(), send)
        .await
        .unwrap();
    assert_eq!(
        messages.recv().await.unwrap().type_name(),
        "websocket.http.response.start"
    );
    assert_eq!(
        messages.recv().await.unwrap().type_name(),
        "websocket.http.response.body"
    );
}

#[tokio::test]
async fn a_peer_that_is_gone_ends_the_response_and_the_task_does_not_run() {
    for limit in [0, 1] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (send, _messages) = peer(limit, Then::Fails);
        let error = counted(&ran)
            .call(scope("GET"), Receive::default(), send)
            .await
            .unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&SendError::Disconnected));
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_peer_that_stalls_holds_the_response_up_until_it_is_dropped() {
    for limit in [0, 1] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (send, _messages) = peer(limit, Then::Stalls);
        let mut call = Box::pin(counted(&ran).call(scope("GET"), Receive::default(), send));
        std::future::poll_fn(|context| {
            assert!(call.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(call);
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn the_task_runs_when_an_http_body_was_taken_and_not_before() {
    use http_body_util::BodyExt;
    let ran = Arc::new(AtomicUsize::new(0));
    let response = counted(&ran).into_http(&http::Request::new(())).unwrap();
    drop(response);
    tokio::task::yield_now().await;
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    let response = counted(&ran).into_http(&http::Request::new(())).unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "hi"
    );
    tokio::task::yield_now().await;
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    let head = http::Request::head("/").body(()).unwrap();
    drop(counted(&ran).into_http(&head).unwrap());
    tokio::task::yield_now().await;
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_background_task_does_not_hold_the_response_up() {
    let response = PlainTextResponse::new("sent").background(|| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let server = start(response).await;
    let answer = exchange(
        server.address,
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with(b"sent"));
}

fn start_message(headers: Headers) -> Message {
    Message::Start {
        scope_type: ScopeType::Http,
        status: 200,
        headers,
    }
}

fn body_message(body: &'static str, more_body: bool) -> Message {
    Message::Body {
        scope_type: ScopeType::Http,
        body: Bytes::from_static(body.as_bytes()),
        more_body,
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn pieces_arrive_as_they_are_sent() {
    let (more, next) = mpsc::unbounded_channel::<()>();
    let next = Arc::new(tokio::sync::Mutex::new(next));
    let server = start(move |_, _, mut send: asgi::Send| {
        let next = Arc::clone(&next);
        async move {
            send.send(start_message(Headers::new())).await?;
            send.send(body_message("one ", true)).await?;
            next.lock().await.recv().await;
            send.send(body_message("two ", true)).await?;
            send.send(body_message("three", false)).await
        }
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"one \r\n") {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{bytes:?}");
    }
    more.send(()).unwrap();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"),
        "{text}"
    );
}

/// How an application may fail, whether its head was out by then, and what is logged.
#[tokio::test]
async fn an_app_that_does_not_answer_gets_500_or_is_cut() {
    for (way, log_holds) in [
        ("nothing", "returned without a response"),
        ("head only", "before the end of its response"),
        ("error", "the reason"),
        ("error after head", "the reason"),
        ("error after content", "the reason"),
        ("panic after content", "panic: the reason"),
        ("stops after content", "before the end of its response"),
        ("content first", "expected http.response.start"),
        ("head twice", "http.response.start again"),
        ("status", "expected a status code from 200 to 999"),
    ] {
        let (log, _guard) = Log::capture();
        let server = start(move |_, _, send| misbehave(way, send)).await;
        let answer = exchange(server.address, GET).await;
        let text = String::from_utf8(answer).unwrap();
        if way.contains("after content") {
            assert!(text.starts_with("HTTP/1.1 200"), "{way}: {text}");
            assert!(
                text.contains("first") && !text.ends_with("0\r\n\r\n"),
                "{way}: {text}"
            );
        } else {
            assert!(text.starts_with("HTTP/1.1 500"), "{way}: {text}");
            assert!(text.ends_with("Internal Server Error"), "{way}: {text}");
        }
        assert!(log.text().contains(log_holds), "{way}: {}", log.text());
    }
}

async fn misbehave(way: &str, mut send: asgi::Send) -> asgi::Result {
    match way {
        "nothing" => return Ok(()),
        "error" => return Err("the reason".into()),
        "content first" => return send.send(body_message("first", true)).await,
        "status" => {
            let message = Message::Start {
                scope_type: ScopeType::Http,
                status: 7,
                headers: Headers::new(),
            };
            send.send(message).await?;
            return send.send(body_message("first", false)).await;
        }
        _ => send.send(start_message(Headers::new())).await?,
    }
    match way {
        "head only" => return Ok(()),
        "error after head" => return Err("the reason".into()),
        "head twice" => return send.send(start_message(Headers::new())).await,
        _ => send.send(body_message("first", true)).await?,
    }
    // The piece leaves when the application first waits.
    tokio::time::sleep(Duration::from_millis(20)).await;
    match way {
        "error after content" => Err("the reason".into()),
        "panic after content" => panic!("the reason"),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn what_fails_after_the_response_is_logged_and_the_response_is_sent() {
    let (log, _guard) = Log::capture();
    let server = start(|_, _, mut send: asgi::Send| async move {
        send.send(start_message(Headers::new())).await?;
        send.send(body_message("first", false)).await?;
        send.send(body_message("second", false)).await
    })
    .await;
    let text = String::from_utf8(exchange(server.address, GET).await).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("first"),
        "{text}"
    );
    assert!(
        log.text().contains("nothing after the message"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_app() {
    struct Gone(mpsc::UnboundedSender<()>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (gone, mut was_dropped) = mpsc::unbounded_channel();
    let server = start(move |_, _, mut send: asgi::Send| {
        let gone = Gone(gone.clone());
        async move {
            let _gone = gone;
            send.send(start_message(Headers::new())).await?;
            loop {
                send.send(body_message("again and again", true)).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    stream.read_exact(&mut [0; 64]).await.unwrap();
    drop(stream);
    tokio::time::timeout(Duration::from_secs(5), was_dropped.recv())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_client_that_reads_slowly_holds_the_app_up() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let server = start(move |_, _, mut send: asgi::Send| {
        let counter = Arc::clone(&counter);
        async move {
            send.send(start_message(Headers::new())).await?;
            let piece = Bytes::from(vec![b'x'; 64 * 1024]);
            loop {
                let body = piece.clone();
                let message = Message::Body {
                    scope_type: ScopeType::Http,
                    body,
                    more_body: true,
                };
                send.send(message).await?;
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let mut before = usize::MAX;
    // It stops once the sockets' buffers are full: within 64 MiB on any system.
    while before != sent.load(Ordering::SeqCst) {
        before = sent.load(Ordering::SeqCst);
        assert!(before < 1024);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// An application that answers with what it was sent.
fn echo() -> impl asgi::App {
    |scope, mut receive: Receive, send| async move {
        let mut content = Vec::new();
        while let asgi::Event::Request { body, more_body } = receive.receive().await? {
            content.extend_from_slice(&body);
            if !more_body {
                break;
            }
        }
        Response::new(content).call(scope, receive, send).await
    }
}

#[tokio::test]
async fn a_request_whose_content_cannot_be_read_is_400() {
    for content in [
        "x\r\n",
        "3\r\nonetwo\r\n",
        "-1\r\n",
        "3\r\none\r\nfffffffffffffffff\r\n",
    ] {
        let (log, _guard) = Log::capture();
        let server = start(echo()).await;
        let request =
            format!("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{content}");
        let answer = exchange(server.address, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{content:?}: {answer}"
        );
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(!log.text().contains("ERROR"), "{}", log.text());
    }
}

#[tokio::test]
async fn a_request_that_is_broken_off_is_no_error_of_the_applications() {
    let (log, _guard) = Log::capture();
    let server = start(echo()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc";
    stream.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn the_requests_content_reaches_the_app() {
    let server = start(echo()).await;
    let request =
        b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
        3\r\none\r\n4\r\n two\r\n0\r\n\r\n";
    assert!(
        exchange(server.address, request)
            .await
            .ends_with(b"one two")
    );
    assert!(exchange(server.address, GET).await.ends_with(b"\r\n\r\n"));
}
