//! Which protocol a client speaks.

use super::socket::Socket;
use bytes::BytesMut;
use std::io;
use tokio::io::AsyncReadExt;

/// The protocol that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    Http1,
    Http2,
}

/// Waits for the first bytes of a connection, and puts them back.
///
/// Where ALPN has not `agreed` upon a protocol, they tell: HTTP/2 begins with words that no HTTP/1 request
/// begins with (RFC 9113 §3.4).
pub(super) async fn preface(socket: &mut Socket, agreed: Option<Preface>) -> io::Result<Preface> {
    const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = BytesMut::with_capacity(FIRST_READ);
    let preface = loop {
        let read = socket.read_buf(&mut first).await?;
        if let Some(agreed) = agreed {
            break agreed;
        }
        if first.starts_with(HTTP_2) {
            break Preface::Http2;
        }
        if read == 0 || !HTTP_2.starts_with(&first) {
            break Preface::Http1;
        }
    };
    socket.rewind(first.freeze(), preface == Preface::Http2);
    Ok(preface)
}

/// As much as most requests have.
const FIRST_READ: usize = 1024;
