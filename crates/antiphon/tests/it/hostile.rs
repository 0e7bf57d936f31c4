//! Bad input: an error or a safely encoded value, never an injection, never a panic.

use crate::support::{Log, ask, exchange, start};
use antiphon::{
    HtmlResponse, PlainTextResponse, RedirectResponse, Response, SameSite, SetCookie, asgi,
};
use http::StatusCode;

#[test]
fn header_values_and_names_cannot_split_a_message() {
    for value in [
        "a\r\nSet-Cookie: z=1",
        "a\0b",
        "a\nb",
        "\n",
        "a\rb",
        "a\u{7f}",
    ] {
        let error = Response::new("").header("x-a", value).unwrap_err();
        assert_eq!(error.field(), "x-a");
        assert!(error.to_string().contains("0x"), "{error}");
    }
    for name in ["", "x a", "x:", "x\r\ny", "é", "x\0"] {
        assert!(Response::new("").header(name, "1").is_err(), "{name:?}");
    }
    assert!(
        Response::new("")
            .header("x-a", "茶")
            .unwrap_err()
            .is_not_latin1()
    );
    assert!(Response::new("").media_type("text/plain\r\nX: y").is_err());
}

#[test]
fn cookie_attributes_cannot_become_others() {
    let set = |cookie: SetCookie<'_>| PlainTextResponse::new("").set_cookie(&cookie);
    let cookie = || SetCookie::new("k", "v");
    for (field, refused) in [
        ("path", cookie().path("/; Domain=evil.example")),
        ("path", cookie().path("/\r\nX-Evil: 1")),
        ("domain", cookie().domain("a.example; Secure")),
        ("expires", cookie().expires("0; HttpOnly")),
        ("samesite", cookie().samesite_text("lax; Secure")),
        ("max_age", cookie().max_age("1; Secure")),
        ("key", SetCookie::new("", "v")),
        ("key", SetCookie::new("a b", "v")),
        ("key", SetCookie::new("a=b; c", "v")),
        ("key", SetCookie::new("a\r\nb", "v")),
    ] {
        assert_eq!(set(refused).unwrap_err().field(), field);
    }
}

#[test]
fn cookie_values_are_quoted_whole() {
    let mut response = PlainTextResponse::new("");
    let value = "a\r\nb; c, \"d\" \\ é";
    response
        .set_cookie(&SetCookie::new("k", value).samesite(SameSite::Lax))
        .unwrap();
    assert_eq!(
        response.headers().get("set-cookie").unwrap(),
        "k=\"a\\015\\012b\\073 c\\054 \\\"d\\\" \\\\ \\351\"; Path=/; SameSite=lax"
    );
    assert!(response.set_cookie(&SetCookie::new("k", "茶")).is_err());
}

#[tokio::test]
async fn redirect_targets_cannot_split_a_message() {
    let server = start(RedirectResponse::new("/x\r\nSet-Cookie: a=1")).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!(answer.header("location"), Some("/x%0D%0ASet-Cookie:%20a=1"));
    assert_eq!(answer.header("set-cookie"), None);
}

#[test]
fn local_redirects_lead_nowhere_else() {
    for target in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%5Cevil.example",
        "/%2Fevil.example",
        "/\t/evil.example",
        "https://evil.example\\@ok.example",
        "java\tscript:alert(1)",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "",
    ] {
        assert!(RedirectResponse::local(target).is_err(), "{target}");
    }
    for target in ["/", "/a/b?next=//c", "/caf\u{e9}"] {
        assert!(RedirectResponse::local(target).is_ok(), "{target}");
    }
}

#[tokio::test]
async fn a_status_without_content_sends_none() {
    for status in [204_u16, 205, 304] {
        let response = Response::new("x").status_code(StatusCode::from_u16(status).unwrap());
        let server = start(response).await;
        let answer = ask(server.address, "GET", "/").await;
        assert_eq!((answer.status, &answer.body[..]), (status, &b""[..]));
        let length = answer.header("content-length");
        assert_eq!(length, (status == 205).then_some("0"));
    }
}

#[tokio::test]
async fn a_length_that_lies_is_an_error_before_anything_is_sent() {
    let (log, _guard) = Log::capture();
    let server = start(Response::new("hi").header("content-length", "5").unwrap()).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 500);
    assert!(
        log.text()
            .contains("expected 2, the length of the content, but found \"5\"")
    );
    // It describes what HEAD does not send.
    assert_eq!(
        ask(server.address, "HEAD", "/")
            .await
            .header("content-length"),
        Some("5")
    );
}

#[tokio::test]
async fn the_framing_is_the_connections_business() {
    let response = Response::new("hi")
        .header("transfer-encoding", "chunked")
        .unwrap();
    let (log, _guard) = Log::capture();
    let server = start(response.clone()).await;
    assert_eq!(ask(server.address, "GET", "/").await.status, 500);
    assert!(log.text().contains("transfer-encoding"));
    assert!(response.into_http(&http::Request::new(())).is_err());
}

#[tokio::test]
async fn html_is_always_labelled() {
    let server = start(HtmlResponse::new("")).await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.header("content-length"), Some("0"));
}

#[tokio::test]
async fn a_panic_ends_one_response_and_nothing_else() {
    let (log, _guard) = Log::capture();
    let server = start(|scope: asgi::Scope, receive, send| async move {
        assert!(scope.path() != "/panic", "the {} path", "panic");
        PlainTextResponse::new("fine")
            .call(scope, receive, send)
            .await
    })
    .await;
    let answer = ask(server.address, "GET", "/panic").await;
    assert_eq!(
        (answer.status, &answer.body[..]),
        (500, &b"Internal Server Error"[..])
    );
    assert!(
        log.text().contains("panic: the panic path"),
        "{}",
        log.text()
    );
    assert_eq!(ask(server.address, "GET", "/").await.body, b"fine");
}

#[tokio::test]
async fn requests_that_are_no_http_get_400() {
    let server = start(PlainTextResponse::new("fine")).await;
    let answer = exchange(server.address, b"\x16\x03\x01 this is no HTTP\r\n\r\n").await;
    assert!(
        answer.starts_with(b"HTTP/1.1 400"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(ask(server.address, "GET", "/").await.body, b"fine");
}

#[tokio::test]
async fn more_header_lines_than_can_be_sent_are_500() {
    let names = (0..25_000).map(|number| (format!("x-{number}"), "1"));
    let mut many = PlainTextResponse::new("hi");
    for (name, value) in names {
        many = many.header(name, value).unwrap();
    }
    let answer = ask(start(many.clone()).await.address, "GET", "/").await;
    assert_eq!((answer.status, &*answer.body), (500, &b""[..]));
    let http = many.into_http(&http::Request::new(())).unwrap();
    assert_eq!(http.status(), 500);
    // Lines of one name are fewer to the map that holds them.
    let mut cookies = PlainTextResponse::new("hi");
    for number in 0..25_000 {
        cookies = cookies
            .header("set-cookie", format!("a{number}=b"))
            .unwrap();
    }
    let http = cookies.into_http(&http::Request::new(())).unwrap();
    assert_eq!(http.headers().get_all("set-cookie").iter().count(), 25_000);
}
