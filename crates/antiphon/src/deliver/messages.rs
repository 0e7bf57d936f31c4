//! Carrying out a plan by messages.

use super::planned::{Content, Planned};
use crate::asgi::{self, Message, Offers, ScopeType};
use crate::completion::Completion;
use crate::content::file_reader::Reader;
use crate::content::metered::MeteredStream;
use crate::content::opened::Opened;
use antiphon_core::asgi::file_steps::{FileStep, FileSteps};
use antiphon_core::fields::Headers;
use antiphon_core::response::file::FileContent;
use bytes::Bytes;
use futures_core::Stream;
use http::StatusCode;
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use tokio::task::coop::consume_budget;

impl Planned {
    /// Sends what is planned, then runs the background task.
    pub(crate) async fn send(self, offers: Offers, mut send: asgi::Send) -> asgi::Result {
        let Self {
            status,
            headers,
            content,
            background,
            completion,
            patience,
        } = self;
        send.limit(patience);
        let mut end = End { status, completion };
        let (scope_type, status) = (offers.scope_type, status.as_u16());
        // Files and streams are sent on the heap, so that an application is not large for every request
        // because it has a file for some.
        let sent = match content {
            Content::Empty => {
                let sent = send.send_whole(scope_type, status, headers, Bytes::new());
                sent.await.map(|()| end.count(0))
            }
            Content::Bytes(bytes) => {
                let length = bytes.len();
                let sent = send.send_whole(scope_type, status, headers, bytes);
                sent.await.map(|()| end.count(length))
            }
            Content::Stream(stream) => {
                let sent = send_stream(&mut send, scope_type, status, headers, stream, &mut end);
                Box::pin(sent).await
            }
            Content::File(file, content) => {
                let may_go = background.is_some() || file.is_removed();
                let by_path = offers.pathsend && !may_go;
                let start = Message::Start {
                    scope_type,
                    status,
                    headers,
                };
                let sent = send_file(
                    &mut send, start, scope_type, file, content, by_path, &mut end,
                );
                Box::pin(sent).await
            }
        };
        end.tell(&sent);
        sent?;
        if let Some(background) = background {
            send.handed_over().await;
            background.run().await;
        }
        Ok(())
    }
}

/// The end of what is being sent, for whoever is told of it.
struct End {
    status: StatusCode,
    completion: Option<Box<Completion>>,
}

impl End {
    /// Learns that the head was sent, and content of this length.
    fn count(&mut self, length: usize) {
        if let Some(completion) = &mut self.completion {
            completion.begin(self.status);
            completion.count(length);
        }
    }

    fn leave_uncounted(&mut self) {
        if let Some(completion) = &mut self.completion {
            completion.leave_uncounted();
        }
    }

    fn tell(self, sent: &asgi::Result) {
        match (self.completion, sent) {
            (None, _) => {}
            (Some(mut completion), Ok(())) => completion.complete(),
            (Some(mut completion), Err(error)) => completion.fail(error),
        }
    }
}

/// Sends the head and what is planned of a file.
async fn send_file(
    send: &mut asgi::Send,
    start: Message,
    scope_type: ScopeType,
    file: Opened,
    content: FileContent,
    by_path: bool,
    end: &mut End,
) -> asgi::Result {
    let mut steps = FileSteps::new(content);
    let path = if by_path { absolute(file.path()) } else { None };
    if path.is_some() {
        steps = steps.by_path();
    }
    send.send(start).await?;
    end.count(0);
    for step in steps {
        let (body, more_body) = match step {
            FileStep::Pathsend => {
                let path = path.clone().unwrap_or_default();
                send.send(Message::Pathsend { path }).await?;
                end.leave_uncounted();
                continue;
            }
            FileStep::Segment { bytes, more_body } => (bytes.into(), more_body),
            FileStep::File { range, more_body } => {
                let reader = Reader::of_range(&file, range);
                (
                    send_but_last(send, scope_type, reader, end).await?,
                    more_body,
                )
            }
            FileStep::UntilEnd => {
                let reader = Reader::until_end(&file);
                (send_but_last(send, scope_type, reader, end).await?, false)
            }
        };
        let length = body.len();
        send.send(Message::Body {
            scope_type,
            body,
            more_body,
        })
        .await?;
        end.count(length);
    }
    Ok(())
}

/// Sends what is read, and returns the last chunk.
async fn send_but_last(
    send: &mut asgi::Send,
    scope_type: ScopeType,
    mut reader: Reader,
    end: &mut End,
) -> Result<Bytes, asgi::Error> {
    loop {
        send.has_room().await;
        let chunk = poll_fn(|context| reader.poll_chunk(context)).await;
        let body = chunk.transpose()?.unwrap_or_default();
        if reader.is_at_end() {
            return Ok(body);
        }
        let length = body.len();
        send_chunk(send, scope_type, body).await?;
        end.count(length);
    }
}

/// Sends the head and a stream to its end.
async fn send_stream(
    send: &mut asgi::Send,
    scope_type: ScopeType,
    status: u16,
    headers: Headers,
    mut stream: Box<MeteredStream>,
    end: &mut End,
) -> asgi::Result {
    // What fails now is the application's to answer.
    poll_fn(|context| Poll::Ready(stream.poll_first(context))).await?;
    if stream.is_at_end() {
        let sent = send.send_whole(scope_type, status, headers, Bytes::new());
        return sent.await.map(|()| end.count(0));
    }
    #[cfg(feature = "server")]
    if let Some(peer) = send.peer() {
        end.count(0);
        return peer.send_stream(status, headers, Pin::from(stream)).await;
    }
    send.send(Message::Start {
        scope_type,
        status,
        headers,
    })
    .await?;
    end.count(0);
    loop {
        // Neither stream nor peer may ever wait, and others want their turn.
        consume_budget().await;
        send.has_room().await;
        match poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await {
            Some(chunk) => send_chunk(send, scope_type, chunk?).await?,
            None => break,
        }
    }
    send.send(Message::Body {
        scope_type,
        body: Bytes::new(),
        more_body: false,
    })
    .await
}

/// Sends a piece of content that is not the last.
async fn send_chunk(send: &mut asgi::Send, scope_type: ScopeType, body: Bytes) -> asgi::Result {
    send.send(Message::Body {
        scope_type,
        body,
        more_body: true,
    })
    .await
}

/// Returns the absolute path of a file, if it is text.
fn absolute(path: &Path) -> Option<String> {
    Some(std::path::absolute(path).ok()?.to_str()?.to_owned())
}
