//! Hostile clients of every kind at once, against a server with 1,024 descriptors: honest clients are served
//! throughout, and what the others took is given back.
//!
//! `HOSTILE_SECONDS` says for how long, 15 by default. From a minute on the server has its default bounds.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "it/frames.rs"]
#[expect(dead_code, reason = "not every frame is sent here")]
mod frames;

use antiphon::asgi::{self, Event, Receive};
use antiphon::{EventSourceResponse, FileResponse, PlainTextResponse, Server, StreamingResponse};
use frames::{END_HEADERS, END_STREAM, Frames, HEADERS, PING, RST_STREAM, frame, head};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const FILE_LEN: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

fn seconds() -> Duration {
    let seconds = std::env::var("HOSTILE_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(15))
}

/// Not a test: the process of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "serves until it is killed"]
async fn serve() {
    let limit = Rlimit {
        current: Some(1024),
        maximum: Some(1024),
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let file = std::env::temp_dir().join(format!("antiphon-hostile-{}", std::process::id()));
    std::fs::write(&file, vec![b'x'; FILE_LEN]).unwrap();
    let mut server = Server::bind("127.0.0.1:0").await.unwrap();
    if seconds() < Duration::from_secs(60) {
        let short = Duration::from_secs(3);
        server = server
            .head_timeout(short)
            .content_timeout(short)
            .write_timeout(short)
            .keep_alive_timeout(short);
    }
    eprintln!("at {}", server.local_addr().unwrap());
    let app = move |scope: asgi::Scope, mut receive: Receive, send: asgi::Send| {
        let file = file.clone();
        async move {
            match scope.path() {
                "/file" => FileResponse::new(file).call(scope, receive, send).await,
                "/events" => {
                    let events = async_stream::stream! {
                        for number in 0.. {
                            yield number.to_string();
                            sleep(Duration::from_millis(500)).await;
                        }
                    };
                    EventSourceResponse::new(events)
                        .call(scope, receive, send)
                        .await
                }
                "/gush" => {
                    let events = futures_util::stream::repeat("x".repeat(1000));
                    EventSourceResponse::new(events)
                        .call(scope, receive, send)
                        .await
                }
                "/iterator" => {
                    let slow = (0..20).map(|number| {
                        std::thread::sleep(Duration::from_millis(20));
                        number.to_string()
                    });
                    let response = StreamingResponse::from_iterator(slow);
                    response.call(scope, receive, send).await
                }
                "/reads" => {
                    while let Event::Request {
                        more_body: true, ..
                    } = receive.receive().await?
                    {}
                    PlainTextResponse::new("read")
                        .call(scope, receive, send)
                        .await
                }
                _ => {
                    PlainTextResponse::new("hi")
                        .call(scope, receive, send)
                        .await
                }
            }
        }
    };
    server.serve(app).await.unwrap();
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start() -> (Self, SocketAddr) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serve", "--ignored", "--nocapture"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("at ").map(str::to_owned))
            .unwrap();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                eprintln!("server: {line}");
            }
        });
        (Self(child), address.parse().unwrap())
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))
            .unwrap()
            .count()
    }

    /// In kilobytes.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn request(method: &str, path: &str, fields: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{fields}\r\n").into_bytes()
}

/// Sends pieces with such a pause between them, until the server has had enough.
async fn drip(stream: &mut TcpStream, piece: &[u8], pause: Duration) {
    while stream.write_all(piece).await.is_ok() {
        sleep(pause).await;
    }
}

