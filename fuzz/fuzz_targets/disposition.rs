//! `Content-Disposition`. The input is the type and the file's name, with 0x1F between them.
#![no_main]

use antiphon_core::text::percent;
use antiphon_core::values::content_disposition::{self, DispositionType};
use antiphon_fuzz::{assert_one_line, texts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let [kind, name] = texts(input).map(Option::unwrap_or_default);
    let Ok(kind) = DispositionType::try_from(kind) else {
        return;
    };
    assert_one_line(content_disposition::encode_as_starlette(&kind, name).as_bytes());
    let value = content_disposition::encode(&kind, name);
    assert_one_line(value.as_bytes());
    let text = value.to_text();
    assert!(text.is_ascii());
    let parameters = text.strip_prefix(&format!("{kind}; filename=\"")).unwrap();
    let (fallback, rest) = parameters.split_once('"').unwrap();
    let name = match rest.strip_prefix("; filename*=UTF-8''") {
        Some(extended) => {
            assert!(!extended.contains(['"', ';', ' ', '\'']));
            percent::unquote(extended).into_owned()
        }
        None => {
            assert_eq!(rest, "");
            fallback.to_owned()
        }
    };
    assert!((1..=255).contains(&name.len()));
    for name in [fallback, &name] {
        assert!(
            !name.contains(['/', '\\']) && !name.contains(char::is_control),
            "{name:?}"
        );
    }
});
