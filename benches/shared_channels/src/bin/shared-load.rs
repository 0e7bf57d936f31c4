//! Listens to event streams of several servers, publishes for all of them, and tells how long each event
//! took: `shared-load LISTENERS RATE EVENTS PUBLISH URL...`.
//!
//! `LISTENERS` are shared out to the URLs (`http://127.0.0.1:PORT/PATH`). `PUBLISH` says how an event is
//! published: `xadd:SOCKET:KEY` and `publish:SOCKET:CHANNEL` by a Redis at a Unix socket, or URLs to which
//! it is posted, with a `+` between; after `lines:` each line is an event. With a rate of 0 all are published
//! at once: by one write to Redis, or by one request of lines, else one after the other. The data of an
//! event is when it was published, in microseconds.
//!
//! It prints `open` when all listen, and then the share of events that arrived, how many in a second, and
//! the median, the 99th percentile and the greatest of the delays, in milliseconds.

#[path = "../../../listeners/src/chunks.rs"]
mod chunks;
#[path = "../../../listeners/src/events.rs"]
mod events;

use chunks::Chunks;
use events::Events;
use std::env;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [listeners, rate, events, publish, urls @ ..] = arguments.as_slice() else {
        return Err("expected LISTENERS RATE EVENTS PUBLISH URL...".into());
    };
    let (listeners, rate): (usize, u32) = (listeners.parse()?, rate.parse()?);
    let events: u32 = events.parse()?;
    let (delays, mut received) = unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    for number in 0..listeners {
        let (port, path) = parts(&urls[number % urls.len()])?;
        let stream = connect(port, path).await?;
        tokio::spawn(listen(stream, delays.clone(), Arc::clone(&open)));
        // No server has to take all of them at once.
        if number % 50 == 49 {
            sleep(Duration::from_millis(10)).await;
        }
    }
    drop(delays);
    while open.load(Ordering::Relaxed) < listeners {
        sleep(Duration::from_millis(10)).await;
    }
    println!("open");
    sleep(Duration::from_secs(2)).await;

    let mut publisher = Publisher::connect(publish).await?;
    let mut beat = interval(Duration::from_secs(1) / rate.max(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    if rate == 0 {
        publisher.publish_all(&now().to_string(), events).await?;
    }
    for _ in 0..if rate == 0 { 0 } else { events } {
        beat.tick().await;
        publisher.publish(&now().to_string()).await?;
    }
    let expected = events as usize * listeners;
    let mut taken = Vec::with_capacity(expected);
    let mut last = start;
    while taken.len() < expected {
        match timeout(Duration::from_secs(10), received.recv()).await {
            Ok(Some(delay)) => taken.push(delay),
            _ => break,
        }
        last = Instant::now();
    }
    taken.sort_unstable();
    let at = |share: f64| {
        let index = (taken.len().saturating_sub(1) as f64 * share) as usize;
        taken
            .get(index)
            .map_or(f64::NAN, |delay| *delay as f64 / 1e3)
    };
    let rate = taken.len() as f64 / (last - start).as_secs_f64();
    println!(
        "{:.4} {rate:.0} {:.2} {:.2} {:.2}",
        taken.len() as f64 / expected as f64,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_micros() as u64
}

fn parts(url: &str) -> Result<(u16, &str), Failure> {
    let rest = url
        .strip_prefix("http://127.0.0.1:")
        .ok_or("expected http://127.0.0.1:PORT/PATH")?;
    let (port, path) = rest.split_once('/').ok_or("expected a path")?;
    Ok((port.parse()?, path))
}

async fn connect(port: u16, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head =
        format!("GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

async fn listen(
    mut stream: TcpStream,
    delays: UnboundedSender<u64>,
    open: Arc<AtomicUsize>,
) -> io::Result<()> {
    let mut head = Vec::new();
    let end = loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    open.fetch_add(1, Ordering::Relaxed);
    let is_chunked = String::from_utf8_lossy(&head)
        .to_lowercase()
        .contains("chunked");
    let (mut chunks, mut events) = (Chunks::START, Events::default());
    let mut bytes = head.split_off(end);
    loop {
        let mut take = |data: &[u8]| {
            let sent = str::from_utf8(data)
                .ok()
                .and_then(|sent| sent.parse::<u64>().ok());
            if let Some(sent) = sent {
                let _ = delays.send(now().saturating_sub(sent));
            }
        };
        if is_chunked {
            chunks.decode(&bytes, |piece| events.find(piece, &mut take))?;
        } else {
            events.find(&bytes, &mut take);
        }
        bytes.clear();
        bytes.reserve(16 << 10);
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

enum Publisher {
    Redis(UnixStream, Vec<String>),
    Http {
        targets: Vec<(TcpStream, String)>,
        takes_lines: bool,
    },
}

impl Publisher {
    async fn connect(publish: &str) -> Result<Self, Failure> {
        let lines = publish.strip_prefix("lines:");
        let (urls, takes_lines) = (lines.unwrap_or(publish), lines.is_some());
        if urls.starts_with("http:") {
            let mut targets = Vec::new();
            for url in urls.split('+') {
                let (port, path) = parts(url)?;
                let stream = TcpStream::connect(("127.0.0.1", port)).await?;
                targets.push((stream, path.to_owned()));
            }
            return Ok(Self::Http {
                targets,
                takes_lines,
            });
        }
        let words: Vec<&str> = publish.split(':').collect();
        let (command, socket, key) = match words.as_slice() {
            ["xadd", socket, key @ ..] => (vec!["XADD".to_owned()], socket, key.join(":")),
            ["publish", socket, key @ ..] => (vec!["PUBLISH".to_owned()], socket, key.join(":")),
            _ => return Err("expected xadd:, publish: or http:".into()),
        };
        let stream = UnixStream::connect(socket).await?;
        Ok(Self::Redis(stream, [command, vec![key]].concat()))
    }

    /// Publishes many events of the same data.
    async fn publish_all(&mut self, data: &str, events: u32) -> Result<(), Failure> {
        match self {
            Self::Redis(stream, command) => {
                let text = command_text(command, data).repeat(events as usize);
                let lines = events as usize * if command[0] == "XADD" { 2 } else { 1 };
                redis(stream, &text, lines).await
            }
            Self::Http {
                takes_lines: true, ..
            } => {
                let lines = vec![data; events as usize];
                self.publish(&lines.join("\n")).await
            }
            Self::Http { .. } => {
                for _ in 0..events {
                    self.publish(data).await?;
                }
                Ok(())
            }
        }
    }

    async fn publish(&mut self, data: &str) -> Result<(), Failure> {
        match self {
            Self::Redis(stream, command) => {
                let lines = if command[0] == "XADD" { 2 } else { 1 };
                redis(stream, &command_text(command, data), lines).await?;
            }
            Self::Http { targets, .. } => {
                for (stream, path) in targets {
                    let length = data.len();
                    let request = format!(
                        "POST /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{data}"
                    );
                    stream.write_all(request.as_bytes()).await?;
                    let mut answer = Vec::new();
                    while !is_whole(&answer) {
                        if stream.read_buf(&mut answer).await? == 0 {
                            return Err("the server has closed the connection".into());
                        }
                    }
                    if !answer.starts_with(b"HTTP/1.1 20") {
                        return Err(String::from_utf8_lossy(&answer).into());
                    }
                }
            }
        }
        Ok(())
    }
}

fn command_text(command: &[String], data: &str) -> String {
    let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
    if command[0] == "XADD" {
        words.extend(["MAXLEN", "~", "10000", "*", "data"]);
    }
    words.push(data);
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text += &format!("${}\r\n{word}\r\n", word.len());
    }
    text
}

/// Writes commands, and reads replies of so many lines.
async fn redis(stream: &mut UnixStream, text: &str, lines: usize) -> Result<(), Failure> {
    stream.write_all(text.as_bytes()).await?;
    let mut replies = Vec::new();
    while memchr::memchr_iter(b'\n', &replies).count() < lines {
        if stream.read_buf(&mut replies).await? == 0 || replies.starts_with(b"-") {
            return Err(String::from_utf8_lossy(&replies).into());
        }
    }
    Ok(())
}

/// Tells whether an answer with a length is there to its end.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, content)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse().ok());
    content.len() >= length.unwrap_or(0)
}
