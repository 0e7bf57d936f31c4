//! A redirect as it was sent. A page does not get to see it: the browser follows at once.

use antiphon::{PlainTextResponse, asgi};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Answers with what this server says to a client that asks it for `/redirect`, byte for byte.
pub(crate) async fn app(
    scope: asgi::Scope,
    receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    let server = scope.server().ok_or("the server's address is not known")?;
    let answer = timeout(PATIENCE, ask(server)).await??;
    PlainTextResponse::new(answer)
        .call(scope, receive, send)
        .await
}

async fn ask(server: SocketAddr) -> io::Result<Vec<u8>> {
    let request = format!("GET /redirect HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

const PATIENCE: Duration = Duration::from_secs(5);
