//! Floods of frames on one HTTP/2 connection: others are served, and memory does not grow.
//!
//! A process of its own, so that its memory is that of the floods.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "it/frames.rs"]
#[expect(dead_code, reason = "a flood reads no frames")]
mod frames;

use antiphon::{PlainTextResponse, Server};
use frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PING, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, field, frame, head,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A flood: what is sent again and again.
struct Flood {
    name: &'static str,
    /// What comes first.
    begin: Vec<u8>,
    piece: fn(u32) -> Vec<u8>,
    /// Whether the client reads what comes back.
    reads: bool,
    /// Whether the server must end the connection.
    is_refused: bool,
}

fn floods() -> Vec<Flood> {
    let ask = |number| frame(HEADERS, END_HEADERS | END_STREAM, number, &head("GET", "/"));
    let open = || frame(HEADERS, END_HEADERS, 1, &head("POST", "/"));
    let flood = |name, begin, piece, reads, is_refused| Flood {
        name,
        begin,
        piece,
        reads,
        is_refused,
    };
    vec![
        // CVE-2023-44487.
        flood(
            "rapid reset",
            Vec::new(),
            |turn| {
                let number = 2 * turn + 1;
                let mut both = frame(HEADERS, END_HEADERS | END_STREAM, number, &head("GET", "/"));
                both.extend(frame(RST_STREAM, 0, number, &8_u32.to_be_bytes()));
                both
            },
            true,
            true,
        ),
        // CVE-2025-8671: the server is made to reset its own streams.
        flood(
            "made you reset",
            Vec::new(),
            |turn| {
                let number = 2 * turn + 1;
                let mut both = frame(HEADERS, END_HEADERS, number, &head("POST", "/"));
                both.extend(frame(WINDOW_UPDATE, 0, number, &0_u32.to_be_bytes()));
                both
            },
            true,
            true,
        ),
        // VU#421644.
        flood(
            "continuation",
            frame(HEADERS, END_STREAM, 1, &head("GET", "/")),
            |turn| {
                let mut fields = Vec::new();
                field(&mut fields, &format!("x-{turn}"), &"a".repeat(1000));
                frame(CONTINUATION, 0, 1, &fields)
            },
            true,
            true,
        ),
        flood(
            "empty continuation",
            frame(HEADERS, END_STREAM, 1, &head("GET", "/")),
            |_| frame(CONTINUATION, 0, 1, &[]),
            true,
            true,
        ),
        // A field that is indexed once, and then named again and again by one byte.
        flood(
            "HPACK bomb",
            {
                let mut fields = head("GET", "/");
                fields.push(0x40);
                fields.extend([6]);
                fields.extend(b"x-bomb");
                fields.push(127);
                fields.extend([0x81, 0x1e]);
                fields.extend([b'a'; 3968]);
                frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields)
            },
            |turn| {
                let mut fields = head("GET", "/");
                fields.extend([0xbe; 4000]);
                frame(HEADERS, END_HEADERS | END_STREAM, 2 * turn + 3, &fields)
            },
            true,
            false,
        ),
        flood(
            "settings",
            Vec::new(),
            |_| frame(SETTINGS, 0, 0, &[]),
            false,
            false,
        ),
        flood(
            "settings, read",
            Vec::new(),
            |turn| {
                frame(
                    SETTINGS,
                    0,
                    0,
                    &[&[0, 4][..], &(turn % 9).to_be_bytes()].concat(),
                )
            },
            true,
            false,
        ),
        flood(
            "ping",
            Vec::new(),
            |_| frame(PING, 0, 0, &[7; 8]),
            false,
            false,
        ),
        flood(
            "ping, read",
            Vec::new(),
            |_| frame(PING, 0, 0, &[7; 8]),
            true,
            false,
        ),
        flood(
            "ping answers",
            Vec::new(),
            |_| frame(PING, ACK, 0, &[7; 8]),
            true,
            false,
        ),
        flood(
            "empty data",
            open(),
            |_| frame(DATA, 0, 1, &[]),
            true,
            false,
        ),
        flood(
            "window updates",
            ask(1),
            |_| frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
            true,
            false,
        ),
        flood(
            "unknown frames",
            Vec::new(),
            |_| frame(200, 0, 0, &[0; 100]),
            true,
            false,
        ),
        flood(
            "priority",
            Vec::new(),
            |turn| frame(2, 0, 2 * turn + 1, &[0, 0, 0, 0, 9]),
            true,
            false,
        ),
    ]
}

/// Floods for a second; tells whether the server has ended the connection.
async fn run(flood: &Flood, address: SocketAddr) -> bool {
    let mut client = Frames::connect(address, 1 << 20).await;
    client.send(&flood.begin).await.unwrap();
    let (mut reads, mut writes) = client.stream.into_split();
    let reads_all = flood.reads;
    let sees = tokio::spawn(async move {
        let mut seen = Vec::new();
        while reads_all && reads.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {
            if seen.len() > 1 << 20 {
                seen.drain(..1 << 19);
            }
        }
        if !reads_all {
            std::future::pending::<()>().await;
        }
        seen
    });
    let begun = Instant::now();
    let mut turn = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        let mut pieces = Vec::new();
        for _ in 0..50 {
            pieces.extend((flood.piece)(turn));
            turn += 1;
        }
        let write = writes.write_all(&pieces);
        match tokio::time::timeout(Duration::from_millis(300), write).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => break,
            // The server takes no more while the client takes nothing.
            Err(_) => break,
        }
    }
    let ended = tokio::time::timeout(Duration::from_millis(500), sees).await;
    ended.is_ok_and(|seen| {
        let seen = seen.unwrap();
        assert!(seen.len() > 9 && seen.windows(4).any(|four| four[3] == GOAWAY));
        true
    })
}

/// How much memory the process has, in bytes.
fn memory() -> usize {
    let Ok(statm) = std::fs::read_to_string("/proc/self/statm") else {
        return 0;
    };
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

async fn ask(address: SocketAddr) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hi"), "{answer:?}");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_and_memory_does_not_grow() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let server = server.shutdown_on(std::future::pending());
    let address = server.local_addr().unwrap();
    tokio::spawn(server.serve(PlainTextResponse::new("hi")));
    ask(address).await;
    for flood in floods() {
        let before = memory();
        let honest = async {
            let mut slowest = Duration::ZERO;
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                slowest = slowest.max(ask(address).await);
                if slowest > Duration::from_secs(2) {
                    return slowest;
                }
            }
        };
        let is_ended = tokio::select! {
            is_ended = run(&flood, address) => is_ended,
            slowest = honest => panic!("{}: an honest client waited {slowest:?}", flood.name),
        };
        assert!(is_ended || !flood.is_refused, "{}: it is taken", flood.name);
        let grown = memory().saturating_sub(before);
        assert!(grown < 64 << 20, "{}: {grown} bytes", flood.name);
        ask(address).await;
    }
}
