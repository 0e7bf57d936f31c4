//! The embedded server, over hyper-util: HTTP/1.1 and HTTP/2, in the clear (h2c) and by TLS.

mod app_call;
#[cfg(feature = "tower")]
mod app_service;
mod client;
mod connection;
mod connections;
mod counters;
#[cfg(feature = "tls")]
mod encrypted;
mod exchange;
mod failure;
mod length;
mod limits;
mod listener;
mod outgoing;
mod persistence;
mod preface;
mod presence;
mod record;
mod request_content;
mod request_head;
mod request_span;
mod service;
mod signals;
mod socket;
mod stall;
mod tasks;
#[cfg(feature = "tls")]
mod tls;
mod transport;
#[cfg(unix)]
mod unix_socket;
mod wake_source;
mod wire;

#[cfg(feature = "tower")]
pub use app_service::AppService;
pub use counters::{ServerCounters, ServerCounts};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};

use crate::asgi::{App, Ends};
use crate::content::relief;
use crate::shutdown::Shutdown;
use client::Client;
use connection::Protocols;
use connections::Connections;
use limits::Limits;
use listener::Listener;
use record::Watch;
use service::Shared;
use signals::Signals;
use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tasks::{CutOnDrop, Tasks};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs};

/// Serves `app` at `address` until SIGINT, SIGTERM or [`shutdown`](crate::shutdown()), then finishes what
/// is in flight.
///
/// The address may be text with a port, `("127.0.0.1", 8000)`, a `SocketAddr`, or whatever else implements
/// [`ToSocketAddrs`]. The defaults are those of [`Server`].
///
/// # Errors
///
/// The address cannot be listened on; the error says which, and why.
///
/// # Examples
///
/// ```no_run
/// use antiphon::PlainTextResponse;
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     antiphon::serve("127.0.0.1:8000", PlainTextResponse::new("hi")).await
/// }
/// ```
pub async fn serve(address: impl ToSocketAddrs, app: impl App) -> io::Result<()> {
    Server::bind(address).await?.serve(app).await
}

/// A server that listens: HTTP/1.1 and HTTP/2 on one port, `TCP_NODELAY`, graceful shutdown, which ends event
/// streams and waits for all else. With the feature `tls` it speaks TLS.
///
/// # Bounds
///
/// Every wait for a client ends, and nobody takes all there is. These are the defaults; a
/// [`Duration::MAX`] is no bound.
///
/// | what                             | default                          | after that                      |
/// |----------------------------------|----------------------------------|---------------------------------|
/// | [`head_timeout`]                 | 30 s                             | the connection is cut           |
/// | [`content_timeout`]              | 60 s, and 1 s for each 500 bytes | 408                             |
/// | [`write_timeout`]                | 60 s                             | the connection is cut           |
/// | [`keep_alive_timeout`]           | 75 s                             | the connection ends             |
/// | [`max_head_len`]                 | 64 KiB                           | 431                             |
/// | [`max_head_fields`]              | 100                              | 431                             |
/// | [`max_connections`]              | 7/8 of the descriptors           | idle ones end, then others wait |
/// | [`max_streams_per_connection`]   | 100                              | HTTP/2's refusal                |
/// | [`max_streams`]                  | half of the descriptors          | stalled ones end, then 503      |
/// | [`shutdown_deadline`]            | 30 s                             | what is in flight is cut        |
///
/// An application that lets a request wait is not bounded: only it knows for what.
///
/// A client that shuts its sending side down is taken for gone if its answer is not there, and nothing of
/// it was read, for half a second.
///
/// [`head_timeout`]: Self::head_timeout
/// [`content_timeout`]: Self::content_timeout
/// [`write_timeout`]: Self::write_timeout
/// [`keep_alive_timeout`]: Self::keep_alive_timeout
/// [`max_head_len`]: Self::max_head_len
/// [`max_head_fields`]: Self::max_head_fields
/// [`max_connections`]: Self::max_connections
/// [`max_streams_per_connection`]: Self::max_streams_per_connection
/// [`max_streams`]: Self::max_streams
/// [`shutdown_deadline`]: Self::shutdown_deadline
///
/// # Examples
///
/// ```
/// use antiphon::{PlainTextResponse, Server};
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let server = Server::bind("127.0.0.1:0")
///     .await?
///     .write_timeout(Duration::from_secs(20))
///     .shutdown_deadline(Duration::from_secs(5))
///     .shutdown_on(async { /* a signal of your own */ });
/// println!("http://{}", server.local_addr()?);
/// server.serve(PlainTextResponse::new("hi")).await
/// # }).unwrap();
/// ```
pub struct Server {
    listener: Listener,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    limits: Limits,
    watch: Watch,
    shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Server {
    /// Listens at `address`; port 0 takes any free one.
    ///
    /// # Errors
    ///
    /// The address is taken, is not this machine's, or may not be used; the error names it.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        listener::bind(address).await.map(Self::from)
    }