/// The attacks, each again and again.
async fn attack(kind: usize, address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let long = Duration::from_secs(3600);
    match kind {
        // Says nothing, or next to nothing.
        0 => sleep(long).await,
        1 => {
            stream.write_all(b"P").await?;
            sleep(long).await;
        }
        // Sends a head, or content, byte by byte.
        2 => drip(&mut stream, b"G", Duration::from_millis(700)).await,
        3 => {
            let head = request("POST", "/reads", "content-length: 100000\r\n");
            stream.write_all(&head).await?;
            drip(&mut stream, b"x", Duration::from_millis(700)).await;
        }
        // Asks for much, and reads nothing.
        4 | 5 => {
            let path = if kind == 4 { "/file" } else { "/gush" };
            stream.write_all(&request("GET", path, "")).await?;
            sleep(long).await;
        }
        // Reads much, slowly.
        6 => {
            stream.write_all(&request("GET", "/file", "")).await?;
            let mut byte = [0; 1];
            while stream.read(&mut byte).await? > 0 {
                sleep(Duration::from_millis(300)).await;
            }
        }
        // Leaves in every way.
        7 => {
            let what = request("GET", "/events", "");
            stream.write_all(&[&what[..], b"x"].concat()).await?;
            sleep(Duration::from_millis(100)).await;
            stream.set_zero_linger()?;
        }
        8 => {
            stream.write_all(&request("GET", "/events", "")).await?;
            stream.shutdown().await?;
            sleep(Duration::from_secs(1)).await;
        }
        9 => {
            stream.write_all(&request("GET", "/iterator", "")).await?;
            sleep(Duration::from_millis(200)).await;
        }
        // Hoards answers.
        10 => {
            let mut client = Frames::connect(address, 0).await;
            for number in 0..100 {
                client.ask(2 * number + 1, "/file").await;
            }
            while client.stream.read(&mut [0; 1024]).await? > 0 {}
        }
        // Resets all it asks for.
        11 => {
            let mut client = Frames::connect(address, 1 << 20).await;
            for number in 0..10_000 {
                let number = 2 * number + 1;
                let mut both = frame(
                    HEADERS,
                    END_HEADERS | END_STREAM,
                    number,
                    &head("GET", "/file"),
                );
                both.extend(frame(RST_STREAM, 0, number, &8_u32.to_be_bytes()));
                client.send(&both).await?;
            }
        }
        12 => {
            let mut client = Frames::connect(address, 1 << 20).await;
            loop {
                client.send(&frame(PING, 0, 0, &[7; 8])).await?;
                sleep(Duration::from_millis(1)).await;
            }
        }
        _ => {
            let garbage: Vec<u8> = (0..2000_u32)
                .map(|byte| (byte * 7919 % 251) as u8)
                .collect();
            stream.write_all(&garbage).await?;
            while stream.read(&mut [0; 1024]).await? > 0 {}
        }
    }
    Ok(())
}

/// How much memory the second wave may leave beyond what the first did, in kilobytes. The allocator keeps
/// more and more for the first minutes, and then no more.
fn spare_memory() -> usize {
    if seconds() < Duration::from_secs(600) {
        64 << 10
    } else {
        16 << 10
    }
}

/// How many attack in each way.
const ATTACKERS: [usize; 14] = [250, 100, 60, 40, 60, 20, 40, 10, 10, 10, 6, 2, 2, 4];

async fn whole(address: SocketAddr, path: &str) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(&request("GET", path, "connection: close\r\n"))
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{:?}",
        String::from_utf8_lossy(&answer[..200.min(answer.len())])
    );
    Ok(answer.len())
}

/// One visit of an honest client.
async fn visit(kind: usize, address: SocketAddr) {
    match kind {
        0 => assert!(whole(address, "/").await.unwrap() > 50),
        1 => assert!(whole(address, "/file").await.unwrap() > FILE_LEN),
        2 => assert!(whole(address, "/iterator").await.unwrap() > 20),
        3 => {
            // Two requests on one connection.
            let mut stream = TcpStream::connect(address).await.unwrap();
            for _ in 0..2 {
                stream.write_all(&request("GET", "/", "")).await.unwrap();
                let mut answer = [0; 1024];
                assert!(stream.read(&mut answer).await.unwrap() > 0);
                sleep(Duration::from_millis(200)).await;
            }
        }
        _ => {
            let stream = TcpStream::connect(address).await.unwrap();
            let handshake =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
            let (mut client, connection) = handshake.await.unwrap();
            let connection = tokio::spawn(connection);
            for path in ["/", "/file"] {
                let request = http::Request::get(format!("http://a.test{path}"));
                let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
                let answer = client.send_request(request).await.unwrap();
                assert_eq!(answer.status(), 200, "{path} over HTTP/2");
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert!(path == "/" || body.len() == FILE_LEN);
            }
            connection.abort();
        }
    }
}

