//! A server-sent event. The input is data, event, id, comment, retry and `Last-Event-ID`, with 0x1F
//! between them.
#![no_main]

use antiphon_core::request::last_event_id::LastEventId;
use antiphon_core::values::event::{Separator, ServerSentEvent};
use antiphon_fuzz::texts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let [data, event, id, comment, retry, last] = texts(input);
    if let LastEventId::Given(id) = LastEventId::parse(last.map(str::as_bytes)) {
        assert!(!id.is_empty() && !id.iter().any(|byte| b"\0\r\n".contains(byte)));
    }
    for separator in [Separator::CrLf, Separator::Lf, Separator::Cr] {
        let event = ServerSentEvent {
            data: data.map(Into::into),
            event: event.map(Into::into),
            id: id.map(Into::into),
            comment: comment.map(Into::into),
            retry: retry.and_then(|text| text.parse().ok()),
            separator,
        };
        let Ok(bytes) = event.encode() else {
            assert!(
                id.is_some_and(|id| id.contains('\0'))
                    || event.retry.is_some_and(|retry| retry < 0)
            );
            continue;
        };
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines = lines.strip_suffix('\n').unwrap();
        // Nothing but the end of the event is an empty line, and no line is of the caller's making.
        for line in lines.lines() {
            let names = [": ", "id: ", "event: ", "data: ", "retry: "];
            assert!(names.iter().any(|name| line.starts_with(name)), "{line:?}");
        }
        let of_data = lines
            .lines()
            .filter(|line| line.starts_with("data: "))
            .count();
        let given = data.map_or(0, |data| {
            data.replace("\r\n", "\n").split(['\r', '\n']).count()
        });
        assert_eq!(of_data, given);
    }
});
