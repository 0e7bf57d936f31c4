//! The doors of other frameworks.

use crate::files::Folder;
use crate::support::{Answer, ask, exchange, start};
use antiphon::{
    AppService, Body, FileRequest, FileResponse, Headers, HtmlResponse, JsonError, JsonResponse,
    PlainTextResponse, RedirectResponse, Response, ResponseError, ServiceApp, SetCookie,
    StreamingResponse, asgi,
};
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use std::fs;
use std::path::PathBuf;
use tower::ServiceExt;

async fn collect<B>(response: http::Response<B>) -> (StatusCode, HeaderMap, bytes::Bytes)
where
    B: http_body::Body<Data = bytes::Bytes, Error: std::fmt::Debug>,
{
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        body.collect().await.unwrap().to_bytes(),
    )
}

#[tokio::test]
async fn axum_serves_responses_that_handlers_return() {
    use axum::routing::get;
    let app = axum::Router::new()
        .route("/text", get(|| async { PlainTextResponse::new("hi") }))
        .route(
            "/html",
            get(|| async { HtmlResponse::new("<p>").status_code(StatusCode::GONE) }),
        )
        .route(
            "/json",
            get(|| async { JsonResponse::new(&[1, 2]).unwrap() }),
        )
        .route(
            "/elsewhere",
            get(|| async { RedirectResponse::new("/text") }),
        )
        .route(
            "/wrong",
            get(|| async { Response::new("a").header("content-length", "9").unwrap() }),
        )
        .route_service("/service", PlainTextResponse::new("as a service"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let answer = ask(address, "GET", "/text").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hi"[..]));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let answer = ask(address, "HEAD", "/text").await;
    assert_eq!(
        (answer.header("content-length"), &answer.body[..]),
        (Some("2"), &b""[..])
    );
    assert_eq!(ask(address, "GET", "/html").await.status, 410);
    assert_eq!(ask(address, "GET", "/json").await.body, b"[1,2]");
    assert_eq!(
        ask(address, "GET", "/elsewhere").await.header("location"),
        Some("/text")
    );
    assert_eq!(ask(address, "GET", "/wrong").await.status, 500);
    assert_eq!(ask(address, "GET", "/service").await.body, b"as a service");
    assert_eq!(
        ask(address, "HEAD", "/service")
            .await
            .header("content-length"),
        Some("12")
    );
    server.abort();
}

#[tokio::test]
async fn axum_serves_files_as_the_request_asks_for_them() {
    use axum::response::IntoResponse;
    use axum::routing::get;
    let folder = Folder::new();
    let path = folder.0.join("a b.txt");
    fs::rename(folder.file(10), &path).unwrap();
    let content = fs::read_to_string(path).unwrap();
    let root = folder.0.clone();
    let serve = |request: FileRequest, State(root): State<PathBuf>| async move {
        let path = request.path().strip_prefix("/files/").unwrap_or_default();
        request.respond(FileResponse::within(root, path)).await
    };
    async fn nested(request: FileRequest, State(root): State<PathBuf>) -> impl IntoResponse {
        let path = request.path().trim_start_matches('/');
        request.respond(FileResponse::within(root, path)).await
    }
    let inner = axum::Router::new().route("/{name}", get(nested));
    let app = axum::Router::new()
        .route("/files/{*path}", get(serve))
        .nest("/nested", inner)
        .with_state(root);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let whole = ask(address, "GET", "/files/a%20b.txt").await;
    assert_eq!((whole.status, &whole.body[..]), (200, content.as_bytes()));
    let tag = whole.header("etag").unwrap();
    let head = ask(address, "HEAD", "/nested/a%20b.txt").await;
    assert_eq!(head.header("content-length"), Some("10"));
    assert_eq!(head.header("etag"), Some(tag));
    for (field, status, body) in [
        ("range: bytes=2-4", 206, &content[2..5]),
        ("range: bytes=20-", 416, ""),
        (&format!("if-none-match: {tag}"), 304, ""),
        ("if-match: \"other\"", 412, ""),
        (
            &format!("range: bytes=0-0\r\nif-range: {tag}"),
            206,
            &content[..1],
        ),
        ("range: bytes=0-0\r\nif-range: \"other\"", 200, &content),
    ] {
        let request = format!(
            "GET /files/a%20b.txt HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{field}\r\n\r\n"
        );
        let answer = Answer::parse(&exchange(address, request.as_bytes()).await).unwrap();
        assert_eq!(answer.status, status, "{field}");
        if status != 416 && status != 412 {
            assert_eq!(String::from_utf8(answer.body).unwrap(), body, "{field}");
        }
    }
    for path in ["/files/missing", "/files/..%2fa", "/nested/missing"] {
        assert_eq!(ask(address, "GET", path).await.status, 404, "{path}");
    }
    server.abort();
}

#[tokio::test]
async fn axum_answers_whatever_fails_in_a_handler() {
    use axum::routing::get;
    async fn file(request: axum::extract::Request) -> Result<http::Response<Body>, ResponseError> {
        Ok(FileResponse::new("no/such/file")
            .into_http(&request)
            .await?)
    }
    async fn cookie() -> Result<PlainTextResponse, ResponseError> {
        let mut response = PlainTextResponse::new("hi");
        response.set_cookie(&SetCookie::new("a b", "c"))?;
        Ok(response)
    }
    async fn json() -> Result<JsonResponse, JsonError> {
        JsonResponse::new(&std::collections::HashMap::from([((), 1)]))
    }
    async fn text() -> Result<PlainTextResponse, ResponseError> {
        Err(ResponseError::new("out of ink"))
    }
    let app = axum::Router::new()
        .route("/file", get(file))
        .route("/cookie", get(cookie))
        .route("/json", get(json))
        .route("/text", get(text));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    for (path, status) in [
        ("/file", 404),
        ("/cookie", 500),
        ("/json", 500),
        ("/text", 500),
    ] {
        let answer = ask(address, "GET", path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
    server.abort();
}

#[tokio::test]
async fn a_service_is_an_application() {
    use axum::routing::{get, post};
    let router = axum::Router::new()
        .route("/", get(|| async { PlainTextResponse::new("hi") }))
        .route("/echo", post(|body: axum::body::Bytes| async move { body }))
        .route(
            "/stream",
            get(|| async {
                let chunks = ["a", "b", "c"].map(Ok::<_, std::io::Error>);
                axum::body::Body::from_stream(futures_util::stream::iter(chunks))
            }),
        )
        .route(
            "/client",
            get(|request: axum::extract::Request| async move {
                let scope = request.extensions().get::<asgi::Scope>().unwrap();
                scope.client().unwrap().ip().to_string()
            }),
        )
        .route(
            "/broken",
            get(|| async {
                let chunks = [Ok("a"), Err(std::io::Error::other("out of ink"))];
                axum::body::Body::from_stream(futures_util::stream::iter(chunks))
            }),
        );
    let server = start(ServiceApp::new(router)).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hi"[..]));
    assert_eq!(answer.header("content-length"), Some("2"));
    let answer = ask(server.address, "HEAD", "/").await;
    assert_eq!(
        (answer.header("content-length"), &answer.body[..]),
        (Some("2"), &b""[..])
    );
    assert_eq!(ask(server.address, "GET", "/nothing").await.status, 404);
    assert_eq!(
        ask(server.address, "GET", "/client").await.body,
        b"127.0.0.1"
    );
    let answer = ask(server.address, "GET", "/stream").await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.body.ends_with(b"0\r\n\r\n"), "{answer:?}");
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                   transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    let bytes = exchange(server.address, request.as_bytes()).await;
    let answer = Answer::parse(&bytes).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"abcdef"[..]));
    let broken = ask(server.address, "GET", "/broken").await;
    assert!(!broken.body.ends_with(b"0\r\n\r\n"), "{broken:?}");
}

#[tokio::test]
async fn an_application_is_a_service() {
    let (ran, mut has_run) = tokio::sync::mpsc::unbounded_channel();
    let app = move |scope: asgi::Scope, mut receive: asgi::Receive, mut send: asgi::Send| {
        let ran = ran.clone();
        async move {
            match scope.path() {
                "/echo" => {
                    let mut content = Vec::new();
                    while let asgi::Event::Request { body, more_body } = receive.receive().await? {
                        content.extend(body);
                        if !more_body {
                            break;
                        }
                    }
                    Response::new(content).call(scope, receive, send).await
                }
                "/stream" => {
                    let chunks = futures_util::stream::iter(["a", "b"].map(Ok::<_, asgi::Error>));
                    StreamingResponse::new(chunks)
                        .call(scope, receive, send)
                        .await
                }
                "/background" => {
                    let response = PlainTextResponse::new("hi").background(move || {
                        ran.send(()).unwrap();
                        std::future::ready(())
                    });
                    response.call(scope, receive, send).await
                }
                "/lie" => {
                    let mut headers = Headers::new();
                    headers.append("content-length", "9")?;
                    let (scope_type, status) = (scope.scope_type(), 200);
                    send.send(asgi::Message::Start {
                        scope_type,
                        status,
                        headers,
                    })
                    .await?;
                    let body = "a".into();
                    send.send(asgi::Message::Body {
                        scope_type,
                        body,
                        more_body: false,
                    })
                    .await
                }
                "/missing" => {
                    FileResponse::new("no/such")
                        .call(scope, receive, send)
                        .await
                }
                "/panic" => panic!("out of ink"),
                _ => Err("no such path".into()),
            }
        }
    };
    let router = axum::Router::new().nest_service("/app", AppService::new(app));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let request = "POST /app/echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                   content-length: 6\r\n\r\nabcdef";
    let answer = Answer::parse(&exchange(address, request.as_bytes()).await).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"abcdef"[..]));
    let answer = ask(address, "GET", "/app/stream").await;
    assert!(answer.body.ends_with(b"0\r\n\r\n"), "{answer:?}");
    assert_eq!(ask(address, "GET", "/app/background").await.body, b"hi");
    let run = tokio::time::timeout(std::time::Duration::from_secs(5), has_run.recv());
    assert_eq!(run.await.unwrap(), Some(()));
    let statuses = [
        ("lie", 500),
        ("missing", 404),
        ("panic", 500),
        ("other", 500),
    ];
    for (path, status) in statuses {
        let answer = ask(address, "GET", &format!("/app/{path}")).await;
        assert_eq!(answer.status, status, "{path}");
    }
    server.abort();
}

