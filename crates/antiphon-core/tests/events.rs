//! Server-sent events: the tables of `conformance/`, and what a client makes of any event.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_core::request::last_event_id::LastEventId;
use antiphon_core::values::event::{self, InvalidEvent, Separator, ServerSentEvent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A client, after WHATWG HTML §9.2.6, written for these tests alone.
#[derive(Debug, Default)]
struct Client {
    events: Vec<(String, String, String)>,
    retry: Option<u64>,
    last_event_id: String,
    comments: Vec<String>,
    data: Option<String>,
    event: String,
    id: String,
}

impl Client {
    fn read(stream: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stream);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut client = Self::default();
        // What follows the last end of a line is no line.
        let (lines, _) = text.rsplit_once('\n').unwrap_or_default();
        if text.contains('\n') {
            lines.split('\n').for_each(|line| client.line(line));
        }
        client
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return self.dispatch();
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.is_empty() {
            return self.comments.push(value.into());
        }
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event = value.into(),
            "id" if !value.contains('\0') => self.id = value.into(),
            "data" => match &mut self.data {
                None => self.data = Some(value.into()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            },
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        self.last_event_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        if let Some(data) = self.data.take() {
            let name = if event.is_empty() {
                "message".into()
            } else {
                event
            };
            self.events.push((name, data, self.last_event_id.clone()));
        }
    }

    fn saw(&self) -> Value {
        let events = self
            .events
            .iter()
            .map(|(name, data, id)| json!({"type": name, "data": data, "lastEventId": id}));
        json!({
            "events": events.collect::<Vec<_>>(),
            "retry": self.retry,
            "lastEventId": self.last_event_id,
            "comments": self.comments,
            "pending": false,
        })
    }
}

fn cases(table: &str) -> Vec<Value> {
    // Rust's text holds no lone surrogate; U+FFFD stands for it.
    let mut table: Value = serde_json::from_str(&table.replace("\\ud800\"", "\\ufffd\"")).unwrap();
    serde_json::from_value(table["cases"].take()).unwrap()
}

#[test]
fn the_client_of_these_tests_reads_streams_as_the_standard_says() {
    let cases = cases(include_str!("../../../conformance/sse_parse.json"));
    for case in &cases {
        let stream = match case["stream"]["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => {
                assert_eq!(case["stream"]["b64"], "ZGF0YTph/2IKCg==");
                b"data:a\xFFb\n\n".to_vec()
            }
        };
        assert_eq!(
            Client::read(&stream).saw(),
            case["expect"],
            "{}",
            case["id"]
        );
    }
    assert!(cases.len() > 20);
}

#[test]
fn events_are_encoded_as_sse_starlette_does_or_refused() {
    let (mut same, mut refused, mut skipped) = (0, 0, 0);
    for case in cases(include_str!("../../../conformance/sse_encode.json")) {
        let id = case["id"].as_str().unwrap();
        let Some(result) = encode(case["call"].as_str().unwrap(), &case["args"]) else {
            // Values that are no text in Python, and bytes, which Python sends as they are.
            skipped += 1;
            continue;
        };
        match result {
            Ok(bytes) => {
                let expected = case["bytes"]["text"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{id}"));
                assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{id}");
                assert_eq!(
                    Client::read(expected.as_bytes()).saw(),
                    case["client_sees"],
                    "{id}"
                );
                same += 1;
            }
            Err(error) => {
                let args = &case["args"];
                assert!(case["problems"].is_array(), "{id}");
                match error.field() {
                    // D-20
                    "id" => assert!(args["id"].as_str().unwrap().contains('\0'), "{id}"),
                    // D-21
                    "retry" => assert!(args["retry"].as_i64().unwrap() < 0, "{id}"),
                    // D-22
                    "separator" => {
                        assert!(!["\r\n", "\n", "\r"].contains(&args["sep"].as_str().unwrap()));
                    }
                    field => panic!("{id}: {field}"),
                }
                refused += 1;
            }
        }
    }
    assert!(same > 80 && refused >= 4, "{same} same, {refused} refused");
    assert!(skipped < 24, "{skipped} skipped");
}

/// Encodes what a row asks for, or `None` if it asks for what only Python has.
fn encode(call: &str, args: &Value) -> Option<Result<Vec<u8>, InvalidEvent>> {
    let mut args = args.as_object().unwrap().clone();
    if call == "ensure_bytes" {
        let sep = args["sep"].clone();
        args = match args["value"].take() {
            Value::Object(fields) => fields,
            value => Map::from_iter([("data".into(), text(&value)?.into())]),
        };
        args.insert("sep".into(), sep);
    }
    if call == "JSONServerSentEvent" {
        let content = args["data"].take();
        if content.to_string().contains(['$', '\u{FFFD}']) {
            return None;
        }
        args["data"] = content.to_string().into();
    }

    let mut event = ServerSentEvent::default();
    for (name, value) in &args {
        event = match name.as_str() {
            "data" => event.data(text(value)?),
            "comment" => event.comment(text(value)?),
            "event" => event.event(value.as_str()?),
            "id" => event.id(value.as_str()?),
            "retry" => event.retry(value.as_i64()?),
            "sep" => match value.as_str()?.parse() {
                Ok(separator) => event.separator(separator),
                Err(error) => return Some(Err(error)),
            },
            _ => return None,
        };
    }
    Some(event.encode())
}

/// What `str()` makes of a value in Python, for the values whose text is the same here.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("None".into()),
        Value::Bool(true) => Some("True".into()),
        Value::Bool(false) => Some("False".into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text != "\u{FFFD}" => Some(text.clone()),
        _ => None,
    }
}

