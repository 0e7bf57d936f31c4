//! TLS: what is spoken, by which certificate, and clients that do not shake hands.

use crate::files::Folder;
use crate::support::{Answer, Running, ask, start_with};
use antiphon::channel::EventChannel;
use antiphon::{EventSourceResponse, PlainTextResponse, Server, ServerSentEvent, Tls, asgi};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// However slow the machine is.
const AGES: Duration = Duration::from_secs(30);

/// A certificate that was made for a test, in a folder.
struct Identity {
    folder: Folder,
}

impl Identity {
    fn new() -> Self {
        let folder = Folder::new();
        let identity = Self { folder };
        identity.renew();
        identity
    }

    /// Makes another one in its place.
    fn renew(&self) {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.chain(), cert.pem()).unwrap();
        fs::write(self.key(), signing_key.serialize_pem()).unwrap();
    }

    fn chain(&self) -> PathBuf {
        self.folder.0.join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.0.join("key.pem")
    }

    fn tls(&self) -> Tls {
        Tls::from_pem(self.chain(), self.key()).unwrap()
    }

    async fn serve(&self, app: impl asgi::App) -> Running {
        start_with(app, |server| server.tls(self.tls())).await
    }

    /// Shakes hands as a client that trusts this certificate alone.
    async fn connect(
        &self,
        address: SocketAddr,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.chain()).unwrap())
            .unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| (*name).into()).collect();
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config))
            .connect("localhost".try_into().unwrap(), stream)
            .await
    }

    /// Runs curl, unless there is none.
    async fn curl(&self, address: SocketAddr, arguments: &[&str]) -> Option<Output> {
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["--silent", "--show-error", "--noproxy", "*", "--cacert"])
            .arg(self.chain())
            .args(arguments)
            .arg(format!("https://localhost:{}/", address.port()));
        match curl.kill_on_drop(true).output().await {
            Ok(output) => Some(output),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("there is no curl, so it is not tested");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Says by what a request came.
async fn tell(scope: asgi::Scope, receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let text = format!("{} {:?}", scope.scheme(), scope.http_version());
    PlainTextResponse::new(text)
        .call(scope, receive, send)
        .await
}

/// Sends one request of HTTP/1.1, and reads to the end.
async fn ask_by(mut stream: TlsStream<TcpStream>) -> Answer {
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    // An end without `close_notify` would be an error.
    stream.read_to_end(&mut bytes).await.unwrap();
    Answer::parse(&bytes).unwrap()
}

#[tokio::test]
async fn curl_is_answered_by_each_version() {
    let identity = Identity::new();
    let server = identity.serve(tell).await;
    for (arguments, expected) in [
        (&["--http2"][..], "https HTTP/2.0"),
        (&["--http1.1"], "https HTTP/1.1"),
        (&["--tls-max", "1.2"], "https HTTP/2.0"),
    ] {
        let Some(output) = identity.curl(server.address, arguments).await else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(text, expected, "{arguments:?}: {output:?}");
    }
}

#[tokio::test]
async fn the_protocol_is_the_one_that_the_client_wants() {
    let identity = Identity::new();
    let server = identity.serve(tell).await;
    for protocols in [&["http/1.1"][..], &[]] {
        let stream = identity.connect(server.address, protocols).await.unwrap();
        assert_eq!(ask_by(stream).await.body, b"https HTTP/1.1");
    }
    let stream = identity.connect(server.address, &["h2", "http/1.1"]).await;
    let stream = stream.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert!(identity.connect(server.address, &["gopher"]).await.is_err());
}

#[tokio::test]
async fn large_answers_arrive_whole() {
    let identity = Identity::new();
    let content: Vec<u8> = (0..5_000_000_u32).map(|number| number as u8).collect();
    let server = identity
        .serve(antiphon::Response::new(content.clone()))
        .await;
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert!(ask_by(stream).await.body == content);
    let Some(output) = identity.curl(server.address, &["--http2"]).await else {
        return;
    };
    assert!(output.stdout == content);
}

#[tokio::test]
async fn ten_event_streams_share_a_connection() {
    let identity = Identity::new();
    let channel = EventChannel::new();
    let shared = channel.clone();
    let app = move |scope, receive, send| {
        EventSourceResponse::from_subscriber(shared.subscribe(None)).call(scope, receive, send)
    };
    let server = identity.serve(app).await;
    let stream = identity.connect(server.address, &["h2"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut bodies = Vec::new();
    for _ in 0..10 {
        let request = http::Request::get("https://localhost/")
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap();
        bodies.push(sender.send_request(request).await.unwrap().into_body());
    }
    channel.publish(&ServerSentEvent::new("to all")).unwrap();
    for mut body in bodies {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("data: to all") {
            let frame = timeout(AGES, http_body_util::BodyExt::frame(&mut body)).await;
            text.extend(frame.unwrap().unwrap().unwrap().into_data().unwrap());
        }
    }
}

#[tokio::test]
async fn a_certificate_is_reloaded_while_the_server_serves() {
    let identity = Identity::new();
    let tls = identity.tls();
    let server = start_with(tell, |server| server.tls(tls.clone())).await;
    let mut before = identity.connect(server.address, &[]).await.unwrap();

    let old = fs::read(identity.chain()).unwrap();
    identity.renew();
    let new = fs::read(identity.chain()).unwrap();
    assert!(identity.connect(server.address, &[]).await.is_err());
    tls.reload().unwrap();
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert_eq!(ask_by(stream).await.status, 200);

    // Who was connected is still served.
    before
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert_ne!(before.read(&mut [0; 100]).await.unwrap(), 0);

    // What cannot be used changes nothing.
    fs::write(identity.chain(), &old).unwrap();
    let error = tls.reload().unwrap_err();
    let expected = format!(
        "{}: expected the key of the first certificate of {}, but found another",
        identity.key().display(),
        identity.chain().display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.path(), identity.key());
    fs::write(identity.chain(), &new).unwrap();
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert_eq!(ask_by(stream).await.status, 200);
}

#[test]
fn an_error_names_the_file_and_what_is_wrong() {
    let identity = Identity::new();
    let (chain, key) = (identity.chain(), identity.key());
    let message = |chain: &PathBuf, key: &PathBuf| {
        let text = Tls::from_pem(chain, key).unwrap_err().to_string();
        let (path, text) = text.split_once(".pem: ").unwrap();
        format!("{}: {text}", path.rsplit('/').next().unwrap())
    };
    let other = identity.folder.0.join("other.pem");
    fs::write(
        &other,
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(message(&other, &key).starts_with("other: is no right PEM: "));
    fs::write(
        &other,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(message(&other, &key).starts_with("other: cannot be used: "));
    assert_eq!(
        message(&key, &key),
        "key: expected a certificate in PEM, but found none"
    );
    assert_eq!(
        message(&chain, &chain),
        "chain: expected a private key in PEM, but found none"
    );
    fs::write(
        &other,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(message(&chain, &other).contains("found an encrypted one"));
    fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(message(&chain, &other).ends_with("but found another"));
    let missing = identity.folder.0.join("missing.pem");
    assert!(message(&missing, &key).starts_with("missing: cannot be read: "));
    assert!(message(&chain, &missing).starts_with("missing: cannot be read: "));

    // Both may lie in one file.
    let both = [fs::read(&key).unwrap(), fs::read(&chain).unwrap()].concat();
    fs::write(&other, both).unwrap();
    Tls::from_pem(&other, &other).unwrap();
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_so_and_holds_nobody_up() {
    let identity = Identity::new();
    let server = identity.serve(tell).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, b"This port speaks TLS: ask it by https://\n");
    for garbage in [&b"\x16\x03\x01\x00\x05hello"[..], b"\0\0\0\0", b"\x16", b""] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = timeout(AGES, stream.read_to_end(&mut rest)).await.unwrap();
        assert!(!rest.starts_with(b"HTTP"));
    }
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert_eq!(ask_by(stream).await.status, 200);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_and_holds_nobody_up() {
    let identity = Identity::new();
    let server = start_with(tell, |server| {
        server
            .tls(identity.tls())
            .head_timeout(Duration::from_secs(1))
    })
    .await;
    let mut stalled = Vec::new();
    for start in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start).await.unwrap();
        stalled.push(stream);
    }
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert_eq!(ask_by(stream).await.status, 200);
    for mut stream in stalled {
        let read = timeout(AGES, stream.read(&mut [0; 100])).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_gives_way_to_others() {
    let identity = Identity::new();
    let server = start_with(tell, |server| server.tls(identity.tls()).max_connections(1)).await;
    let mut stalled = TcpStream::connect(server.address).await.unwrap();
    stalled.write_all(b"\x16\x03").await.unwrap();
    let stream = timeout(AGES, identity.connect(server.address, &[])).await;
    assert_eq!(ask_by(stream.unwrap().unwrap()).await.status, 200);
    assert!(matches!(stalled.read(&mut [0; 1]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_handshake_does_not_hold_the_shutdown_up() {
    let identity = Identity::new();
    let server = identity.serve(tell).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    silent.write_all(b"\x16").await.unwrap();
    let stream = identity.connect(server.address, &[]).await.unwrap();
    assert_eq!(ask_by(stream).await.status, 200);
    server.stop.send(()).unwrap();
    timeout(AGES, server.ended).await.unwrap().unwrap().unwrap();
}

/// An application that never answers, and says when it was called and when it was dropped.
fn endless() -> (impl asgi::App, mpsc::UnboundedReceiver<&'static str>) {
    struct Dropped(mpsc::UnboundedSender<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }
    let (sender, events) = mpsc::unbounded_channel();
    let app = move |_: asgi::Scope, _: asgi::Receive, _: asgi::Send| {
        let sender = sender.clone();
        async move {
            sender.send("called")?;
            let _dropped = Dropped(sender);
            std::future::pending().await
        }
    };
    (app, events)
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_however_it_leaves() {
    let identity = Identity::new();
    let (app, mut events) = endless();
    let server = identity.serve(app).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let request_and_more = [&request[..], &request[..]].concat();
    for sent in [&request[..], &request_and_more] {
        for way in ["close_notify", "end", "close"] {
            let mut stream = identity.connect(server.address, &[]).await.unwrap();
            stream.write_all(sent).await.unwrap();
            assert_eq!(timeout(AGES, events.recv()).await.unwrap(), Some("called"));
            match way {
                "close_notify" => stream.shutdown().await.unwrap(),
                "end" => stream.get_mut().0.shutdown().await.unwrap(),
                _ => {}
            }
            let kept = (way != "close").then_some(stream);
            let dropped = timeout(AGES, events.recv()).await;
            assert_eq!(dropped.unwrap(), Some("dropped"), "{way}");
            drop(kept);
        }
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut() {
    let identity = Identity::new();
    for protocols in [&[][..], &["h2"]] {
        let server = start_with(antiphon::Response::new(vec![b'a'; 50_000_000]), |server| {
            server
                .tls(identity.tls())
                .write_timeout(Duration::from_millis(500))
        })
        .await;
        let mut stream = identity.connect(server.address, protocols).await.unwrap();
        if protocols.is_empty() {
            let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
            stream.write_all(request).await.unwrap();
        } else {
            // Leave to send as much as there is, and a request.
            let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
                \0\0\x06\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff\
                \0\0\x04\x08\0\0\0\0\0\x7f\xff\0\0\
                \0\0\x06\x01\x05\0\0\0\x01\x82\x87\x84\x01\x01a";
            stream.write_all(preface).await.unwrap();
        }
        stream.flush().await.unwrap();
        // The server ends the connection although nobody has read, so that its end is no longer held up.
        server.stop.send(()).unwrap();
        timeout(AGES, server.ended).await.unwrap().unwrap().unwrap();
        let mut bytes = Vec::new();
        assert!(stream.read_to_end(&mut bytes).await.is_err());
        assert!(bytes.len() < 50_000_000);
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_cut() {
    const LENGTH: usize = 40_000_000;
    let identity = Identity::new();
    let server = start_with(antiphon::Response::new(vec![b'a'; LENGTH]), |server| {
        server
            .tls(identity.tls())
            .write_timeout(Duration::from_millis(1500))
    })
    .await;
    let mut stream = identity.connect(server.address, &[]).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    // All of it takes twice as long as the server waits for some of it.
    let (mut length, mut piece) = (0, vec![0; 256 << 10]);
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        if read == 0 {
            break;
        }
        let before = length;
        length += read;
        if before / piece.len() != length / piece.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(length > LENGTH, "{length}");
}

#[tokio::test]
async fn an_answer_to_a_client_that_has_ended_its_side_arrives() {
    let identity = Identity::new();
    let server = identity.serve(tell).await;
    let mut stream = identity.connect(server.address, &[]).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    timeout(AGES, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Answer::parse(&bytes).unwrap().status, 200);
}

#[tokio::test]
async fn a_server_without_tls_says_http() {
    let server = start_with(tell, |server: Server| server).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"http HTTP/1.1");
}
