//! Listening, and accepting connections.

use super::connections::Connections;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host};

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

/// Accepts the next connection, once there is room for it. Where no descriptors remain, another
/// connection gives way, or one must end first.
pub(super) async fn accept(
    listener: &TcpListener,
    connections: &Connections,
) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY cannot be set");
                }
                connections.room().await;
                return (stream, client);
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

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

const PAUSE: Duration = Duration::from_millis(100);