    /// Listens at a Unix socket of this path, for a proxy on the same machine.
    ///
    /// A socket that nobody listens at, left by a process that was killed, is replaced. One at which another
    /// server listens is an error, and so is a file that is none. The path is removed when the server has
    /// ended, or is dropped, unless something else lies there by then.
    ///
    /// The socket has the permissions that the process's umask leaves; who may not write to it cannot
    /// connect. To let others, set them: `std::fs::set_permissions(path, Permissions::from_mode(0o666))`.
    ///
    /// A request's [`client`](crate::asgi::Scope::client) is `None` then, and its
    /// [`server_path`](crate::asgi::Scope::server_path) is the path.
    ///
    /// # Errors
    ///
    /// The path is taken, too long for a socket (107 bytes on Linux), or may not be written; the error names
    /// it.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon::Server;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let path = std::env::temp_dir().join(format!("antiphon-{}.sock", std::process::id()));
    /// let server = Server::bind_unix(&path).await?;
    /// assert!(path.exists());
    /// drop(server);
    /// assert!(!path.exists());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(unix)]
    pub async fn bind_unix(path: impl AsRef<Path>) -> io::Result<Self> {
        let (listener, file) = unix_socket::bind(path.as_ref()).await?;
        Ok(Self::new(Listener::Unix {
            _file: Some(file),
            listener,
        }))
    }

    /// Returns the address that the server listens at.
    ///
    /// # Errors
    ///
    /// The operating system does not tell, or the server listens at a Unix socket, which has none.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Limits how long a client may take to send a request's head, from its first byte; a new connection
    /// has as long for all of its first one. 30 seconds by default.
    #[must_use]
    pub const fn head_timeout(mut self, timeout: Duration) -> Self {
        self.limits.head_timeout = timeout;
        self
    }

    /// Limits how long an application waits for the content of a request, all in all; 60 seconds by
    /// default, and one more for each 500 bytes that have come. While the application does not ask for
    /// content, the time stands still.
    ///
    /// After that [`Receive::receive`](crate::asgi::Receive::receive) fails, and an application that
    /// returns the error has the server answer 408.
    #[must_use]
    pub const fn content_timeout(mut self, timeout: Duration) -> Self {
        self.limits.content_timeout = timeout;
        self
    }

