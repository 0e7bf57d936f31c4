//! The types that headers, content and messages may have.

use crate::support::{Answer, ask, exchange, start};
use antiphon::asgi::Message;
use antiphon::{
    FileResponse, Headers, HtmlResponse, LastEventId, PlainTextResponse, RedirectResponse,
    Response, StreamingResponse, asgi, last_event_id,
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::borrow::Cow;

#[test]
fn headers_may_be_of_the_http_crate() {
    let name = HeaderName::from_static("x-a");
    let value = HeaderValue::from_bytes(b"caf\xE9").unwrap();
    let response = PlainTextResponse::new("")
        .header(&name, &value)
        .unwrap()
        .header(name.clone(), value.clone())
        .unwrap()
        .header("x-b", value.clone())
        .unwrap()
        .header(name.clone(), "text")
        .unwrap()
        .header(header::AGE, 7)
        .unwrap()
        .header("x-c".to_owned(), "owned".to_owned())
        .unwrap()
        .header("x-d", b"bytes".to_vec())
        .unwrap();
    let http = response.into_http(&http::Request::new(())).unwrap();
    let all: Vec<_> = http.headers().get_all(&name).iter().collect();
    assert_eq!(all, [&value, &value, &HeaderValue::from_static("text")]);
    assert_eq!(http.headers()["age"], "7");
    assert_eq!(http.headers()["x-d"], "bytes");

    let file = FileResponse::new("Cargo.toml")
        .header(header::VARY, HeaderValue::from_static("accept"))
        .unwrap()
        .cache_control(HeaderValue::from_static("no-store"))
        .unwrap();
    assert_eq!(file.headers().get("vary").unwrap(), "accept");
    let stream = StreamingResponse::from_iterator(["a"]);
    assert!(stream.header(header::VARY, "accept").is_ok());
    let redirect = RedirectResponse::new("/").header(header::VARY, "accept");
    let mut redirect = redirect.unwrap();
    redirect
        .headers_mut()
        .set(header::VARY, HeaderValue::from_static("cookie"))
        .unwrap();
    assert_eq!(redirect.headers().get("vary").unwrap(), "cookie");
}

#[test]
fn maps_of_headers_are_turned_into_each_other() {
    let mut map = HeaderMap::new();
    map.append(header::LINK, HeaderValue::from_static("</a>"));
    map.append(header::LINK, HeaderValue::from_static("</b>"));
    let response = HtmlResponse::new("").replace_headers(map.clone());
    assert_eq!(response.headers(), &Headers::from(&map));
    let mut headers = Headers::from(map.clone());
    headers.extend(Headers::from(&map));
    assert_eq!(headers.len(), 4);
    assert_eq!(HeaderMap::try_from(Headers::from(&map)).unwrap(), map);
}

#[test]
fn content_that_lies_ready_is_not_copied() {
    let text: &'static str = "static";
    let bytes: &'static [u8] = b"static";
    let array: &'static [u8; 6] = b"static";
    let owned = String::from("static");
    let place = owned.as_ptr();
    assert_eq!(PlainTextResponse::new(owned).body().as_ptr(), place);
    for (response, place) in [
        (Response::new(text), text.as_ptr()),
        (Response::new(bytes), bytes.as_ptr()),
        (Response::new(array), array.as_ptr()),
        (Response::new(Cow::Borrowed(text)), text.as_ptr()),
        (Response::new(Cow::Borrowed(bytes)), bytes.as_ptr()),
    ] {
        assert_eq!(response.body().as_ptr(), place);
    }
    for response in [
        Response::new(Cow::<str>::Owned("static".into())),
        Response::new(Cow::<[u8]>::Owned(b"static".to_vec())),
        Response::new(*array),
        Response::new(Bytes::from_static(array)),
        Response::new(BytesMut::from(&array[..])),
        Response::new(Box::<[u8]>::from(*array)),
        Response::new(Box::<str>::from("static")),
        Response::render(Cow::Borrowed("static")).unwrap(),
    ] {
        assert_eq!(response.body(), "static");
    }
    let _ = StreamingResponse::from_iterator([Cow::Borrowed(bytes)]);
}

#[test]
fn an_id_has_one_meaning() {
    let id = LastEventId::from(HeaderValue::from_static("7"));
    let read: last_event_id::LastEventId<'_> = (&id).into();
    assert_eq!(read, last_event_id::LastEventId::Given(b"7"));
}

#[tokio::test]
async fn messages_may_be_made_in_a_word() {
    let server = start(|_, _, mut send: asgi::Send| async move {
        send.send(Message::start(201)).await?;
        send.send(Message::piece("a")).await?;
        send.send(Message::body("b")).await
    })
    .await;
    let answer = ask(server.address, "GET", "/").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
}

/// Returns what it is sent, up to eight bytes.
async fn echo(scope: asgi::Scope, mut receive: asgi::Receive, send: asgi::Send) -> asgi::Result {
    let content = receive.body(8).await?;
    assert_eq!(receive.body(0).await?, "");
    PlainTextResponse::new(content)
        .call(scope, receive, send)
        .await
}

#[tokio::test]
async fn a_request_with_more_content_than_is_taken_is_refused() {
    let server = start(echo).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for (rest, status, body) in [
        ("\r\n", 200, ""),
        ("content-length: 8\r\n\r\n12345678", 200, "12345678"),
        ("content-length: 9\r\n\r\n", 413, "Payload Too Large"),
        (
            "content-length: 9\r\nexpect: 100-continue\r\n\r\n",
            413,
            "Payload Too Large",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n",
            200,
            "12345678",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n",
            413,
            "Payload Too Large",
        ),
    ] {
        let bytes = exchange(server.address, format!("{head}{rest}").as_bytes()).await;
        let answer = Answer::parse(&bytes).unwrap();
        assert_eq!(answer.status, status, "{rest:?}");
        assert_eq!(String::from_utf8(answer.body).unwrap(), body, "{rest:?}");
        assert_eq!(
            answer
                .headers
                .iter()
                .filter(|(name, _)| name == "connection")
                .count(),
            1
        );
    }
}
