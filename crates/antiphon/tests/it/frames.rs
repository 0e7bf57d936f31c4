//! A client of HTTP/2 that sends what frames it likes.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A connection, by its frames.
pub(crate) struct Frames {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// A frame that was received.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) number: u32,
    pub(crate) content: Vec<u8>,
}

impl Frames {
    /// Connects, with such a window for each answer.
    pub(crate) async fn connect(address: SocketAddr, window: u32) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let read = Vec::new();
        let mut frames = Self { stream, read };
        let mut settings = vec![0, 4];
        settings.extend(window.to_be_bytes());
        let mut first = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        first.extend(frame(SETTINGS, 0, 0, &settings));
        frames.stream.write_all(&first).await.unwrap();
        frames
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Asks for a path.
    pub(crate) async fn ask(&mut self, number: u32, path: &str) {
        let ask = frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            number,
            &head("GET", path),
        );
        self.send(&ask).await.unwrap();
    }

    /// Returns the next frame; `None` at the end, or if the connection was reset.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = self.read.first_chunk::<9>() {
                let length =
                    usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
                let (kind, flags) = (head[3], head[4]);
                let number = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
                if self.read.len() >= 9 + length {
                    let mut frame = self.read.split_off(9 + length);
                    std::mem::swap(&mut frame, &mut self.read);
                    let content = frame.split_off(9);
                    return Some(Frame {
                        kind,
                        flags,
                        number,
                        content,
                    });
                }
            }
            let read = self.stream.read_buf(&mut self.read);
            let read = tokio::time::timeout(Duration::from_secs(10), read).await;
            match read.expect("no frame in time") {
                Ok(1..) => {}
                Ok(0) | Err(_) => return None,
            }
        }
    }

    /// Returns the next frame of this kind, of any stream.
    pub(crate) async fn next_of(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }
}

/// Makes a frame.
pub(crate) fn frame(kind: u8, flags: u8, number: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(number.to_be_bytes());
    frame.extend(content);
    frame
}

/// Makes the head of a request, all of it literal.
pub(crate) fn head(method: &str, path: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in [
        (":method", method),
        (":scheme", "http"),
        (":authority", "a.test"),
        (":path", path),
    ] {
        field(&mut head, name, value);
    }
    head
}

/// Adds a literal field, which is not to be indexed (RFC 7541 §6.2.2).
pub(crate) fn field(head: &mut Vec<u8>, name: &str, value: &str) {
    head.push(0);
    for text in [name, value] {
        match u8::try_from(text.len()) {
            Ok(length @ 0..127) => head.push(length),
            _ => {
                head.push(127);
                let mut rest = text.len() - 127;
                while rest >= 128 {
                    head.push(u8::try_from(rest % 128).unwrap() | 128);
                    rest /= 128;
                }
                head.push(u8::try_from(rest).unwrap());
            }
        }
        head.extend(text.as_bytes());
    }
}
