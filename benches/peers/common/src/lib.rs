//! What all peers have in common: their arguments and what they answer with.

pub mod compressed;

use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// The content of `/plaintext` and `/cookie`.
pub const HELLO: &str = "Hello, world!";

/// The cookie of `/cookie`.
pub const COOKIE_NAME: &str = "session";
pub const COOKIE_VALUE: &str = "abc123";
pub const COOKIE_DOMAIN: &str = "example.com";
pub const COOKIE_SECONDS: i64 = 3600;

/// The same cookie as a ready-made header value, for the peers that build none.
pub const COOKIE_HEADER: &str = "session=abc123; Domain=example.com; \
    expires=Fri, 31 Dec 2100 23:59:59 GMT; HttpOnly; Max-Age=3600; Path=/; SameSite=lax; Secure";

/// What `/stream/async` and `/stream/sync` send, and how often.
pub const CHUNK: &[u8] = &[b'x'; 100];
pub const CHUNKS: usize = 1000;

/// So many chunks of `/stream/sync` may wait, where its iterator runs on a thread of its own.
pub const QUEUED_CHUNKS: usize = 16;

/// The number of events of `/sse`; their data are the numbers from 0.
pub const SSE_EVENTS: usize = 100_000;

/// So many events `/publish` makes for all who are at `/fan`; their data are stamps.
pub const FAN_EVENTS: usize = 200;

/// The least power of two that holds them all, so that no one misses any.
pub const FAN_CAPACITY: usize = FAN_EVENTS.next_power_of_two();

/// The data of an event that is published now.
#[must_use]
pub fn stamp() -> String {
    nanoseconds().to_string()
}

/// The time since 1970, by the clock that all processes share.
#[must_use]
pub fn nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// One of the users of `/json`.
#[derive(Deserialize, Serialize)]
pub struct User {
    id: u64,
    name: String,
    email: String,
    active: bool,
    score: f64,
    city: String,
    tags: Vec<String>,
}

/// The two arguments of a peer.
pub struct Arguments {
    pub port: u16,
    pub data: PathBuf,
}

impl Arguments {
    /// Reads them from the command line.
    ///
    /// # Errors
    ///
    /// There are not two, or the first is no port.
    pub fn parse() -> io::Result<Self> {
        let mut arguments = std::env::args_os().skip(1);
        let port = arguments
            .next()
            .and_then(|port| port.to_str()?.parse().ok());
        match (port, arguments.next(), arguments.next()) {
            (Some(port), Some(data), None) => Ok(Self {
                port,
                data: data.into(),
            }),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected the arguments PORT DATA_DIR",
            )),
        }
    }

    /// The address to listen at.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The users of `/json`, from `users.json` in the data folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds something else.
    pub fn users(&self) -> io::Result<Vec<User>> {
        let json = std::fs::read(self.data.join("users.json"))?;
        Ok(serde_json::from_slice(&json)?)
    }
}
