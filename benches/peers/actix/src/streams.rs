//! Streams of chunks and of events; the latter by actix-web-lab.

use actix_web::rt;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use actix_web_lab::sse::{self, Event, Sse};
use futures_util::stream;
use peer_common::{CHUNK, CHUNKS, FAN_CAPACITY, FAN_EVENTS, QUEUED_CHUNKS, SSE_EVENTS, stamp};
use std::convert::Infallible;
use std::iter::repeat_n;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};

type Fan = broadcast::Sender<Event>;

pub(crate) fn fan() -> Fan {
    Fan::new(FAN_CAPACITY)
}

pub(crate) fn routes(service: &mut ServiceConfig) {
    service
        .route("/stream/async", web::get().to(chunks))
        .route("/stream/sync", web::get().to(blocking_chunks))
        .route("/sse", web::get().to(events))
        .route("/fan", web::get().to(subscribe))
        .route("/publish", web::get().to(publish));
}

async fn chunks() -> HttpResponse {
    let chunk = Ok::<_, Infallible>(Bytes::from_static(CHUNK));
    HttpResponse::Ok().streaming(stream::iter(repeat_n(chunk, CHUNKS)))
}

async fn blocking_chunks() -> HttpResponse {
    let (sender, receiver) = mpsc::channel(QUEUED_CHUNKS);
    rt::task::spawn_blocking(move || {
        let chunk = Ok::<_, Infallible>(Bytes::from_static(CHUNK));
        // It fails when the client has gone.
        repeat_n(chunk, CHUNKS).try_for_each(|chunk| sender.blocking_send(chunk))
    });
    HttpResponse::Ok().streaming(ReceiverStream::new(receiver))
}

async fn events() -> impl Responder {
    let events = (0..SSE_EVENTS).map(|number| sse::Data::new(number.to_string()).into());
    Sse::from_infallible_stream(stream::iter(events))
}

async fn subscribe(fan: Data<Fan>) -> impl Responder {
    Sse::from_stream(BroadcastStream::new(fan.subscribe()))
}

async fn publish(fan: Data<Fan>) -> &'static str {
    rt::spawn(async move {
        for _ in 0..FAN_EVENTS {
            // It fails when no one listens.
            let _ = fan.send(sse::Data::new(stamp()).into());
            // Each event goes out by itself, as if it came from elsewhere.
            rt::task::yield_now().await;
        }
    });
    "published"
}