#[tokio::test]
async fn tower_calls_a_response_for_each_request() {
    let service = PlainTextResponse::new("hi");
    for _ in 0..2 {
        let response = service
            .clone()
            .oneshot(http::Request::new(()))
            .await
            .unwrap();
        let (status, headers, body) = collect(response).await;
        assert_eq!((status, &body[..]), (StatusCode::OK, &b"hi"[..]));
        assert_eq!(headers["content-length"], "2");
    }
    let head = http::Request::head("/").body(()).unwrap();
    let (status, headers, body) =
        collect(RedirectResponse::new("/a b").oneshot(head).await.unwrap()).await;
    assert_eq!(
        (status, &body[..]),
        (StatusCode::TEMPORARY_REDIRECT, &b""[..])
    );
    assert_eq!(headers["location"], "/a%20b");
}

#[tokio::test]
async fn every_door_gives_the_same_answer() {
    let response = || {
        let mut headers = Headers::new();
        headers.append("link", "</a>").unwrap();
        headers.append("link", "</b>").unwrap();
        headers.append("x-latin", "caf\u{e9}").unwrap();
        HtmlResponse::new("<p>").replace_headers(headers)
    };
    let http = response().into_http(&http::Request::new(())).unwrap();
    let expected: Vec<(String, Vec<u8>)> = http
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["link", "link", "x-latin", "content-length", "content-type"]
    );
    assert_eq!(expected[2].1, b"caf\xE9");

    let server = start(response()).await;
    let answer = ask(server.address, "GET", "/").await;
    let sent: Vec<(String, Vec<u8>)> = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "connection")
        .map(|(name, value)| (name.clone(), value.chars().map(|c| c as u8).collect()))
        .collect();
    assert_eq!(sent, expected);
    assert_eq!(answer.body, collect(http).await.2);
}

#[tokio::test]
async fn a_redirect_that_leads_elsewhere_is_the_clients_fault() {
    async fn back(uri: http::Uri) -> Result<RedirectResponse, ResponseError> {
        Ok(RedirectResponse::local(uri.query().unwrap_or_default())?)
    }
    let router = axum::Router::new().route("/", axum::routing::get(back));
    for (target, status) in [
        ("/home", 307),
        ("//evil.example", 400),
        ("https://evil.example", 400),
    ] {
        let request = http::Request::get(format!("/?{target}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(answer.status(), status, "{target}");
    }
}
