//! The embedded server, over hyper-util: HTTP/1.1 and HTTP/2 without TLS (h2c).

mod app_call;
mod exchange;
mod failure;
mod length;
mod preface;
mod request_head;
mod socket;
mod wake_source;

use crate::asgi::{self, App, Receive, Scope};
use crate::body::Body;
use crate::content::file_buffer::CHUNK_LEN;
use crate::content::send_deadline;
use crate::response::error_pages;
use crate::shutdown::Shutdown;
use app_call::AppCall;
use exchange::Exchange;
use http::{Method, StatusCode};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use preface::{Preface, preface};
use socket::Socket;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio_util::task::TaskTracker;

/// Serves `app` at `address` until SIGINT, SIGTERM or [`shutdown`](crate::shutdown()), then finishes what
/// is in flight.
///
/// The defaults of [`Server`].
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
pub async fn serve(address: impl ToSocketAddrs + fmt::Display, app: impl App) -> io::Result<()> {
    Server::bind(address).await?.serve(app).await
}

/// A server that listens: HTTP/1.1 and h2c on one port, `TCP_NODELAY`, graceful shutdown, which ends event
/// streams and waits for all else.
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
///     .shutdown_deadline(Duration::from_secs(5))
///     .shutdown_on(async { /* a signal of your own */ });
/// println!("http://{}", server.local_addr()?);
/// server.serve(PlainTextResponse::new("hi")).await
/// # }).unwrap();
/// ```
pub struct Server {
    listener: TcpListener,
    deadline: Duration,
    shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Server {
    /// Listens at `address`; port 0 takes any free one.
    ///
    /// # Errors
    ///
    /// The address is taken, is not this machine's, or may not be used; the error names it.
    pub async fn bind(address: impl ToSocketAddrs + fmt::Display) -> io::Result<Self> {
        let listener = TcpListener::bind(&address).await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen at {address}: {error}"))
        })?;
        Ok(Self {
            listener,
            deadline: SHUTDOWN_DEADLINE,
            shutdown: None,
        })
    }

    /// Returns the address that the server listens at.
    ///
    /// # Errors
    ///
    /// The operating system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Limits how long requests and background tasks in flight may take after the shutdown has begun; 30
    /// seconds by default. What remains then is cut.
    #[must_use]
    pub const fn shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Begins the shutdown when `signal` completes, instead of on SIGINT or SIGTERM. It begins with
    /// [`shutdown`](crate::shutdown()) too.
    #[must_use]
    pub fn shutdown_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown = Some(Box::pin(signal));
        self
    }

    /// Serves `app` until the shutdown.
    ///
    /// # Errors
    ///
    /// The signal handlers cannot be installed. An error of one connection is logged and does not
    /// end the server.
    pub async fn serve(self, app: impl App) -> io::Result<()> {
        let mut shutdown = match self.shutdown {
            Some(signal) => signal,
            None => Box::pin(signals()?),
        };
        let service = Arc::new(app);
        let server = self.listener.local_addr().ok();
        let connections = GracefulShutdown::new();
        let (tasks, stopping) = (TaskTracker::new(), Shutdown::new());
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).max_buf_size(MAX_BUFFERED);
        let mut http2 = http2::Builder::new(Requests);
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .max_send_buf_size(MAX_BUFFERED);
        let protocols = Arc::new(Protocols { http1, http2 });

        loop {
            let (stream, client) = tokio::select! {
                accepted = accept(&self.listener) => accepted,
                () = &mut shutdown => break,
                () = stopping.begun() => break,
            };
            let service = Connection {
                app: Arc::clone(&service),
                client: Some(client),
                server,
                tasks: tasks.clone(),
                stopping: stopping.clone(),
            };
            let protocols = Arc::clone(&protocols);
            let (watcher, stopping) = (connections.watcher(), stopping.clone());
            tokio::spawn(async move {
                let preface = tokio::select! {
                    preface = preface(&stream) => preface,
                    () = stopping.begun() => return,
                };
                let ended = match preface {
                    Ok(Preface::Http1) => {
                        let socket = TokioIo::new(Socket(stream));
                        let connection = protocols.http1.serve_connection(socket, service);
                        send_deadline::bounded(watcher.watch(connection)).await
                    }
                    Ok(Preface::Http2) => {
                        let socket = TokioIo::new(stream);
                        let connection = protocols.http2.serve_connection(socket, service);
                        // On the heap: it is large, and most connections are none.
                        Ok(Box::pin(watcher.watch(connection)).await)
                    }
                    Err(error) => return tracing::debug!(%error, "a connection ended early"),
                };
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::debug!(error = %Causes(&error), "a connection ended early");
                    }
                    Err(error) => tracing::warn!(%error, "a connection was cut"),
                }
            });
        }

        drop(self.listener);
        stopping.begin();
        tasks.close();
        let finish = async {
            connections.shutdown().await;
            tasks.wait().await;
        };
        if tokio::time::timeout(self.deadline, finish).await.is_err() {
            tracing::warn!("the shutdown's deadline has passed; what was in flight is cut");
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("listener", &self.listener)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The settings of each protocol.
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<Requests>,
}

