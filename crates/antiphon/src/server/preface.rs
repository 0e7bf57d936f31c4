//! Which protocol a client speaks.

use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// The protocol that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    Http1,
    Http2,
}

/// Looks at the first bytes of a connection, and leaves them to be read.
///
/// HTTP/2 without TLS begins with words that no HTTP/1 request begins with (RFC 9113 §3.4).
pub(super) async fn preface(stream: &TcpStream) -> io::Result<Preface> {
    const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let look = async {
        let mut first = [0; HTTP_2.len()];
        loop {
            let seen = stream.peek(&mut first).await?;
            if seen == HTTP_2.len() && first == HTTP_2 {
                return Ok(Preface::Http2);
            }
            if seen == 0 || !HTTP_2.starts_with(&first[..seen]) {
                return Ok(Preface::Http1);
            }
            // A part of the words is there, and stays there: only time brings the rest.
            tokio::time::sleep(PREFACE_PAUSE).await;
        }
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the client sent nothing");
    tokio::time::timeout(PREFACE_DEADLINE, look)
        .await
        .map_err(|_| late())?
}

/// How long a client may take to show which protocol it speaks; hyper's own limit on a request's head.
const PREFACE_DEADLINE: Duration = Duration::from_secs(30);
const PREFACE_PAUSE: Duration = Duration::from_millis(10);