    /// Limits how long a client may read nothing although there is something to read; 60 seconds by
    /// default. Each byte that it reads begins the time anew.
    ///
    /// Of an HTTP/2 request only the answer is cut. A response can set a shorter time for itself, its
    /// `send_timeout`.
    #[must_use]
    pub const fn write_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write_timeout = timeout;
        self
    }

    /// Limits how long a connection waits for another request; 75 seconds by default. It should be longer
    /// than that of a proxy before the server, which would otherwise send a request as it ends.
    #[must_use]
    pub const fn keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.limits.keep_alive_timeout = timeout;
        self
    }

    /// Limits the bytes of a request's head; 64 KiB by default. No less than 8 KiB are taken.
    #[must_use]
    pub const fn max_head_len(mut self, bytes: usize) -> Self {
        self.limits.head_len = if bytes < MIN_HEAD_LEN {
            MIN_HEAD_LEN
        } else {
            bytes
        };
        self
    }

    /// Limits the header fields of a request; 100 by default.
    #[must_use]
    pub const fn max_head_fields(mut self, fields: usize) -> Self {
        self.limits.head_fields = fields;
        self
    }

    /// Limits the connections that are open at a time; by default to seven eighths of the descriptors that
    /// the process may have open, and 65,536.
    ///
    /// When another comes, the connection ends for whose client the server has waited longest, for a
    /// second at least: for a request, for its content, or for room to write. If there is none, the new
    /// one waits. The same happens where no descriptors remain, also for a file to be sent.
    #[must_use]
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// Limits the requests that are open at a time on an HTTP/2 connection; 100 by default.
    #[must_use]
    pub const fn max_streams_per_connection(mut self, streams: u32) -> Self {
        self.limits.streams_per_connection = streams;
        self
    }

    /// Limits the requests that are open at a time on all HTTP/2 connections; by default to half of the
    /// descriptors that the process may have open, and 65,536.
    ///
    /// When another comes, of the connection that has most of them the answer is cut that has been left
    /// lying longest, for a second at least. If there is none, or the new one is of that connection, it is
    /// answered with 503.
    #[must_use]
    pub const fn max_streams(mut self, streams: usize) -> Self {
        self.limits.streams = streams;
        self
    }

    /// Limits how long requests and background tasks in flight may take after the shutdown has begun; 30
    /// seconds by default. What remains then is cut.
    #[must_use]
    pub const fn shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.limits.shutdown_deadline = deadline;
        self
    }

    /// Begins the shutdown when `signal` completes, instead of on SIGINT or SIGTERM. It begins with
    /// [`shutdown`](crate::shutdown()) too.
    #[must_use]
    pub fn shutdown_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown = Some(Box::pin(signal));
        self
    }

    /// Speaks TLS with every client, with this certificate: HTTP/2 or HTTP/1.1, as the client wants.
    ///
    /// The handshake counts as a part of the first request's head, so its client has the
    /// [`head_timeout`](Self::head_timeout) for both. A client that speaks HTTP without TLS is told so, by a
    /// 400. To serve both, let another `Server` listen at another port.
    ///
    /// A request's [`scheme`](crate::asgi::Scope::scheme) is `https` then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use antiphon::{PlainTextResponse, Server, Tls};
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let tls = Tls::from_pem("fullchain.pem", "privkey.pem")?;
    ///     let server = Server::bind("0.0.0.0:443").await?.tls(tls);
    ///     server.serve(PlainTextResponse::new("hi")).await?;
    ///     Ok(())
    /// }
    /// ```
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets whether each request is told to `tracing`; none is by default, and nothing is done for it.
    ///
    /// The application runs in a span `request` then, and when the answer has ended there is an event of the
    /// level INFO. Both have the target `antiphon::access`; with `tracing-subscriber`'s `env-filter` they are
    /// seen from `RUST_LOG=info` on. A request whose head cannot be read has none.
    ///
    /// | field         | what it is                                                                          |
    /// |---------------|-------------------------------------------------------------------------------------|
    /// | `method`      | as the client has sent it                                                           |
    /// | `target`      | path and query, as the client has sent them                                         |
    /// | `status`      | that of the answer; none if the client left before there was one                    |
    /// | `bytes`       | of content, as they were handed to the connection                                   |
    /// | `duration_ms` | from the head of the request to the end of the answer, in milliseconds              |
    /// | `ended`       | `complete`; `failed` if the application broke the answer off after its head; `cut` if the client has left or was given up, or the server's time was over |
    /// | `client`      | the address of the other end, where there is one                                    |
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use antiphon::{PlainTextResponse, Server};
    ///
    /// #[tokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     tracing_subscriber::fmt::init();
    ///     let server = Server::bind("127.0.0.1:8000").await?.access_log(true);
    ///     server.serve(PlainTextResponse::new("hi")).await
    /// }
    /// ```
    #[must_use]
    pub const fn access_log(mut self, is_on: bool) -> Self {
        self.watch.access_log = is_on;
        self
    }

    /// Counts connections, requests and bytes in `counters`, which can be read meanwhile. Nothing is counted
    /// by default.
    #[must_use]
    pub fn counters(mut self, counters: &ServerCounters) -> Self {
        self.watch.counters = Some(counters.clone());
        self
    }

    /// Serves `app` until the shutdown. A second SIGINT or SIGTERM cuts what is in flight, as the deadline
    /// does. A future that is dropped does, too.
    ///
    /// # Errors
    ///
    /// The signal handlers cannot be installed. An error of one connection is logged and does not
    /// end the server.
    pub async fn serve(self, app: impl App) -> io::Result<()> {
        let mut signals = match self.shutdown {
            Some(_) => None,
            None => Some(Signals::listen()?),
        };
        let mut shutdown = self.shutdown;
        let tasks = Tasks::default();
        let _cut_on_drop = CutOnDrop(tasks.clone());
        let limits = Arc::new(self.limits);
        let protocols = Arc::new(Protocols::new(&limits, &tasks));
        let shared = Arc::new(Shared {
            app,
            #[cfg(feature = "tls")]
            tls: self.tls,
            connections: Arc::new(Connections::new(Arc::clone(&limits))),
            limits,
            watch: self.watch,
            tasks: tasks.clone(),
            stopping: Shutdown::new(),
        });
        relief::register(&shared.connections);
        let own_end = self.listener.ends();

        loop {
            let (transport, address) = tokio::select! {
                accepted = self.listener.accept(&shared.connections) => accepted,
                () = told(&mut signals, &mut shutdown) => break,
                () = shared.stopping.begun() => break,
            };
            let client = Arc::new(Client::new(shared.stopping.clone()));
            let seat = shared.connections.seat(&client);
            let number = seat.number;
            let ends = Ends {
                client: address,
                ..own_end.clone()
            };
            let (shared_too, protocols) = (Arc::clone(&shared), Arc::clone(&protocols));
            let task = tasks.spawn(async move {
                let _seat = seat;
                connection::serve(transport, ends, client, shared_too, protocols).await;
            });
            shared.connections.set_task(number, task);
        }

        drop(self.listener);
        shared.stopping.begin();
        shared.connections.begin_shutdown();
        let deadline = tokio::time::sleep(shared.limits.shutdown_deadline);
        tokio::select! {
            () = tasks.ended() => return Ok(()),
            () = deadline => {
                tracing::warn!("the shutdown's deadline has passed; what was in flight is cut");
            }
            () = told_again(&mut signals) => {
                tracing::warn!("another signal has come; what was in flight is cut");
            }
        }
        tasks.cut();
        // Whoever blocks a thread of the runtime's cannot be ended.
        if tokio::time::timeout(CUTTING, tasks.ended()).await.is_err() {
            tracing::error!("some tasks do not end: they block threads of the runtime");
        }
        Ok(())
    }
}