/// Hears an event every half second, from the beginning to the end.
async fn listen(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(&request("GET", "/events", ""))
        .await
        .unwrap();
    let mut buffer = [0; 4096];
    loop {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
        let read = read.expect("no event in time").unwrap();
        assert!(read > 0, "the listener was cut");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_clients_are_served_throughout() {
    let own = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: own.maximum,
        ..own
    };
    setrlimit(Resource::Nofile, all).unwrap();
    let (process, address) = Process::start();
    for kind in 0..5 {
        visit(kind, address).await;
    }
    let before = process.descriptors();
    // What the first wave leaves is what the allocator keeps for the next.
    let first = wave(&process, address, before, seconds() / 4).await;
    let second = wave(&process, address, before, seconds()).await;
    assert!(
        second < first + spare_memory(),
        "{second} kB after {first} kB"
    );
    for kind in 0..5 {
        visit(kind, address).await;
    }
}

/// Attacks for so long while honest clients visit; returns the memory of the server afterwards, in
/// kilobytes.
async fn wave(process: &Process, address: SocketAddr, before: usize, length: Duration) -> usize {
    let mut attackers = JoinSet::new();
    let attacks = Arc::new(AtomicUsize::new(0));
    for (kind, count) in ATTACKERS.into_iter().enumerate() {
        for _ in 0..count {
            let attacks = Arc::clone(&attacks);
            attackers.spawn(async move {
                loop {
                    let _ = attack(kind, address).await;
                    attacks.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(20)).await;
                }
            });
        }
    }
    let begun = Instant::now();
    let mut honest = JoinSet::new();
    for kind in 0..5 {
        honest.spawn(async move {
            let (mut visits, mut slowest) = (0, Duration::ZERO);
            while begun.elapsed() < length {
                let now = Instant::now();
                let served = timeout(PATIENCE, visit(kind, address)).await;
                assert!(served.is_ok(), "visit {kind} took too long");
                slowest = slowest.max(now.elapsed());
                visits += 1;
                sleep(Duration::from_millis(100)).await;
            }
            (kind, visits, slowest)
        });
    }
    let listener = tokio::spawn(listen(address));
    let (mut most, mut memory) = (0, 0);
    while !honest.is_empty() {
        most = most.max(process.descriptors());
        memory = memory.max(process.memory());
        if let Ok(Some(visited)) = timeout(Duration::from_millis(500), honest.join_next()).await {
            let (kind, visits, slowest) = visited.unwrap();
            eprintln!("honest {kind}: {visits} visits, the slowest {slowest:?}");
            assert!(visits > 0);
        }
        assert!(!listener.is_finished(), "the listener has left");
    }
    listener.abort();
    assert!(
        attackers.try_join_next().is_none(),
        "an attacker has failed"
    );
    attackers.shutdown().await;
    let settled = async {
        while process.descriptors() > before + 8 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let is_settled = timeout(Duration::from_secs(90), settled).await.is_ok();
    let after = process.descriptors();
    eprintln!(
        "{} attacks; descriptors: {before}, {most}, {after}; memory: {memory} kB, {} kB",
        attacks.load(Ordering::Relaxed),
        process.memory(),
    );
    assert!(is_settled, "{after} descriptors after {before}");
    process.memory()
}
