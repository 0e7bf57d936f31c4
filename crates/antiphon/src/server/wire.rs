//! A connection as it is read and written: in the clear, or by TLS.

#[cfg(feature = "tls")]
use super::encrypted::Encrypted;
use super::transport::Transport;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What hyper's bytes go through.
#[derive(Debug)]
pub(super) enum Wire {
    Clear(Transport),
    #[cfg(feature = "tls")]
    Tls(Box<Encrypted>),
}

macro_rules! on_wire {
    ($wire:expr, $inner:ident => $call:expr) => {
        match $wire {
            Wire::Clear($inner) => $call,
            #[cfg(feature = "tls")]
            Wire::Tls($inner) => $call,
        }
    };
}

impl Wire {
    /// The socket beneath.
    pub(super) fn transport(&self) -> &Transport {
        match self {
            Self::Clear(transport) => transport,
            #[cfg(feature = "tls")]
            Self::Tls(encrypted) => encrypted.transport(),
        }
    }

    /// The socket beneath, to read what nobody wants.
    pub(super) fn transport_mut(&mut self) -> &mut Transport {
        match self {
            Self::Clear(transport) => transport,
            #[cfg(feature = "tls")]
            Self::Tls(encrypted) => encrypted.transport_mut(),
        }
    }

    /// Returns the protocol that client and server have agreed upon, as ALPN names it.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        match self {
            Self::Clear(_) => None,
            #[cfg(feature = "tls")]
            Self::Tls(encrypted) => encrypted.protocol(),
        }
    }

    pub(super) const fn is_tls(&self) -> bool {
        match self {
            Self::Clear(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(_) => true,
        }
    }

    /// Tells whether the socket has taken something since this was asked last. TLS takes some bytes that
    /// the socket does not take, and has more to write than was written; without it, a write tells.
    pub(super) fn has_moved(&mut self, is_written: bool) -> bool {
        match self {
            Self::Clear(_) => is_written,
            #[cfg(feature = "tls")]
            Self::Tls(encrypted) => encrypted.has_moved(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_wire!(&mut *self, inner => Pin::new(inner).poll_read(context, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_wire!(&mut *self, inner => Pin::new(inner).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_wire!(&mut *self, inner => Pin::new(inner).poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        on_wire!(self, inner => inner.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(&mut *self, inner => Pin::new(inner).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_wire!(&mut *self, inner => Pin::new(inner).poll_shutdown(context))
    }
}
