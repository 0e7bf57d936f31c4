//! What holds for every input.

use antiphon_core::body::gather::{FULL, Gathered, LARGE, MAX_HOLD, Pace, SLOW_PULL};
use antiphon_core::fields::{Declared, HeaderPatch, Headers};
use antiphon_core::request::method::Method;
use antiphon_core::response::content::{self, ContentFacts};
use antiphon_core::response::fixed;
use antiphon_core::response::plan::Body;
use antiphon_core::text::http_date::HttpDate;
use antiphon_core::text::percent;
use antiphon_core::values::cookie::SetCookie;
use antiphon_core::values::location;
use proptest::prelude::*;
use std::mem;
use std::rc::Rc;

fn is_clean(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .any(|byte| *byte < b' ' && *byte != b'\t' || *byte == 0x7F)
}

/// Text with a taste for what breaks headers.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "[a-z;,=\"\\\\\r\n\t\0 \u{7f}\u{80}\u{ff}\u{2028}%/:]{0,30}",
    ]
}

proptest! {
    #[test]
    fn no_header_that_was_accepted_can_split_a_message(name in hostile(), value in hostile()) {
        let mut headers = Headers::new();
        if headers.append(name.as_str(), value.as_str()).is_ok() {
            let (name, value) = headers.iter().next().unwrap();
            prop_assert!(is_clean(value.as_bytes()));
            prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'));
        }
    }

    #[test]
    fn no_cookie_that_was_accepted_gains_an_attribute(
        key in hostile(), value in hostile(), path in hostile(), domain in hostile(),
        expires in hostile(), samesite in hostile(), now in any::<i64>(),
    ) {
        let cookie = SetCookie::new(&key, &value)
            .path(path.as_str())
            .domain(domain.as_str())
            .expires(expires.as_str())
            .samesite_text(&samesite);
        if let Ok(encoded) = cookie.encode(now) {
            let attributes = encoded.as_bytes().split(|byte| *byte == b';').count() - 1;
            let given = [&path, &domain, &expires, &samesite];
            let given = given.iter().filter(|text| !text.is_empty()).count();
            prop_assert_eq!(attributes, given);
            prop_assert!(is_clean(encoded.as_bytes()));
        }
    }

    #[test]
    fn a_cookie_never_panics_whatever_the_clock(now in any::<i64>(), after in any::<i64>()) {
        let _ = SetCookie::new("k", "v").expires(after).max_age(after).encode(now);
    }

    #[test]
    fn a_location_is_visible_ascii_and_quoting_it_again_changes_nothing(url in hostile()) {
        let quoted = location::quote(&url).into_owned();
        prop_assert!(quoted.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(location::quote(&quoted), quoted.as_str());
    }

    #[test]
    fn a_local_location_is_a_path(url in hostile()) {
        if let Ok(path) = location::quote_local(&url) {
            let mut characters = path.chars();
            prop_assert_eq!(characters.next(), Some('/'));
            prop_assert!(!matches!(characters.next(), Some('/' | '\\')));
            prop_assert!(!path.contains('\\'));
        }
    }

    #[test]
    fn what_was_quoted_comes_back(text in any::<String>()) {
        static NOTHING: percent::SafeSet = percent::SafeSet::with("");
        let quoted = percent::quote(&text, &NOTHING);
        prop_assert_eq!(percent::unquote(&quoted), text.as_str());
    }

    #[test]
    fn a_date_that_was_written_is_read_back(
        unix in -62_135_596_800_i64..253_402_300_800,
        now in any::<i64>(),
    ) {
        let date = HttpDate::from_unix(unix).unwrap();
        prop_assert_eq!(HttpDate::parse(&date.to_string(), now), Ok(date));
    }

    #[test]
    fn a_year_of_two_digits_is_the_last_within_fifty_years(
        unix in 0_i64..4_000_000_000,
        now in 0_i64..4_000_000_000,
    ) {
        let year_and_rest = |date: HttpDate| {
            let date = date.to_string();
            let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(&date[8..11]).unwrap();
            let rest = (month, date[5..7].to_owned(), date[17..25].to_owned());
            (date[12..16].parse::<u32>().unwrap(), rest)
        };
        let written = HttpDate::from_unix(unix).unwrap();
        let text = written.to_string();
        let (date, year, time) = (text[5..11].replace(' ', "-"), &text[14..16], &text[17..]);
        let read = HttpDate::parse(&format!("Sunday, {date}-{year} {time}"), now);
        let Ok(read) = read else {
            // The year has no such day.
            prop_assert_eq!(date, "29-Feb");
            return Ok(());
        };
        let ((year, rest), (written, same)) = (year_and_rest(read), year_and_rest(written));
        prop_assert_eq!((year % 100, &rest), (written % 100, &same));
        let (now, of_now) = year_and_rest(HttpDate::from_unix(now).unwrap());
        let limit = (now + 50, of_now);
        prop_assert!((year, rest.clone()) <= limit);
        prop_assert!((year + 100, rest) > limit);
    }

    #[test]
    fn reading_a_date_never_panics(text in hostile(), now in any::<i64>()) {
        let _ = HttpDate::parse(&text, now);
    }

    #[test]
    fn the_announced_length_is_the_length_that_is_sent(
        status in 100_u16..600, head in any::<bool>(), length in any::<u64>(),
        declared in proptest::option::of("[0-9a-]{0,22}"),
    ) {
        let mut headers = Headers::new();
        if let Some(declared) = &declared {
            headers.append("content-length", declared.as_str()).unwrap();
        }
        let method = if head { Method::Head } else { Method::Get };
        let facts = ContentFacts { status, length: Some(length), declared: Declared::default() };
        let Ok(built) = content::head(ContentFacts { declared: headers.declared(), ..facts }, None) else { return Ok(()) };
        built.into_iter().for_each(|patch| headers.apply(patch));
        let Ok(plan) = fixed::plan(ContentFacts { declared: headers.declared(), ..facts }, method) else { return Ok(()) };
        let (_, headers, body) = plan.into_parts(headers.clone());
        let announced = headers.get("content-length").map(|value| value.to_text());
        match body {
            Body::Content(()) => {
                prop_assert_eq!(announced.unwrap().parse::<u64>().ok(), Some(length));
            }
            Body::Empty => {
                prop_assert!(head || matches!(status, ..200 | 204 | 205 | 304));
                prop_assert!(announced.is_none() || !matches!(status, ..200 | 204));
            }
        }
    }

    #[test]
    fn set_leaves_one_field_in_the_place_of_the_first(
        names in proptest::collection::vec("[ab]", 0..6)
    ) {
        let mut headers = Headers::new();
        for name in &names {
            headers.append(name.as_str(), "old").unwrap();
        }
        headers.set("A", "new").unwrap();
        let place = headers.iter().position(|(name, _)| name.as_str() == "a").unwrap();
        prop_assert_eq!(headers.get_all("a").count(), 1);
        prop_assert_eq!(place, names.iter().position(|name| name == "a").unwrap_or(names.len()));
        prop_assert_eq!(headers.get_all("b").count(), names.iter().filter(|name| *name == "b").count());
    }
}

#[test]
fn patches_do_what_their_names_say() {
    let field = |name: &str| {
        let mut headers = Headers::new();
        headers.append(name, "1").unwrap();
        headers.into_iter().next().unwrap()
    };
    let mut headers = Headers::new();
    let (name, value) = field("a");
    headers.apply(HeaderPatch::SetDefault(name.clone(), value.clone()));
    headers.apply(HeaderPatch::SetDefault(name.clone(), value.clone()));
    assert_eq!(headers.len(), 1);
    headers.apply(HeaderPatch::Append(name.clone(), value.clone()));
    assert_eq!(headers.len(), 2);
    headers.apply(HeaderPatch::Set(name.clone(), value));
    assert_eq!(headers.len(), 1);
    headers.apply(HeaderPatch::Remove(name));
    assert!(headers.is_empty());
}

proptest! {
    /// Whoever takes when it is time gets every byte once and in order, and no large piece is copied:
    /// not one that comes first, nor one that small ones come before or after.
    #[test]
    fn gathered_pieces_keep_their_order_and_no_large_one_is_copied(
        lengths in prop::collection::vec(
            prop_oneof![0..200_usize, 1000..9000_usize, LARGE..3 * LARGE], 0..40,
        ),
        turns in prop::collection::vec(any::<bool>(), 40),
    ) {
        let pieces: Vec<Rc<[u8]>> = lengths
            .iter()
            .enumerate()
            .map(|(number, length)| vec![number as u8; *length].into())
            .collect();
        let (mut gathered, mut chunks) = (Gathered::default(), Vec::new());
        let join = |many: &mut Vec<u8>| Rc::<[u8]>::from(mem::take(many));
        for (piece, is_turn) in pieces.iter().zip(turns) {
            gathered.push(Rc::clone(piece));
            if gathered.is_full() || is_turn {
                chunks.extend(std::iter::from_fn(|| gathered.take(join)));
                prop_assert!(gathered.is_empty());
            }
        }
        chunks.extend(std::iter::from_fn(|| gathered.take(join)));
        prop_assert_eq!(chunks.concat(), pieces.concat());
        for piece in pieces.iter().filter(|piece| piece.len() >= LARGE) {
            prop_assert!(chunks.iter().any(|chunk| Rc::ptr_eq(chunk, piece)));
        }
        prop_assert!(chunks.iter().all(|chunk| chunk.len() < FULL + LARGE));
    }

    /// Whoever does not heed that it is time loses nothing.
    #[test]
    fn pieces_that_are_pushed_too_late_are_not_lost(
        lengths in prop::collection::vec(prop_oneof![0..200_usize, LARGE..2 * LARGE], 0..12),
    ) {
        let pieces: Vec<Vec<u8>> = lengths
            .iter()
            .enumerate()
            .map(|(number, length)| vec![number as u8; *length])
            .collect();
        let mut gathered = Gathered::default();
        pieces.iter().for_each(|piece| gathered.push(piece.clone()));
        let chunks: Vec<Vec<u8>> = std::iter::from_fn(|| gathered.take(mem::take)).collect();
        prop_assert_eq!(chunks.concat(), pieces.concat());
    }

    /// With any clock: what a slow pull brings goes out before the next pull, and no piece waits longer
    /// than the bound and one more pull.
    #[test]
    fn no_piece_is_held_longer_than_the_bound_and_one_pull(
        pulls in prop::collection::vec(
            prop_oneof![0..2_000_u64, 0..1_000_000_u64, 1_000_001..900_000_000_u64], 1..200,
        ),
    ) {
        let (mut pace, mut now, mut held) = (Pace::default(), 0, Vec::new());
        pace.begin(now);
        for pull in pulls {
            let oldest = held.first().map_or(0, |came| now - came);
            prop_assert!(oldest <= MAX_HOLD, "{oldest}");
            now += pull;
            held.push(now);
            let is_due = pace.is_due(now);
            prop_assert!(is_due || pull <= SLOW_PULL);
            if is_due {
                held.clear();
                // Sending takes its time, which counts for nobody.
                now += 50_000_000;
                pace.begin(now);
            }
        }
    }
}
