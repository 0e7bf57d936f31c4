//! The panels: what each shows, and the code behind it, which is the code that runs.

pub(crate) mod audio;
pub(crate) mod chart;
pub(crate) mod chat;
pub(crate) mod conditional;
pub(crate) mod cookies;
pub(crate) mod custom_json;
pub(crate) mod download;
pub(crate) mod events;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod plain;
pub(crate) mod redirect;
pub(crate) mod status;
pub(crate) mod stream;

use serde::Serialize;
use serde_json::{Value, json};

/// What the page is told: which face answers, and its panels.
#[derive(Serialize)]
pub(crate) struct Description {
    face: &'static str,
    version: &'static str,
    panels: [Value; 14],
}

pub(crate) fn description() -> Description {
    let panels = [
        json!({
            "id": "plain", "title": "PlainTextResponse", "view": "exchange",
            "about": "Text, labelled `text/plain; charset=utf-8`. HEAD gets the head of the GET and \
                no body.",
            "code": code(include_str!("plain.rs")),
            "actions": [get("Send GET", "/plain"), head("Send HEAD", "/plain")],
        }),
        json!({
            "id": "html", "title": "HTMLResponse", "view": "html",
            "about": "HTML, always labelled with its charset.",
            "code": code(include_str!("html.rs")),
            "actions": [get("Send GET", "/html")],
        }),
        json!({
            "id": "json", "title": "JSONResponse", "view": "exchange",
            "about": "Anything that serde can serialise.",
            "code": code(include_str!("json.rs")),
            "actions": [get("Send GET", "/json")],
        }),
        json!({
            "id": "json-custom", "title": "JSONResponse, rendered by another library",
            "view": "exchange",
            "about": "Starlette's `render`, overridden: a class of its own with `sonic-rs` behind it.",
            "code": code(include_str!("custom_json.rs")),
            "actions": [get("Send GET", "/json/custom")],
        }),
        json!({
            "id": "redirect", "title": "RedirectResponse", "view": "redirect",
            "about": "307 unless another status is given. What cannot stand in a URL is \
                percent-encoded.",
            "code": code(include_str!("redirect.rs")),
            "actions": [get("Follow it", "/redirect")],
        }),
        json!({
            "id": "cookies", "title": "set_cookie, delete_cookie", "view": "cookies",
            "about": "`session` is HttpOnly: the server sees it, this page does not. `flavour` is seen \
                by both.",
            "code": code(include_str!("cookies.rs")),
            "actions": [get("Set both", "/cookies/set"), get("Delete both", "/cookies/delete")],
            "seen": "/cookies/seen",
        }),
        json!({
            "id": "status", "title": "Status codes", "view": "status",
            "about": "With 204, 205 and 304 no content is sent, whatever the program gives.",
            "code": code(include_str!("status.rs")),
            "actions": [get("Send GET", "/status/{code}")],
        }),
        json!({
            "id": "stream", "title": "StreamingResponse", "view": "stream",
            "about": "Each number goes out when it is there. A client that goes away drops the stream.",
            "code": code(include_str!("stream.rs")),
            "actions": [get("Send GET", "/stream")],
        }),
        json!({
            "id": "download", "title": "FileResponse: a download", "view": "download",
            "about": "Offered under a name. One that is not ASCII is sent twice: in ASCII, and in \
                UTF-8 for all who read that.",
            "code": code(include_str!("download.rs")),
            "actions": [head("Send HEAD", "/download"), get("Send GET", "/download")],
            "href": "/download",
        }),
        json!({
            "id": "audio", "title": "FileResponse: ranges", "view": "media", "media": "audio",
            "about": "The player asks for the part that it needs, so it can seek in what it has not \
                loaded.",
            "code": code(include_str!("audio.rs")),
            "actions": [
                with("The first bytes", "/audio", "Range", "bytes=0-43"),
                with("A slice", "/audio", "Range", "bytes=80000-89999"),
                with("The last bytes", "/audio", "Range", "bytes=-1000"),
                with("Two ranges", "/audio", "Range", "bytes=0-43, 120000-120099"),
                with("Beyond the end", "/audio", "Range", "bytes=1000000-"),
            ],
            "src": "/audio",
        }),
        json!({
            "id": "conditional", "title": "FileResponse: 304 and 412", "view": "conditional",
            "about": "`ETag` and `Last-Modified` say which state of the file was sent. What the client \
                has already is not sent again, and what it wants of another state is refused.",
            "code": code(include_str!("conditional.rs")),
            "actions": [
                get("Load", "/conditional"),
                with("Reload, by tag", "/conditional", "If-None-Match", "{etag}"),
                with("Reload, by date", "/conditional", "If-Modified-Since", "{last_modified}"),
                with("Insist on another state", "/conditional", "If-Match", "\"another\""),
            ],
        }),
        json!({
            "id": "events", "title": "EventSourceResponse", "view": "events",
            "about": "When a stream ends, the browser calls again with the id of the last event in \
                `Last-Event-ID`. A 204 tells it to stop.",
            "code": code(include_str!("events.rs")),
            "src": "/events", "events": ["call", "response"], "ends": true,
        }),
        json!({
            "id": "chart", "title": "EventSourceResponse: a live chart", "view": "chart",
            "about": "How many milliseconds too late the server wakes, five times a second.",
            "code": code(include_str!("chart.rs")),
            "src": "/chart",
        }),
        json!({
            "id": "chat", "title": "EventChannel: a chat", "view": "chat",
            "about": "What one page says, all get. Who was away gets what was said meanwhile: nothing \
                is lost, and nothing comes twice.",
            "code": code(include_str!("chat.rs")),
            "src": "/chat", "post": "/chat",
        }),
    ];
    Description {
        face: "rust",
        version: env!("CARGO_PKG_VERSION"),
        panels: panels.map(in_rust),
    }
}

fn in_rust(mut panel: Value) -> Value {
    panel["language"] = "rust".into();
    panel
}

fn get(label: &str, path: &str) -> Value {
    json!({"label": label, "method": "GET", "path": path})
}

fn head(label: &str, path: &str) -> Value {
    json!({"label": label, "method": "HEAD", "path": path})
}

/// GET with a header field.
fn with(label: &str, path: &str, name: &str, value: &str) -> Value {
    json!({"label": label, "method": "GET", "path": path, "headers": {name: value}})
}

/// A panel's source without the line that says what it is, for the panel says so itself.
fn code(source: &'static str) -> &'static str {
    source.split_once("\n\n").map_or(source, |(_, code)| code)
}
