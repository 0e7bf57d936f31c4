//! The shutdown of the process. It cannot be undone, so it has a process of its own.

use antiphon::{EventSourceResponse, Server, Shutdown, asgi};
use futures_util::stream;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_shutdown_of_the_process_ends_servers_and_event_streams_of_every_door() {
    let never = || EventSourceResponse::new(stream::pending::<String>());
    let app = move |scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send| {
        never().call(scope, receive, send)
    };
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let server = server.shutdown_on(std::future::pending());
    let address = server.local_addr().unwrap();
    let served = tokio::spawn(server.serve(app));
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = vec![0; 4096];
    assert!(client.read(&mut answer).await.unwrap() > 0);
    let http = never().into_http(&http::Request::new(())).await.unwrap();
    let own = Shutdown::new();

    antiphon::shutdown();

    timeout(PATIENCE, served).await.unwrap().unwrap().unwrap();
    answer.clear();
    timeout(PATIENCE, client.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.ends_with(b"0\r\n\r\n"));
    let body = timeout(PATIENCE, http.into_body().collect()).await.unwrap();
    assert_eq!(body.unwrap().to_bytes(), "");
    assert!(own.has_begun() && Shutdown::new().has_begun());
}
