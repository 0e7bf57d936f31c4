//! Listening, and accepting connections.

use super::connections::Connections;
use super::transport::Transport;
#[cfg(unix)]
use super::unix_socket::SocketFile;
use crate::asgi::Ends;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs, lookup_host};

/// Listens at the first address that can be had; the error names the last that cannot.
pub(super) async fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let addresses = lookup_host(address).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot find the address to listen at: {error}"),
        )
    })?;
    let mut failed = None;
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => {
                let text = format!("cannot listen at {address}: {error}");
                failed = Some(io::Error::new(error.kind(), text));
            }
        }
    }
    Err(failed.unwrap_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "no address to listen at was given",
        )
    }))
}

/// What a server listens by.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        /// Removed before the listener is closed, if it is the server's to remove.
        _file: Option<SocketFile>,
        listener: UnixListener,
    },
}

impl Listener {
    /// Returns the address, or the path where there is one.
    pub(super) fn ends(&self) -> Ends {
        match self {
            Self::Tcp(listener) => Ends {
                server: listener.local_addr().ok(),
                ..Ends::default()
            },
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ends {
                server_path: listener
                    .local_addr()
                    .ok()
                    .and_then(|address| Some(address.as_pathname()?.into())),
                ..Ends::default()
            },
        }
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            #[cfg(unix)]
            Self::Unix { .. } => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the server listens at a Unix socket, which has a path and no address",
            )),
        }
    }

    /// Accepts the next connection, once there is room for it. Where no descriptors remain, another
    /// connection gives way, or one must end first.
    pub(super) async fn accept(
        &self,
        connections: &Connections,
    ) -> (Transport, Option<SocketAddr>) {
        loop {
            match self.accept_once().await {
                Ok(accepted) => {
                    connections.room().await;
                    return accepted;
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) if connections.make_room() => tokio::task::yield_now().await,
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn accept_once(&self) -> io::Result<(Transport, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, client) = listener.accept().await?;
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY cannot be set");
                }
                Ok((Transport::Tcp(stream), Some(client)))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Transport::Unix(stream), None))
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

const PAUSE: Duration = Duration::from_millis(100);
