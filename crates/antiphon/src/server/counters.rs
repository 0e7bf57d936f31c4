//! What a server has done so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a server counts, to be read while it serves.
///
/// A clone counts, and reads, the same. Servers that share one are counted together.
///
/// # Examples
///
/// What Prometheus reads:
///
/// ```
/// use antiphon::{PlainTextResponse, Server, ServerCounters, asgi};
///
/// async fn metrics(
///     counters: ServerCounters, scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send,
/// ) -> asgi::Result {
///     let now = counters.read();
///     let text = format!(
///         "http_connections {}\nhttp_requests_total {}\nhttp_sent_bytes_total {}\n",
///         now.connections, now.requests, now.bytes_written,
///     );
///     PlainTextResponse::new(text).call(scope, receive, send).await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let counters = ServerCounters::new();
/// let server = Server::bind("127.0.0.1:0").await?.counters(&counters);
/// let app = move |scope, receive, send| metrics(counters.clone(), scope, receive, send);
/// # drop((server, app));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerCounters(Arc<Counted>);

/// What a server has done so far, and has open now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounts {
    /// Connections that are open now.
    pub connections: u64,
    /// Connections that were accepted.
    pub accepted: u64,
    /// Requests that have come. One whose head cannot be read is none.
    pub requests: u64,
    /// Requests that are being answered now.
    pub answering: u64,
    /// Those of them that came by HTTP/2, as streams of it.
    pub streams: u64,
    /// Answers that say that the client is at fault: 400 to 499.
    pub client_errors: u64,
    /// Answers that say that the server is at fault: 500 and above.
    pub server_errors: u64,
    /// Answers that the application has broken off after their head.
    pub failed: u64,
    /// Answers that were not taken to their end: the client has left or was given up, or the server's time
    /// was over.
    pub cut: u64,
    /// Bytes that clients have sent, heads and all, without what TLS adds.
    pub bytes_read: u64,
    /// Bytes that were sent to clients, heads and all, without what TLS adds.
    pub bytes_written: u64,
}

/// The same numbers, as they are counted.
#[derive(Debug, Default)]
struct Counted {
    connections: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
    answering: AtomicU64,
    streams: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    failed: AtomicU64,
    cut: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

impl ServerCounters {
    /// Makes counters that stand at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads them. Each number is right, but one may be read a moment before another.
    #[must_use]
    pub fn read(&self) -> ServerCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counted = &*self.0;
        ServerCounts {
            connections: read(&counted.connections),
            accepted: read(&counted.accepted),
            requests: read(&counted.requests),
            answering: read(&counted.answering),
            streams: read(&counted.streams),
            client_errors: read(&counted.client_errors),
            server_errors: read(&counted.server_errors),
            failed: read(&counted.failed),
            cut: read(&counted.cut),
            bytes_read: read(&counted.bytes_read),
            bytes_written: read(&counted.bytes_written),
        }
    }

    /// A connection is open, until what this returns is dropped.
    pub(super) fn connect(&self) -> Connected {
        add(&self.0.accepted, 1);
        add(&self.0.connections, 1);
        Connected(self.clone())
    }

    /// A request has come.
    pub(super) fn begin(&self, is_stream: bool) {
        add(&self.0.requests, 1);
        add(&self.0.answering, 1);
        add(&self.0.streams, u64::from(is_stream));
    }

    /// The answer to a request is over.
    pub(super) fn end(&self, is_stream: bool, status: Option<u16>, ended: Ended) {
        subtract(&self.0.answering, 1);
        subtract(&self.0.streams, u64::from(is_stream));
        match status {
            Some(400..500) => add(&self.0.client_errors, 1),
            Some(500..) => add(&self.0.server_errors, 1),
            _ => {}
        }
        match ended {
            Ended::Complete => {}
            Ended::Failed => add(&self.0.failed, 1),
            Ended::Cut => add(&self.0.cut, 1),
        }
    }

    pub(super) fn count_read(&self, bytes: usize) {
        add(&self.0.bytes_read, bytes as u64);
    }

    pub(super) fn count_written(&self, bytes: usize) {
        add(&self.0.bytes_written, bytes as u64);
    }
}

/// How an answer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Complete,
    Failed,
    Cut,
}

impl Ended {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Cut => "cut",
        }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Connected(ServerCounters);

impl Drop for Connected {
    fn drop(&mut self) {
        subtract(&self.0.0.connections, 1);
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

fn subtract(counter: &AtomicU64, less: u64) {
    counter.fetch_sub(less, Ordering::Relaxed);
}
