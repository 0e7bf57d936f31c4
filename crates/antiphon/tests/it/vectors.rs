//! The tables of `conformance/`, over HTTP.

use crate::support::{ask, start};
use antiphon::{
    FixedResponse, HtmlResponse, JsonResponse, PlainTextResponse, RedirectResponse, Response, asgi,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

fn cases(table: &str) -> Vec<Value> {
    // Rust's text holds no lone surrogate; U+FFFD stands for it.
    let mut table: Value = serde_json::from_str(&table.replace("\\ud800", "\\ufffd")).unwrap();
    serde_json::from_value(table["cases"].take()).unwrap()
}

/// One of the classes, whichever a case asks for.
#[derive(Clone)]
enum Any {
    Raw(Response),
    Text(PlainTextResponse),
    Html(HtmlResponse),
    Json(JsonResponse),
    Redirect(RedirectResponse),
}

impl Any {
    async fn call(
        self,
        scope: asgi::Scope,
        receive: asgi::Receive,
        send: asgi::Send,
    ) -> asgi::Result {
        match self {
            Self::Raw(response) => response.call(scope, receive, send).await,
            Self::Text(response) => response.call(scope, receive, send).await,
            Self::Html(response) => response.call(scope, receive, send).await,
            Self::Json(response) => response.call(scope, receive, send).await,
            Self::Redirect(response) => response.call(scope, receive, send).await,
        }
    }
}

/// The response of a case, or `None` where Rust's types or the rules refuse its arguments.
fn build(case: &Value) -> Option<Any> {
    let kwargs = &case["kwargs"];
    let content = &kwargs["content"];
    let bytes = || match content {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text != "\u{FFFD}" => Some(text.clone().into_bytes()),
        Value::Object(object) => object.values().next()?.as_str().map(|text| text.into()),
        _ => None,
    };
    Some(match case["class"].as_str()? {
        "Response" => Any::Raw(with(Response::new(bytes()?), kwargs)?),
        "PlainTextResponse" => Any::Text(with(PlainTextResponse::new(bytes()?), kwargs)?),
        "HTMLResponse" => Any::Html(with(HtmlResponse::new(bytes()?), kwargs)?),
        "JSONResponse" => {
            kwargs.get("content")?;
            Any::Json(with(JsonResponse::new(content).unwrap(), kwargs)?)
        }
        "RedirectResponse" => {
            let mut response = RedirectResponse::new(kwargs["url"].as_str()?);
            if let Some(status) = kwargs["status_code"].as_u64() {
                response = response.status_code(StatusCode::from_u16(status as u16).unwrap());
            }
            for pair in kwargs["headers"].as_array().into_iter().flatten() {
                response = response.header(pair[0].as_str()?, pair[1].as_str()?).ok()?;
            }
            Any::Redirect(response)
        }
        _ => return None,
    })
}

fn with<C>(mut response: FixedResponse<C>, kwargs: &Value) -> Option<FixedResponse<C>> {
    if let Some(status) = kwargs["status_code"].as_u64() {
        response = response.status_code(StatusCode::from_u16(status as u16).unwrap());
    }
    if let Some(media_type) = kwargs["media_type"].as_str() {
        response = response.media_type(media_type.to_owned()).ok()?;
    }
    for pair in kwargs["headers"].as_array().into_iter().flatten() {
        response = response.header(pair[0].as_str()?, pair[1].as_str()?).ok()?;
    }
    Some(response)
}

#[tokio::test]
async fn matrix() {
    let table = cases(include_str!("../../../../conformance/matrix.json"));
    let responses: HashMap<String, Any> = table
        .iter()
        .filter_map(|case| Some((format!("/{}", case["id"].as_str()?), build(case)?)))
        .collect();
    let responses = Arc::new(responses);
    let served = Arc::clone(&responses);
    let server = start(move |scope: asgi::Scope, receive, send| {
        let response = served[scope.path()].clone();
        response.call(scope, receive, send)
    })
    .await;

    let (mut same, mut numbered, mut refused) = (0, 0, 0);
    for case in table {
        let id = case["id"].as_str().unwrap();
        let path = format!("/{id}");
        let method = case["method"].as_str().unwrap();
        let expected = &case["starlette"];
        let problems = case["rfc_problems"].to_string();
        let status = expected["status"].as_u64().unwrap_or_default();
        let http = case["scope"]["type"].as_str().is_none();
        // A final answer with 1xx cannot be sent over HTTP, and CONNECT has an answer of its own.
        // hyper wants methods in upper case to be the registered ones.
        let sendable = status >= 200 && http && !["CONNECT", "head"].contains(&method);
        if !responses.contains_key(&path) || !sendable {
            continue;
        }
        let answer = ask(server.address, method, &path).await;
        let sent = answer
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value));
        let wanted = expected["headers"].as_array().unwrap().iter();
        let wanted =
            wanted.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap().trim()));
        // hyper leaves the length out of a 304, which may have one.
        let kept = |(name, _): &(&str, &str)| status != 304 || *name != "content-length";
        let (fields, wanted) = (fields(sent.filter(kept)), fields(wanted.filter(kept)));
        let body = String::from_utf8(answer.body).unwrap();
        let wanted_body = if method == "HEAD" {
            ""
        } else {
            expected["body"]["text"].as_str().unwrap()
        };
        if u64::from(answer.status) == status && fields == wanted && body == wanted_body {
            same += 1;
        } else if answer.status == 500 {
            // D-4, D-6: what the caller said of the framing is wrong.
            let headers = case["kwargs"]["headers"].to_string().to_ascii_lowercase();
            assert!(
                headers.contains("content-length") || headers.contains("transfer-encoding"),
                "{id}: {fields:?}"
            );
            refused += 1;
        } else {
            // D-3, D-5: no content where the status forbids it.
            assert!(
                problems.contains("content in") || problems.contains("in 1xx/204"),
                "{id}: {fields:?}"
            );
            assert_eq!(body, "", "{id}");
            assert_eq!(u64::from(answer.status), status, "{id}");
            numbered += 1;
        }
    }
    assert!(
        same > 60 && numbered > 10 && refused > 3,
        "{same} {numbered} {refused}"
    );
}

