//! How much a server takes, and how long it waits for a client.

use std::time::Duration;

/// The bounds of a server; each has a setter of [`Server`](super::Server), which says what it bounds.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) connections: usize,
    pub(super) streams: usize,
    pub(super) streams_per_connection: u32,
    pub(super) head_len: usize,
    pub(super) head_fields: usize,
    pub(super) head_timeout: Duration,
    pub(super) content_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) keep_alive_timeout: Duration,
    pub(super) shutdown_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let descriptors = max_descriptors();
        Self {
            // What is left is for files, and for what else the program has open.
            connections: (descriptors - descriptors / 8).min(MANY),
            streams: (descriptors / 2).min(MANY),
            streams_per_connection: 100,
            head_len: HEAD_LEN,
            head_fields: HEAD_FIELDS,
            head_timeout: Duration::from_secs(30),
            content_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(75),
            shutdown_deadline: Duration::from_secs(30),
        }
    }
}

/// How many descriptors the process may have open.
fn max_descriptors() -> usize {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit
            .current
            .and_then(|current| usize::try_from(current).ok())
            .unwrap_or(usize::MAX)
    }
    #[cfg(not(unix))]
    usize::MAX
}

/// The bytes of a request's head, by default: as much as hyper buffers for us.
pub(super) const HEAD_LEN: usize = 64 << 10;
/// The fields of a request's head, by default: as many as hyper has room for without asking for memory.
pub(super) const HEAD_FIELDS: usize = 100;

/// However many descriptors there are, memory is not without bound.
const MANY: usize = 1 << 16;

/// So many bytes of a request's content give the client another second.
pub(super) const SLOWEST_CONTENT: u64 = 500;

/// How long an answer may still wait for the application when the client has ended its side.
pub(super) const LEAVE_GRACE: Duration = Duration::from_millis(500);

/// How long a client may take to read the end of an answer that the shutdown has ended.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// Whoever has waited less is not made to give way to others.
pub(super) const YIELDS_AFTER: Duration = Duration::from_secs(1);
