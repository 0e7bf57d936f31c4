//! What the log and the counters are to have of a request.

use super::counters::{Ended, ServerCounters};
use super::request_span::RequestSpan;
use crate::asgi::Ends;
use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response, Version, header};
use http_body::{Body, Frame};
use std::net::SocketAddr;
use std::time::Instant;
use tracing::field::Empty;

/// Who wants to know of requests.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) access_log: bool,
    pub(super) counters: Option<ServerCounters>,
}

impl Watch {
    /// Begins the record of a request; `None`, at no cost, if nobody wants to know.
    pub(super) fn record(&self, request: &Parts, ends: &Ends) -> Option<Box<Record>> {
        if !self.access_log && self.counters.is_none() {
            return None;
        }
        let is_stream = request.version == Version::HTTP_2;
        if let Some(counters) = &self.counters {
            counters.begin(is_stream);
        }
        Some(Box::new(Record {
            line: self.access_log.then(|| Line::new(request, ends)),
            counters: self.counters.clone(),
            is_stream,
            is_head: request.method == Method::HEAD,
            status: None,
            announced: None,
            bytes: 0,
            ended: None,
        }))
    }
}

/// A request from its head to the end of its answer, which is told when this is dropped.
#[derive(Debug)]
pub(super) struct Record {
    line: Option<Line>,
    counters: Option<ServerCounters>,
    is_stream: bool,
    is_head: bool,
    status: Option<u16>,
    announced: Option<u64>,
    bytes: u64,
    /// How the answer has ended; `None` while it has not.
    ended: Option<Ended>,
}

/// What the access log says of the request.
#[derive(Debug)]
struct Line {
    span: RequestSpan,
    method: Method,
    target: String,
    client: Option<SocketAddr>,
    begun: Instant,
}

impl Line {
    fn new(request: &Parts, ends: &Ends) -> Self {
        let target = request.uri.path_and_query().map(PathAndQuery::as_str);
        let target = target.unwrap_or_default().to_owned();
        let method = request.method.clone();
        let span = tracing::info_span!(
            target: "antiphon::access",
            "request",
            %method,
            target,
            status = Empty,
        );
        Self {
            span: RequestSpan::new(span),
            method,
            target,
            client: ends.client,
            begun: Instant::now(),
        }
    }
}

impl Record {
    /// Returns the span that the application runs in.
    pub(super) fn span(&self) -> RequestSpan {
        let line = self.line.as_ref();
        line.map_or_else(RequestSpan::default, |line| line.span.clone())
    }

    /// The head goes out.
    pub(super) fn head<B: Body>(&mut self, answer: &Response<B>) {
        let status = answer.status().as_u16();
        self.status = Some(status);
        let length = answer.headers().get(header::CONTENT_LENGTH);
        self.announced = length
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .or_else(|| answer.body().size_hint().exact());
        if let Some(line) = &self.line {
            line.span.record_status(status);
        }
    }

    /// A piece of content goes out, or the content ends.
    pub(super) fn frame<E>(&mut self, frame: Option<&Result<Frame<Bytes>, E>>) {
        match frame {
            Some(Ok(frame)) => self.bytes += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(_)) => self.ended = Some(Ended::Failed),
            None => self.ended = Some(Ended::Complete),
        }
    }

    /// The connection asks for no more, although there might be.
    pub(super) fn leave(&mut self, is_over: bool) {
        let has_all = is_over || self.is_head || self.announced == Some(self.bytes);
        self.ended.get_or_insert(match has_all {
            true => Ended::Complete,
            false => Ended::Cut,
        });
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or(Ended::Cut);
        if let Some(counters) = &self.counters {
            counters.end(self.is_stream, self.status, ended);
        }
        if let Some(line) = &self.line {
            tracing::info!(
                target: "antiphon::access",
                // It says all by itself, whatever shows spans.
                parent: None,
                method = %line.method,
                target = line.target,
                status = self.status,
                bytes = self.bytes,
                duration_ms = line.begun.elapsed().as_micros() as f64 / 1000.0,
                ended = ended.as_str(),
                client = line.client.map(tracing::field::display),
            );
        }
    }
}