/// Text with a taste for what breaks lines.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z: \r\n\t\0\u{b}\u{c}\u{85}\u{2028}\u{2029}\u{feff}]{0,40}",
        "([ -~]{0,70}(\r\n|\n|\r)?){0,4}",
    ]
}

fn separator() -> impl Strategy<Value = Separator> {
    prop_oneof![
        Just(Separator::CrLf),
        Just(Separator::Lf),
        Just(Separator::Cr),
    ]
}

prop_compose! {
    fn any_event()(
        data in proptest::option::of(hostile()),
        event in proptest::option::of(hostile()),
        id in proptest::option::of(hostile()),
        retry in proptest::option::of(prop_oneof![any::<i64>(), 0..5000_i64]),
        comment in proptest::option::of(hostile()),
        separator in separator(),
    ) -> ServerSentEvent<'static> {
        ServerSentEvent {
            data: data.map(Into::into),
            event: event.map(Into::into),
            id: id.map(Into::into),
            retry,
            comment: comment.map(Into::into),
            separator,
        }
    }
}

fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn joined(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_client_sees_the_events_that_were_sent(
        events in proptest::collection::vec(any_event(), 1..4)
    ) {
        let (mut stream, mut expected) = (Vec::new(), Client::default());
        for event in &events {
            let before = stream.len();
            let wrong_id = event.id.as_deref().is_some_and(|id| id.contains('\0'));
            if wrong_id || event.retry.is_some_and(i64::is_negative) {
                prop_assert!(event.encode_to(&mut stream).is_err());
                prop_assert_eq!(stream.len(), before);
                continue;
            }
            event.encode_to(&mut stream).unwrap();
            prop_assert_eq!(&stream[before..], event.encode().unwrap());

            if let Some(retry) = event.retry {
                expected.retry = u64::try_from(retry).ok();
            }
            if let Some(id) = &event.id {
                expected.last_event_id = joined(id);
            }
            if let Some(comment) = &event.comment {
                let lines = normalized(comment);
                expected.comments.extend(lines.split('\n').map(|line| format!(" {line}")));
            }
            if let Some(data) = &event.data {
                let name = event.event.as_deref().map(joined).filter(|name| !name.is_empty());
                expected.events.push((
                    name.unwrap_or_else(|| "message".into()),
                    normalized(data),
                    expected.last_event_id.clone(),
                ));
            }
        }
        prop_assert_eq!(Client::read(&stream).saw(), expected.saw());
    }

    #[test]
    fn the_id_that_comes_back_is_the_one_that_was_sent(event in any_event()) {
        if let (Ok(bytes), Some(id)) = (event.encode(), event.last_event_id()) {
            // HTTP drops blanks around a value.
            let seen = Client::read(&bytes).last_event_id;
            prop_assert_eq!(seen.trim_matches([' ', '\t']), &id);
            match LastEventId::parse(Some(seen.as_bytes())) {
                LastEventId::Given(given) => prop_assert_eq!(given, id.as_bytes()),
                LastEventId::Absent => prop_assert!(id.is_empty()),
                LastEventId::Unfit => prop_assert!(seen.len() > LastEventId::MAX_LEN),
            }
        }
    }
}

#[test]
fn encoding_asks_for_memory_once() {
    let long = "x".repeat(10_000) + "\r\n" + &"y".repeat(10_000);
    for event in [
        ServerSentEvent::new("hello")
            .event("greeting")
            .id("7")
            .retry(i64::MAX)
            .comment("c"),
        ServerSentEvent::new("a\nb\rc\n\n\n").separator(Separator::Lf),
        ServerSentEvent::new(long).id("\r\n").comment("\r\n\r\n"),
        ServerSentEvent::default(),
    ] {
        let counted = allocation_counter::measure(|| drop(event.encode()));
        assert_eq!(counted.count_total, 1, "{event:?}");
        let bytes = ServerSentEvent {
            retry: None,
            ..event
        }
        .encode()
        .unwrap();
        assert!(bytes.capacity() <= bytes.len() + 32, "{}", bytes.capacity());
    }
}

#[test]
fn a_ping_is_a_comment_and_nothing_else() {
    for separator in [Separator::CrLf, Separator::Lf, Separator::Cr] {
        let ping = ServerSentEvent::default()
            .comment("ping")
            .separator(separator);
        assert_eq!(ping.encode().unwrap(), event::ping(separator).as_bytes());
    }
}

#[test]
fn an_id_that_no_event_can_have_is_not_taken_for_none() {
    let given = |value| LastEventId::parse(Some(value));
    assert_eq!(given(b" \t7 \t"), LastEventId::Given(b"7"));
    assert_eq!(given(b"\xFF \x01"), LastEventId::Given(b"\xFF \x01"));
    assert_eq!(given(&[b'7'; 1024]), LastEventId::Given(&[b'7'; 1024]));
    assert_eq!(given(b" \t"), LastEventId::Absent);
    for unfit in [&b"a\0"[..], b"\r", b"a\nb", &[b' '; 1025]] {
        assert_eq!(given(unfit), LastEventId::Unfit);
    }
}
