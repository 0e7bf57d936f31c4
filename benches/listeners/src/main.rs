//! Listens to event streams: how many events come, and how late.
//!
//! ```text
//! listeners PORT PATH CONNECTIONS EVENTS [PUBLISH]
//! ```
//!
//! Without `PUBLISH`, `PATH` answers with a stream of `EVENTS` events. In each round, that many
//! clients connect, and each reads the stream to its end.
//!
//! With `PUBLISH`, `PATH` answers with a stream that lasts, and all clients connect once. In each
//! round, one more asks for the path `PUBLISH`, which makes the server publish `EVENTS` events,
//! whose data are stamps; the round ends when every client has got every one.
//!
//! It prints `ready` when it has connected. For each line on standard input, a number of seconds,
//! it does rounds for that long, at least one, and prints a line of JSON: see [`Report`]. What is
//! not as expected ends it with an error.
//!
//! [`Report`]: tally::Report

mod chunks;
mod events;
mod listener;
mod tally;

use futures_util::future::try_join_all;
use listener::Listener;
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::time::Duration;
use tally::Tally;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// What has not come by then does not come any more.
const ROUND_LIMIT: Duration = Duration::from_secs(10);

struct Plan {
    port: u16,
    path: String,
    connections: usize,
    events: usize,
    publish: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match listen().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn listen() -> io::Result<()> {
    let plan = Plan::parse().ok_or_else(|| {
        let usage = "expected the arguments PORT PATH CONNECTIONS EVENTS [PUBLISH]";
        io::Error::new(ErrorKind::InvalidInput, usage)
    })?;
    let mut lasting = Vec::new();
    if plan.publish.is_some() {
        // One after another: no server has to hold the whole crowd in its backlog.
        while lasting.len() < plan.connections {
            let connecting = Listener::connect(plan.port, &plan.path);
            lasting.push(timeout(ROUND_LIMIT, connecting).await??);
        }
    }
    println!("ready");
    for line in io::stdin().lines() {
        let seconds = line?.trim().parse().map_err(io::Error::other)?;
        let limit = Duration::from_secs(seconds);
        let tally = match plan.publish {
            Some(_) => Tally::stamped(),
            None => Tally::default(),
        };
        let start = Instant::now();
        loop {
            match timeout(ROUND_LIMIT, plan.round(&mut lasting, &tally)).await {
                Ok(result) => result?,
                Err(_) => return Err(plan.events_are_missing(&tally)),
            }
            if start.elapsed() >= limit {
                break;
            }
        }
        let report = tally.report(start.elapsed());
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}

impl Plan {
    fn parse() -> Option<Self> {
        let mut arguments = std::env::args().skip(1);
        let plan = Self {
            port: arguments.next()?.parse().ok()?,
            path: arguments.next()?,
            connections: arguments.next()?.parse().ok()?,
            events: arguments.next()?.parse().ok()?,
            publish: arguments.next(),
        };
        arguments.next().is_none().then_some(plan)
    }

    async fn round(&self, lasting: &mut [Listener], tally: &Tally) -> io::Result<()> {
        if let Some(publish) = &self.publish {
            let all = lasting
                .iter_mut()
                .map(|listener| listener.hear(self.events, tally));
            tokio::try_join!(try_join_all(all), ask(self.port, publish))?;
        } else {
            let all = (0..self.connections).map(async |_| {
                let mut listener = Listener::connect(self.port, &self.path).await?;
                listener.hear(self.events, tally).await?;
                listener.end(tally).await
            });
            try_join_all(all).await?;
        }
        Ok(())
    }

    fn events_are_missing(&self, tally: &Tally) -> io::Error {
        io::Error::other(format!(
            "a round of {} events each for {} did not end in {ROUND_LIMIT:?}; {} came in all",
            self.events,
            self.connections,
            tally.events()
        ))
    }
}

/// Asks for a path whose answer says nothing more than that it is done.
async fn ask(port: u16, path: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(listener::unexpected(&answer, "status 200"))
    }
}