/// Accepts the next connection. Waits a little if no descriptors remain, since others must end first.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY cannot be set");
                }
                return (stream, client);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// Runs the requests of HTTP/2 connections, each as a task.
#[derive(Clone, Copy, Debug)]
struct Requests;

impl<F> Executor<F> for Requests
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, request: F) {
        tokio::spawn(async move {
            if let Err(error) = send_deadline::bounded(request).await {
                tracing::warn!(%error, "a request was reset");
            }
        });
    }
}

/// The service of one connection: calls the application for each request.
struct Connection<A> {
    app: Arc<A>,
    client: Option<SocketAddr>,
    server: Option<SocketAddr>,
    tasks: TaskTracker,
    stopping: Shutdown,
}

impl<A: App> Service<http::Request<Incoming>> for Connection<A> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Respond;

    fn call(&self, request: http::Request<Incoming>) -> Respond {
        let (mut parts, body) = request.into_parts();
        if let Some(refusal) = request_head::refuse(&parts) {
            return Respond::Refused(Some(refusal));
        }
        request_head::complete(&mut parts);
        let asked = (parts.method.clone(), parts.uri.path_and_query().cloned());
        let scope = Scope::new(parts, self.client, self.server, self.stopping.clone());
        let exchange = Arc::new(Exchange::new(asked.0 == Method::HEAD));
        let send = asgi::Send::to_peer(exchange.clone());
        let receive = Receive::from_hyper(body);
        let app = catch_unwind(AssertUnwindSafe(|| self.app.call(scope, receive, send)));
        let app: Pin<Box<dyn Future<Output = asgi::Result> + Send>> = match app {
            Ok(app) => Box::pin(app),
            Err(panic) => Box::pin(async move { std::panic::resume_unwind(panic) }),
        };
        Respond::Asked(AppCall::new(app, exchange, asked, self.tasks.clone()))
    }
}

/// The future of one response.
enum Respond {
    Asked(AppCall),
    Refused(Option<StatusCode>),
}

impl Future for Respond {
    type Output = Result<http::Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Asked(call) => call.poll_response(context).map(Ok),
            Self::Refused(status) => Poll::Ready(Ok(error_pages::bare(
                status.take().unwrap_or(StatusCode::BAD_REQUEST),
            ))),
        }
    }
}

/// Completes at SIGINT or SIGTERM, or Ctrl-C on systems that have no signals.
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
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

const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(30);
/// How much of a response may wait for a client that reads slowly before hyper asks for more: a chunk of
/// a file. It bounds a request's head too.
const MAX_BUFFERED: usize = CHUNK_LEN;
/// How often an idle HTTP/2 connection is asked whether it is there.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
