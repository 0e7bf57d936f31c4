//! `Set-Cookie`. The input is name, value, path, domain, expires, max-age and samesite, with 0x1F
//! between them.
#![no_main]

use antiphon_core::values::cookie::SetCookie;
use antiphon_fuzz::{assert_one_line, texts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let [key, value, path, domain, expires, max_age, samesite] = texts(input);
    let mut cookie = SetCookie::new(key.unwrap_or_default(), value.unwrap_or_default())
        .path(path)
        .domain(domain)
        .samesite(None);
    let mut attributes = usize::from(path.is_some()) + usize::from(domain.is_some());
    if let Some(text) = expires {
        cookie = match text.parse::<i64>() {
            Ok(seconds) => cookie.expires(seconds),
            Err(_) => cookie.expires(text),
        };
        attributes += 1;
    }
    if let Some(text) = max_age {
        cookie = cookie.max_age(text);
        attributes += 1;
    }
    if let Some(text) = samesite {
        cookie = cookie.samesite_text(text);
        attributes += 1;
    }
    let Ok(header) = cookie.encode(1_700_000_000) else {
        return;
    };
    assert_one_line(header.as_bytes());
    // A client splits at each `;`: what was given is what it finds.
    assert_eq!(
        header.as_bytes().split(|byte| *byte == b';').count(),
        1 + attributes
    );
});