/// Fields by name: hyper has a say in the order of different names. `connection: close` is the test's
/// own wish, which hyper answers, and `date` is left out of answers.
fn fields<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Value> {
    let mut all: Vec<_> = all
        .filter(|(name, _)| !["connection", "date"].contains(name))
        .collect();
    all.sort_by_key(|(name, _)| *name);
    all.into_iter()
        .map(|(name, value)| json!([name, value]))
        .collect()
}

#[tokio::test]
async fn redirects() {
    let table = cases(include_str!("../../../../conformance/redirect.json"));
    let urls: HashMap<String, String> = table
        .iter()
        .filter_map(|case| {
            Some((
                format!("/{}", case["id"].as_str()?),
                case["url"].as_str()?.into(),
            ))
        })
        .collect();
    let served = urls.clone();
    let server = start(move |scope: asgi::Scope, receive, send| {
        let response = RedirectResponse::new(served[scope.path()].clone());
        response.call(scope, receive, send)
    })
    .await;
    let mut ran = 0;
    for case in table {
        let path = format!("/{}", case["id"].as_str().unwrap());
        if urls.contains_key(&path) {
            let answer = ask(server.address, "GET", &path).await;
            assert_eq!(answer.status, 307);
            assert_eq!(
                answer.header("location"),
                case["location"].as_str(),
                "{path}"
            );
            assert_eq!(answer.header("content-length"), Some("0"));
            ran += 1;
        }
    }
    assert!(ran > 65);
}

#[tokio::test]
async fn cookies() {
    // Those whose arguments are all text; the core's runner has the others.
    let table = cases(include_str!("../../../../conformance/cookies.json"));
    let mut ran = 0;
    for case in table {
        let kwargs = case["kwargs"].as_object().unwrap();
        let plain = kwargs.iter().all(|(key, value)| {
            value.is_string() && ["key", "value", "path", "domain"].contains(&key.as_str())
        });
        if !plain || case["call"] != "set_cookie" {
            continue;
        }
        let get = |key: &str| kwargs.get(key).and_then(Value::as_str);
        let mut cookie =
            antiphon::SetCookie::new(get("key").unwrap(), get("value").unwrap_or_default());
        if let Some(path) = get("path") {
            cookie = cookie.path(path);
        }
        if let Some(domain) = get("domain") {
            cookie = cookie.domain(domain);
        }
        let mut response = PlainTextResponse::new("");
        let expected = case["starlette"]["set_cookie"].as_str();
        let injects = case["verdict"].as_str().unwrap().ends_with("-injection");
        match response.set_cookie(&cookie) {
            Ok(()) => {
                let server = start(response).await;
                let answer = ask(server.address, "GET", "/").await;
                assert_eq!(answer.header("set-cookie"), expected, "{}", case["id"]);
            }
            Err(error) => {
                let breaks_prefix = ["cookie-092", "cookie-226", "cookie-228"]; // D-49
                let is_refused = injects || breaks_prefix.contains(&case["id"].as_str().unwrap());
                assert!(is_refused || expected.is_none(), "{}: {error}", case["id"]);
                assert!(response.headers().is_empty());
            }
        }
        ran += 1;
    }
    assert!(ran > 80, "{ran}");
}
