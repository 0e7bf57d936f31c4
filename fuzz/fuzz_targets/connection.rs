//! Raw bytes to a connection of the server. The input is a script, a byte for what the application does
//! with each request, and then what the client sends, with 0x1F between writes.
#![no_main]

use antiphon::asgi::{self, Event, Message, Receive, Scope, ScopeType, Send};
use antiphon::{Headers, PlainTextResponse, Server, StreamingResponse};
use antiphon_fuzz::answers::{Answer, Answers};
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// What the application does with the requests of the connection that there is.
static SCRIPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static REQUESTS: AtomicUsize = AtomicUsize::new(0);
/// How many calls of the application have not ended.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Far beyond what a connection takes whose client has said all it will.
const PATIENCE: Duration = Duration::from_secs(10);

static SERVER: LazyLock<(Runtime, SocketAddr)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(Server::bind("127.0.0.1:0")).unwrap();
    let server = server.shutdown_on(std::future::pending());
    let address = server.local_addr().unwrap();
    runtime.spawn(server.serve(app));
    (runtime, address)
});

struct Open;

impl Open {
    fn begin() -> Self {
        OPEN.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Sends a head that announces some length, and pieces that may be others.
async fn send_all(
    mut send: Send,
    number: usize,
    length: u64,
    pieces: &[&'static str],
) -> asgi::Result {
    let mut headers = Headers::new();
    headers.append("x-number", number.to_string())?;
    headers.append("content-length", length.to_string())?;
    send.send(Message::Start {
        scope_type: ScopeType::Http,
        status: 200,
        headers,
    })
    .await?;
    for (count, piece) in pieces.iter().enumerate() {
        send.send(Message::Body {
            scope_type: ScopeType::Http,
            body: piece.as_bytes().into(),
            more_body: count + 1 < pieces.len(),
        })
        .await?;
    }
    Ok(())
}

async fn app(scope: Scope, mut receive: Receive, send: Send) -> asgi::Result {
    let _open = Open::begin();
    let number = REQUESTS.fetch_add(1, Ordering::SeqCst);
    let turn = {
        let script = SCRIPT.lock().unwrap();
        script
            .get(number % script.len().max(1))
            .copied()
            .unwrap_or(0)
    };
    let plain =
        || PlainTextResponse::new(number.to_string()).header("x-number", number.to_string());
    let text = number.to_string();
    match turn % 9 {
        1 => {
            while let Event::Request {
                more_body: true, ..
            } = receive.receive().await?
            {}
            plain()?.call(scope, receive, send).await
        }
        2 => {
            let pieces = async_stream::stream! {
                yield text.clone();
                tokio::time::sleep(Duration::from_millis(1)).await;
                yield text;
            };
            let response = StreamingResponse::new(pieces).header("x-number", number.to_string())?;
            response.call(scope, receive, send).await
        }
        3 => {
            let response = StreamingResponse::from_iterator([text.clone(), text]);
            let response = response.header("x-number", number.to_string())?;
            response.call(scope, receive, send).await
        }
        4 => send_all(send, number, 3, &["abc", "HTTP/1.1 200 OK\r\n\r\n"]).await,
        5 => send_all(send, number, 9, &["abc", "def"]).await,
        6 => Err("on purpose".into()),
        7 => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            plain()?.call(scope, receive, send).await
        }
        8 => send_all(send, number, 6, &["abc", "def"]).await,
        _ => plain()?.call(scope, receive, send).await,
    }
}

fuzz_target!(|input: &[u8]| {
    let mut pieces = input.split(|byte| *byte == 0x1F);
    let script = pieces.next().unwrap_or_default();
    *SCRIPT.lock().unwrap() = script.to_vec();
    REQUESTS.store(0, Ordering::SeqCst);
    let (runtime, address) = &*SERVER;
    let received = runtime.block_on(async {
        let talk = async {
            let (mut reads, mut writes) = TcpStream::connect(address).await.unwrap().into_split();
            let received = Arc::new(Mutex::new(Vec::new()));
            let reading = tokio::spawn({
                let received = Arc::clone(&received);
                async move {
                    let mut buffer = [0; 4096];
                    while let Ok(read @ 1..) = reads.read(&mut buffer).await {
                        received.lock().unwrap().extend(&buffer[..read]);
                    }
                }
            });
            for piece in pieces {
                if writes.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _ = writes.shutdown().await;
            reading.await.unwrap();
            while OPEN.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            std::mem::take(&mut *received.lock().unwrap())
        };
        tokio::time::timeout(PATIENCE, talk)
            .await
            .expect("the connection goes on, or an application does")
    });
    // Of an answer to HEAD nobody knows but who asked, and HTTP/2 has frames.
    let sent = input[script.len()..].split(|byte| *byte == 0x1F).collect::<Vec<_>>().concat();
    let is_plain = !sent.windows(4).any(|four| four == b"HEAD") && !sent.starts_with(b"PRI * ");
    if is_plain {
        check(&received);
    }
});

/// Checks that each answer is the one to its request, and that nothing else was sent.
fn check(received: &[u8]) {
    let mut last = None;
    for answer in Answers::of(received) {
        let Answer {
            number,
            content,
            is_whole,
        } = answer;
        let Some(number) = number else {
            continue;
        };
        assert!(last < Some(number), "{number} after {last:?}");
        last = Some(number);
        let text = number.to_string();
        let expected = [
            text.clone(),
            text.repeat(2),
            "abcdef".to_owned(),
            "abc".to_owned(),
        ];
        let content = String::from_utf8(content).unwrap();
        if is_whole {
            assert!(expected.contains(&content), "{content:?}");
        } else {
            assert!(
                expected.iter().any(|whole| whole.starts_with(&content)),
                "{content:?}"
            );
        }
    }
}
