//! Early hints: where they are sent, and where not.

use crate::support::{Then, ask, peer, scope, start};
use antiphon::asgi::{self, App, Message, SendError};
use antiphon::{Compressed, Compression, HtmlResponse, Link};

async fn app(scope: asgi::Scope, receive: asgi::Receive, mut send: asgi::Send) -> asgi::Result {
    let links = [
        Link::preload("/app.css", "style")?,
        Link::preconnect("https://cdn.example")?,
    ];
    let were_sent = send.early_hints(&scope, links).await?;
    HtmlResponse::new(format!("{were_sent}"))
        .call(scope, receive, send)
        .await
}

async fn sent(scope: asgi::Scope, app: impl App) -> Vec<Message> {
    let (send, mut messages) = peer(usize::MAX, Then::Takes);
    App::call(&app, scope, asgi::Receive::default(), send)
        .await
        .unwrap();
    let mut sent = Vec::new();
    while let Ok(message) = messages.try_recv() {
        sent.push(message);
    }
    sent
}

#[tokio::test]
async fn a_server_that_offers_it_gets_the_hints_before_the_head() {
    let wrapped = Compressed::new(app, Compression::new());
    for messages in [
        sent(scope("GET").offering_early_hints(), app).await,
        sent(scope("GET").offering_early_hints(), wrapped).await,
    ] {
        let Message::EarlyHint { links } = &messages[0] else {
            panic!("{messages:?}")
        };
        let links: Vec<&str> = links.iter().map(Link::as_str).collect();
        let expected = [
            "</app.css>; rel=preload; as=style",
            "<https://cdn.example>; rel=preconnect",
        ];
        assert_eq!(links, expected);
        assert_eq!(messages[0].type_name(), "http.response.early_hint");
        assert!(matches!(&messages[1], Message::Start { status: 200, .. }));
        assert!(matches!(&messages[2], Message::Body { body, .. } if body == "true"));
    }
}

#[tokio::test]
async fn no_other_server_gets_them() {
    for scope in [
        scope("GET"),
        scope("GET").offering_early_hints().websocket(),
    ] {
        let messages = sent(scope, app).await;
        assert!(matches!(&messages[1], Message::Body { body, .. } if body == "false"));
        assert_eq!(messages.len(), 2);
    }
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"false");
}

#[tokio::test]
async fn without_a_link_nothing_is_sent() {
    let (mut send, mut messages) = peer(usize::MAX, Then::Takes);
    let scope = scope("GET").offering_early_hints();
    assert!(!send.early_hints(&scope, []).await.unwrap());
    assert!(messages.try_recv().is_err());
}

#[tokio::test]
async fn the_embedded_server_refuses_what_it_has_not_offered() {
    let app = |scope: asgi::Scope, receive, mut send: asgi::Send| async move {
        let links = vec![Link::preload("/app.css", "style")?];
        let error = send.send(Message::EarlyHint { links }).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&SendError::NotOffered));
        HtmlResponse::new("as ever")
            .call(scope, receive, send)
            .await
    };
    let server = start(app).await;
    assert_eq!(ask(server.address, "GET", "/").await.body, b"as ever");
}
