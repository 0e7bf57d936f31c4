//! The connection's socket, as hyper writes to it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A socket to which little pieces that are written together go as one.
///
/// hyper frames a chunk by writing three pieces. For an event of a hundred bytes it costs the kernel
/// more to look at three than it costs us to copy them.
pub(crate) struct Socket(pub(crate) TcpStream);

impl AsyncWrite for Socket {
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.0);
        let length = pieces.iter().map(|piece| piece.len()).sum();
        let mut whole = [0; WORTH_COPYING];
        let Some(whole) = whole.get_mut(..length) else {
            return stream.poll_write_vectored(context, pieces);
        };
        let mut rest = &mut *whole;
        for piece in pieces {
            let (start, end) = rest.split_at_mut(piece.len());
            start.copy_from_slice(piece);
            rest = end;
        }
        stream.poll_write(context, whole)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

const WORTH_COPYING: usize = 1024;
