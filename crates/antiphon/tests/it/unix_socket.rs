//! Servers that listen at a path.

use crate::files::Folder;
use crate::support::Answer;
use antiphon::{PlainTextResponse, Server, asgi};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

async fn ask(path: &Path) -> Answer {
    let mut stream = UnixStream::connect(path).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    Answer::parse(&bytes).unwrap()
}

/// Says what the scope knows of the connection.
async fn tell(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let text = format!(
        "{} {:?} {:?} {:?}",
        scope.scheme(),
        scope.client(),
        scope.server(),
        scope.server_path()
    );
    PlainTextResponse::new(text)
        .call(scope, receive, send)
        .await
}

#[tokio::test]
async fn a_path_is_served_and_removed_at_the_end() {
    let folder = Folder::new();
    let path = folder.0.join("a.sock");
    let server = Server::bind_unix(&path).await.unwrap();
    assert_eq!(
        server.local_addr().unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let server = server.shutdown_on(async {
        let _ = stopped.await;
    });
    let serving = tokio::spawn(server.serve(tell));
    let answer = String::from_utf8(ask(&path).await.body).unwrap();
    assert_eq!(answer, format!("http None None Some({path:?})"));
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_nobody_listens_at_is_replaced() {
    let folder = Folder::new();
    let path = folder.0.join("a.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = Server::bind_unix(&path).await.unwrap();
    let serving = tokio::spawn(server.serve(tell));
    assert_eq!(ask(&path).await.status, 200);
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_in_use_or_no_socket_stays() {
    let folder = Folder::new();
    let path = folder.0.join("a.sock");
    let _first = Server::bind_unix(&path).await.unwrap();
    let error = Server::bind_unix(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let expected = format!(
        "cannot listen at {}: another server listens there",
        path.display()
    );
    assert_eq!(error.to_string(), expected);

    let file = folder.0.join("file");
    fs::write(&file, "precious").unwrap();
    let error = Server::bind_unix(&file).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen at {}: it is no socket", file.display())
    );
    assert_eq!(fs::read(&file).unwrap(), b"precious");

    for path in ["no/such/a.sock".to_owned(), "a".repeat(200)] {
        let error = Server::bind_unix(folder.0.join(path)).await.unwrap_err();
        assert!(
            error.to_string().starts_with("cannot listen at /"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_another_has_put_in_its_place_is_not_removed() {
    let folder = Folder::new();
    let path = folder.0.join("a.sock");
    let first = Server::bind_unix(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    let second = Server::bind_unix(&path).await.unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

#[tokio::test]
async fn listeners_that_a_program_has_made_are_served() {
    let folder = Folder::new();
    let paths = ["tokio.sock", "std.sock"].map(|name| folder.0.join(name));
    let of_tokio = UnixListener::bind(&paths[0]).unwrap();
    let of_std = std::os::unix::net::UnixListener::bind(&paths[1]).unwrap();
    let servers = [Server::from(of_tokio), Server::try_from(of_std).unwrap()];
    for (server, path) in servers.into_iter().zip(&paths) {
        let serving = tokio::spawn(server.serve(tell));
        assert_eq!(ask(path).await.status, 200);
        serving.abort();
        let _ = serving.await;
        // Whoever has made it removes it.
        assert!(path.exists());
    }
}

#[test]
fn a_listener_without_a_runtime_is_an_error() {
    let folder = Folder::new();
    let listener = std::os::unix::net::UnixListener::bind(folder.0.join("a.sock")).unwrap();
    assert!(Server::try_from(listener).is_err());
}
