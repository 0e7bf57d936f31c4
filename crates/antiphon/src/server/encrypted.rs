//! A connection by TLS.

use super::tls::Tls;
use super::transport::Transport;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A connection whose handshake is done.
#[derive(Debug)]
pub(super) struct Encrypted {
    stream: TlsStream<Counted>,
    /// How often the socket had taken something when that was asked last.
    seen: u64,
}

impl Encrypted {
    /// Shakes hands with a client. One that speaks HTTP without TLS is told so.
    pub(super) async fn handshake(mut transport: Transport, tls: &Tls) -> io::Result<Self> {
        let first = match transport.read_u8().await? {
            HANDSHAKE => Some(HANDSHAKE),
            first => {
                if first.is_ascii_uppercase() {
                    let _ = timeout(LINGER, refuse(&mut transport)).await;
                }
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("expected a handshake of TLS, but found the byte {first:#04x}"),
                ));
            }
        };
        let counted = Counted {
            transport,
            first,
            writes: 0,
        };
        let stream = TlsAcceptor::from(tls.config()).accept(counted).await?;
        Ok(Self { stream, seen: 0 })
    }

    /// Returns the protocol that was agreed upon, as ALPN names it.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.stream.get_ref().1.alpn_protocol()
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.stream.get_ref().0.transport
    }

    pub(super) fn transport_mut(&mut self) -> &mut Transport {
        &mut self.stream.get_mut().0.transport
    }

    /// Tells whether the socket has taken something since this was asked last.
    pub(super) fn has_moved(&mut self) -> bool {
        let writes = self.stream.get_ref().0.writes;
        std::mem::replace(&mut self.seen, writes) != writes
    }
}

/// Answers a client that speaks HTTP without TLS, and reads what it has to say, so that it reads the
/// answer.
async fn refuse(transport: &mut Transport) -> io::Result<()> {
    const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\n\
        connection: close\r\n\
        content-type: text/plain; charset=utf-8\r\n\
        content-length: 41\r\n\
        \r\n\
        This port speaks TLS: ask it by https://\n";
    transport.write_all(ANSWER.as_bytes()).await?;
    transport.shutdown().await?;
    while transport.read(&mut [0; 4096]).await? > 0 {}
    Ok(())
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.stream).poll_read(context, buffer)) {
            // A client that leaves without a word has left. HTTP tells by itself where a request ends, so
            // one that was cut short is seen (RFC 9112 §9.8).
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A socket whose writes are counted, and whose first byte was read.
#[derive(Debug)]
struct Counted {
    transport: Transport,
    first: Option<u8>,
    writes: u64,
}

impl Counted {
    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.writes += 1;
        }
        written
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(first) = self.first.take() {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.transport).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.transport).poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.transport).poll_write_vectored(context, pieces);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

/// The type of the record that TLS begins with (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// For how long a client is read that is told that this is no HTTP.
const LINGER: Duration = Duration::from_secs(2);
