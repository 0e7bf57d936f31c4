//! One connection, from its first bytes to its end.

use super::client::Client;
use super::counters::ServerCounters;
#[cfg(feature = "tls")]
use super::encrypted::Encrypted;
use super::limits::{FAREWELL, HEAD_FIELDS, HEAD_LEN, Limits};
use super::preface::{Preface, preface};
use super::service::{Service, Shared};
use super::socket::Socket;
use super::stall;
use super::tasks::Tasks;
use super::transport::Transport;
use super::wire::Wire;
use crate::asgi::{App, Ends};
use crate::content::file_buffer::CHUNK_LEN;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// The settings of each protocol.
#[derive(Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<Requests>,
}

impl Protocols {
    pub(super) fn new(limits: &Limits, tasks: &Tasks) -> Self {
        let mut http1 = http1::Builder::new();
        // The socket has timers of its own.
        http1
            .header_read_timeout(None)
            .max_buf_size(limits.head_len.max(MAX_BUFFERED));
        if limits.head_len != HEAD_LEN {
            http1.max_header_size(limits.head_len);
        }
        if limits.head_fields != HEAD_FIELDS {
            http1.max_headers(limits.head_fields);
        }
        let mut http2 = http2::Builder::new(Requests(tasks.clone()));
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .max_concurrent_streams(limits.streams_per_connection)
            .max_header_list_size(u32::try_from(limits.head_len).unwrap_or(u32::MAX))
            .max_send_buf_size(MAX_BUFFERED);
        Self { http1, http2 }
    }
}

/// Serves one connection until it ends.
pub(super) async fn serve<A: App>(
    transport: Transport,
    mut ends: Ends,
    client: Arc<Client>,
    shared: Arc<Shared<A>>,
    protocols: Arc<Protocols>,
) {
    let counters = shared.watch.counters.as_ref();
    let _connected = counters.map(ServerCounters::connect);
    let limits = Arc::clone(&shared.limits);
    let stopping = shared.stopping.clone();
    let connected = Instant::now();
    client.wait(connected);
    let wire = tokio::select! {
        wire = open(transport, &shared) => wire,
        () = stopping.begun() => return,
    };
    let wire = match wire {
        Ok(wire) => wire,
        Err(error) => return tracing::debug!(%error, "a TLS handshake failed"),
    };
    ends.is_tls = wire.is_tls();
    let agreed = wire.protocol().map(|name| match name {
        b"h2" => Preface::Http2,
        _ => Preface::Http1,
    });
    let mut socket = Socket::new(wire, Arc::clone(&client), limits, connected);
    socket.count(counters);
    let service = Service {
        shared: Arc::clone(&shared),
        client: Arc::clone(&client),
        ends,
    };
    let preface = tokio::select! {
        preface = preface(&mut socket, agreed) => preface,
        () = stopping.begun() => return,
    };
    let ended = match preface {
        Ok(Preface::Http1) => {
            let connection = protocols
                .http1
                .serve_connection(TokioIo::new(socket), service);
            until_stopped(pin!(connection), &client, &shared, Preface::Http1).await
        }
        Ok(Preface::Http2) => {
            let connection = protocols
                .http2
                .serve_connection(TokioIo::new(socket), service);
            // On the heap: it is large, and most connections are none.
            until_stopped(
                Box::pin(connection).as_mut(),
                &client,
                &shared,
                Preface::Http2,
            )
            .await
        }
        Err(error) => return tracing::debug!(%error, "a connection ended early"),
    };
    match ended {
        Ok(()) => {}
        Err(error) => tracing::debug!(error = %Causes(&*error), "a connection ended early"),
    }
}

/// Makes of a socket what is read and written.
#[cfg(not(feature = "tls"))]
async fn open<A>(transport: Transport, _: &Shared<A>) -> io::Result<Wire> {
    Ok(Wire::Clear(transport))
}

/// Makes of a socket what is read and written. The handshake has as long as a head.
#[cfg(feature = "tls")]
async fn open<A>(transport: Transport, shared: &Shared<A>) -> io::Result<Wire> {
    let Some(tls) = &shared.tls else {
        return Ok(Wire::Clear(transport));
    };
    // On the heap: it is large, and connections without TLS have none.
    let handshake = Box::pin(Encrypted::handshake(transport, tls));
    let encrypted = tokio::time::timeout(shared.limits.head_timeout, handshake).await;
    Ok(Wire::Tls(Box::new(encrypted??)))
}

/// A connection that can be told to end when it has answered.
trait Graceful: Future<Output = hyper::Result<()>> {
    fn graceful_shutdown(self: Pin<&mut Self>);
}

impl<A: App> Graceful for http1::Connection<TokioIo<Socket>, Service<A>> {
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

impl<A: App> Graceful for http2::Connection<TokioIo<Socket>, Service<A>, Requests> {
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs a connection, and tells it to end when the server does, or when it has been idle for too long.
async fn until_stopped<A: App>(
    mut connection: Pin<&mut impl Graceful>,
    client: &Client,
    shared: &Shared<A>,
    protocol: Preface,
) -> Ended {
    let mut begun = shared.stopping.wait();
    let ended = poll_fn(|context| {
        if let Poll::Ready(ended) = connection.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        if Pin::new(&mut begun).poll(context).is_ready() || client.state().has_expired() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await;
    if let Some(ended) = ended {
        return Ok(ended?);
    }
    connection.as_mut().graceful_shutdown();
    let patience = match protocol {
        // It ends with its answer.
        Preface::Http1 => return Ok(connection.await?),
        Preface::Http2 if client.state().has_expired() => shared.limits.write_timeout,
        Preface::Http2 => FAREWELL,
    };
    // The client is to say that it has seen the end, and to read what still lies there.
    let mut alarm = pin!(tokio::time::sleep(patience));
    let mut last = client.written();
    poll_fn(|context| {
        if let Poll::Ready(ended) = connection.as_mut().poll(context) {
            return Poll::Ready(Ok(ended?));
        }
        while alarm.as_mut().poll(context).is_ready() {
            let written = client.written();
            if written == last && !client.state().is_answered() {
                return Poll::Ready(Err("the client does not let the connection end".into()));
            }
            last = written;
            alarm.set(tokio::time::sleep(patience));
        }
        Poll::Pending
    })
    .await
}

/// Runs the requests of HTTP/2 connections, each as a task.
#[derive(Clone, Debug)]
struct Requests(Tasks);

impl<F> Executor<F> for Requests
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, request: F) {
        self.0.spawn(async move {
            if let Err(error) = stall::bounded(request).await {
                tracing::debug!(%error, "a request was reset");
            }
        });
    }
}

/// An error with what caused it, in one line.
struct Causes<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// How much of a response may wait for a client that reads slowly before hyper asks for more: a chunk of
/// a file.
const MAX_BUFFERED: usize = CHUNK_LEN;
/// How often an HTTP/2 connection is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
