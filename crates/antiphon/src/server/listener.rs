//! Accepting connections.

use super::connections::Connections;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

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
