//! How long an event takes from `publish` in one process's channels to each subscriber of another's,
//! over a Redis of its own: `cargo run --release --package shared-channels --bin shared-channels`.

use antiphon::ServerSentEvent;
use antiphon::channel::Subscriber;
use antiphon::channel::redis::Channels;
use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Channels, subscribers of each, and events a second.
const LAYOUTS: [(usize, usize, u32); 4] = [
    (1, 100, 1_000),
    (100, 1, 1_000),
    (10_000, 1, 1_000),
    (1, 1, 20_000),
];
const SECONDS: u32 = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!(
        "channels subscribers events/s |  median    p90    p99    max (ms) | Redis CPU (ms/1,000 events)"
    );
    for layout in LAYOUTS {
        let mut redis = start(folder.path())?;
        let url = format!("unix://{}", folder.path().join("socket").display());
        let result = run(&url, layout).await;
        redis.kill().await?;
        println!("{}", result?);
    }
    Ok(())
}

fn start(folder: &Path) -> Result<Child, std::io::Error> {
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--unixsocket"]);
    command.arg(folder.join("socket")).arg("--dir").arg(folder);
    command.stdout(Stdio::null()).kill_on_drop(true).spawn()
}

async fn run(
    url: &str,
    (channels, subscribers, rate): (usize, usize, u32),
) -> Result<String, Box<dyn Error>> {
    let reader = Channels::builder(url).build()?;
    let publisher = Channels::builder(url).build()?;
    let start = Instant::now();
    let (delays, mut received) = unbounded_channel();
    for number in 0..channels {
        let channel = reader.channel(&number.to_string())?;
        for _ in 0..subscribers {
            let mut subscriber = channel.subscribe(None);
            // Where it stands is known once the stream is read.
            subscriber.position().await;
            tokio::spawn(listen(subscriber, start, delays.clone()));
        }
    }
    drop(delays);
    sleep(Duration::from_secs(1)).await;

    let events = rate * SECONDS;
    let mut beat = interval(Duration::from_secs(1) / rate);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut publishing = JoinSet::new();
    let before = cpu_of(url).await?;
    for event in 0..events as usize {
        beat.tick().await;
        // Not one after the other, so that neighbours are not read together.
        let channel = publisher.channel(&(event * 7_919 % channels).to_string())?;
        let sent = start.elapsed().as_micros().to_string();
        publishing.spawn(async move { channel.publish(&ServerSentEvent::new(sent)).await });
    }
    while let Some(published) = publishing.join_next().await {
        published??;
    }
    sleep(Duration::from_secs(1)).await;
    let cpu = cpu_of(url).await? - before;
    reader.close();

    let mut delays = Vec::new();
    received.recv_many(&mut delays, usize::MAX).await;
    while received.recv_many(&mut delays, usize::MAX).await > 0 {}
    delays.sort_unstable();
    let expected = events as usize * subscribers;
    if delays.len() != expected {
        let found = delays.len();
        return Err(format!("expected {expected} events, but found {found}").into());
    }
    let at = |share: f64| delays[((expected - 1) as f64 * share) as usize] as f64 / 1e3;
    Ok(format!(
        "{channels:8} {subscribers:11} {rate:8} | {:7.2} {:6.2} {:6.2} {:6.2}      | {:6.1}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        cpu * 1e6 / f64::from(events),
    ))
}

/// Tells how many microseconds each event took.
async fn listen(mut subscriber: Subscriber, start: Instant, delays: UnboundedSender<u64>) {
    while let Some(event) = subscriber.next().await {
        let now = start.elapsed().as_micros() as u64;
        let text = String::from_utf8_lossy(&event);
        let sent = text
            .trim_end()
            .rsplit("data: ")
            .next()
            .and_then(|sent| sent.parse::<u64>().ok());
        if let Some(sent) = sent {
            let _ = delays.send(now.saturating_sub(sent));
        }
    }
}

/// The seconds of CPU that Redis has used.
async fn cpu_of(url: &str) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new("redis-cli");
    command.args(["-s", url.trim_start_matches("unix://"), "INFO", "cpu"]);
    let text = String::from_utf8(command.output().await?.stdout)?;
    let seconds = text
        .lines()
        .filter(|line| line.starts_with("used_cpu_user:") || line.starts_with("used_cpu_sys:"));
    let seconds = seconds.filter_map(|line| line.split(':').nth(1)?.trim().parse::<f64>().ok());
    Ok(seconds.sum())
}