/// Completes when the shutdown is to begin.
async fn told(
    signals: &mut Option<Signals>,
    shutdown: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
) {
    match shutdown {
        Some(shutdown) => shutdown.await,
        None => told_again(signals).await,
    }
}

/// Completes with the next signal, if the server listens for them.
async fn told_again(signals: &mut Option<Signals>) {
    match signals {
        Some(signals) => signals.next().await,
        None => pending().await,
    }
}

impl Server {
    fn new(listener: Listener) -> Self {
        Self {
            listener,
            #[cfg(feature = "tls")]
            tls: None,
            limits: Limits::default(),
            watch: Watch::default(),
            shutdown: None,
        }
    }
}

/// A server of a listener that the program has made, with options of its own.
impl From<TcpListener> for Server {
    fn from(listener: TcpListener) -> Self {
        Self::new(Listener::Tcp(listener))
    }
}

/// A server of a listener of the standard library, such as one that was inherited from systemd or another
/// process that starts this one.
///
/// # Errors
///
/// There is no tokio runtime, or the operating system refuses the listener.
///
/// # Examples
///
/// A socket that systemd has opened, by the crate `listenfd`:
///
/// ```
/// use antiphon::Server;
/// use listenfd::ListenFd;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let server = match ListenFd::from_env().take_tcp_listener(0)? {
///     Some(inherited) => Server::try_from(inherited)?,
///     None => Server::bind("127.0.0.1:0").await?,
/// };
/// # let _ = server;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
impl TryFrom<std::net::TcpListener> for Server {
    type Error = io::Error;

    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        needs_runtime()?;
        TcpListener::from_std(listener).map(Self::from)
    }
}

/// A server of a Unix socket that the program has made. The program removes its path.
#[cfg(unix)]
impl From<UnixListener> for Server {
    fn from(listener: UnixListener) -> Self {
        Self::new(Listener::Unix {
            _file: None,
            listener,
        })
    }
}

/// A server of a Unix socket of the standard library, such as one that was inherited. Whoever has made it
/// removes its path.
///
/// # Errors
///
/// There is no tokio runtime, or the operating system refuses the listener.
#[cfg(unix)]
impl TryFrom<std::os::unix::net::UnixListener> for Server {
    type Error = io::Error;

    fn try_from(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        needs_runtime()?;
        UnixListener::from_std(listener).map(Self::from)
    }
}

/// Rather than tokio's panic.
fn needs_runtime() -> io::Result<()> {
    tokio::runtime::Handle::try_current()
        .map(drop)
        .map_err(io::Error::other)
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("listener", &self.listener)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// As little as hyper can be told to buffer.
const MIN_HEAD_LEN: usize = 8 << 10;
/// How long tasks that were cut may take to end.
const CUTTING: Duration = Duration::from_secs(1);
