//! One client of an event stream.

use crate::chunks::Chunks;
use crate::events::Events;
use crate::tally::Tally;
use memchr::memmem;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

const READ_LEN: usize = 16 << 10;

pub(crate) struct Listener {
    stream: TcpStream,
    chunks: Chunks,
    events: Events,
    /// What came with the head.
    early: Vec<u8>,
}

impl Listener {
    /// Connects, and returns when the head of the answer has come: the server has subscribed it.
    ///
    /// # Errors
    ///
    /// There is no such answer, or it is no stream of events in chunks.
    pub(crate) async fn connect(port: u16, path: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::with_capacity(READ_LEN);
        let end = loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(unexpected(&answer, "the head of an answer"));
            }
            if let Some(end) = memmem::find(&answer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let early = answer.split_off(end);
        let head = answer.to_ascii_lowercase();
        for part in [
            "http/1.1 200 ",
            "\r\ncontent-type: text/event-stream",
            "\r\ntransfer-encoding: chunked\r\n",
        ] {
            if memmem::find(&head, part.as_bytes()).is_none() {
                return Err(unexpected(&answer, part.trim()));
            }
        }
        Ok(Self {
            stream,
            chunks: Chunks::START,
            events: Events::default(),
            early,
        })
    }

    /// Reads until so many events have come.
    ///
    /// # Errors
    ///
    /// The stream ended before, or more of them came.
    pub(crate) async fn hear(&mut self, events: usize, tally: &Tally) -> io::Result<()> {
        let early = std::mem::take(&mut self.early);
        let mut heard = match early.len() {
            0 => 0,
            _ => self.take(&early, tally)?,
        };
        while heard < events {
            match self.read(tally).await? {
                Some(more) => heard += more,
                None => return Err(wrong_number(heard, events)),
            }
        }
        if heard == events {
            Ok(())
        } else {
            Err(wrong_number(heard, events))
        }
    }

    /// Reads to the end of the stream.
    ///
    /// # Errors
    ///
    /// There were events before it.
    pub(crate) async fn end(mut self, tally: &Tally) -> io::Result<()> {
        while let Some(more) = self.read(tally).await? {
            if more > 0 {
                return Err(wrong_number(more, 0));
            }
        }
        Ok(())
    }

    /// Reads once; returns how many events came, or nothing at the end of the stream.
    async fn read(&mut self, tally: &Tally) -> io::Result<Option<usize>> {
        if self.chunks == Chunks::Ended {
            return Ok(None);
        }
        poll_fn(|context| {
            // Held by no one while others run, and not cleared: a thousand listeners share it.
            let mut memory = [MaybeUninit::uninit(); READ_LEN];
            let mut buffer = ReadBuf::uninit(&mut memory);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            Poll::Ready(match buffer.filled() {
                [] => Err(io::Error::other("the stream was cut off")),
                bytes => self.take(bytes, tally).map(Some),
            })
        })
        .await
    }

    fn take(&mut self, bytes: &[u8], tally: &Tally) -> io::Result<usize> {
        let mut heard = 0;
        let events = &mut self.events;
        self.chunks.decode(bytes, |piece| {
            events.find(piece, |data| {
                heard += 1;
                tally.event(data);
            });
        })?;
        tally.read(bytes.len());
        Ok(heard)
    }
}

pub(crate) fn unexpected(answer: &[u8], expected: &str) -> io::Error {
    let found = String::from_utf8_lossy(answer);
    io::Error::other(format!("expected {expected}, but found {found:?}"))
}

fn wrong_number(found: usize, expected: usize) -> io::Error {
    io::Error::other(format!("expected {expected} events, but found {found}"))
}
