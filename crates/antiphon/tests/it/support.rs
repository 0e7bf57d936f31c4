//! A server to ask, a client that shows every byte, and a log to read.

use antiphon::asgi::{Message, SendError};
use antiphon::{Server, asgi};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How often something is tried that fails where the thread is held up for a millisecond.
pub(crate) const TRIES: usize = 100;

/// A server on a free port, which ends with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) ended: JoinHandle<std::io::Result<()>>,
}

pub(crate) async fn start(app: impl asgi::App) -> Running {
    start_with(app, |server| server).await
}

pub(crate) async fn start_with(app: impl asgi::App, set: impl FnOnce(Server) -> Server) -> Running {
    let server = set(Server::bind("127.0.0.1:0").await.unwrap());
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = server.shutdown_on(async {
        let _ = stopped.await;
    });
    Running {
        address,
        stop,
        ended: tokio::spawn(server.serve(app)),
    }
}

/// An answer as it came over the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In order, without `date`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| &**value)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head: String = bytes[..end].iter().copied().map(char::from).collect();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (
                    name.to_ascii_lowercase(),
                    value.trim_matches([' ', '\t']).to_owned(),
                )
            })
            .filter(|(name, _)| name != "date")
            .collect();
        Some(Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        })
    }
}

/// Sends one request on a connection of its own and reads to its end.
pub(crate) async fn ask(address: SocketAddr, method: &str, target: &str) -> Answer {
    let request = format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let bytes = exchange(address, request.as_bytes()).await;
    Answer::parse(&bytes).unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&bytes)))
}

/// Sends bytes and reads what comes back until the connection ends.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // A connection that was cut on purpose may be reset.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    tokio::time::timeout(Duration::from_secs(10), talk)
        .await
        .expect("no answer in time")
}

/// Starts a process that runs one of the ignored tests, which says where it listens.
#[cfg(unix)]
pub(crate) fn process(test: &str) -> (std::process::Child, SocketAddr) {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines
        .find_map(|line| line.unwrap().strip_prefix("at ").map(str::to_owned))
        .unwrap();
    // Whoever writes to a pipe that nobody reads may wait for good.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.parse().unwrap())
}

/// Sends a signal to a process that was started here.
#[cfg(unix)]
pub(crate) fn signal(child: &std::process::Child, signal: &str) {
    let mut kill = std::process::Command::new("kill");
    let status = kill.args(["-s", signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// A client of HTTP/2 on a connection of its own, which lives as long as the client does.
pub(crate) async fn http_2(
    address: SocketAddr,
) -> hyper::client::conn::http2::SendRequest<http_body_util::Empty<bytes::Bytes>> {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    sender
}

/// What was logged on this thread while the guard lives.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A peer that takes `limit` messages and then does `then`.
pub(crate) fn peer(limit: usize, then: Then) -> (asgi::Send, mpsc::UnboundedReceiver<Message>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut taken = 0;
    let send = asgi::Send::from_fn(move |message| {
        taken += 1;
        let outcome = if taken <= limit {
            sender.send(message).unwrap();
            Then::Takes
        } else {
            then
        };
        async move {
            match outcome {
                Then::Takes => Ok(()),
                Then::Stalls => std::future::pending().await,
                Then::Fails => Err(SendError::Disconnected.into()),
            }
        }
    });
    (send, receiver)
}

#[derive(Clone, Copy)]
pub(crate) enum Then {
    Takes,
    Stalls,
    Fails,
}

/// A scope for a request.
pub(crate) fn scope(method: &str) -> asgi::Scope {
    let request = http::Request::builder()
        .method(method)
        .uri("/")
        .body(())
        .unwrap();
    asgi::Scope::from(request.into_parts().0)
}
