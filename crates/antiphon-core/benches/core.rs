//! What the core costs: `cargo bench -p antiphon-core`.

use antiphon_core::fields::{Declared, Headers};
use antiphon_core::request::method::Method;
use antiphon_core::request::preconditions::{Preconditions, Validators};
use antiphon_core::request::range::{self, MAX_RANGES, RangePolicy};
use antiphon_core::response::content::{self, ContentFacts};
use antiphon_core::response::fixed;
use antiphon_core::values::cookie::{SameSite, SetCookie};
use antiphon_core::values::event::ServerSentEvent;
use antiphon_core::values::location;
use antiphon_core::values::media_type::{Charset, MediaType};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn core(criterion: &mut Criterion) {
    criterion.bench_function("cookie, full", |bencher| {
        bencher.iter(|| {
            SetCookie::new(black_box("session"), black_box("abc123"))
                .max_age(3600)
                .expires(3600)
                .path("/")
                .domain("example.com")
                .secure(true)
                .httponly(true)
                .samesite(SameSite::Lax)
                .encode(black_box(1_792_564_080))
        });
    });
    criterion.bench_function("redirect, quote a short URL", |bencher| {
        bencher.iter(|| location::quote(black_box("/account/settings?tab=2")).len());
    });
    criterion.bench_function("event, small", |bencher| {
        bencher.iter(|| {
            ServerSentEvent::new(black_box("{\"n\":17}"))
                .event(black_box("tick"))
                .id(black_box("17"))
                .encode()
        });
    });
    let members = [b"bytes=".to_vec(), b"0-0,".repeat(25 * 1024)].concat();
    criterion.bench_function("range, 100 KiB", |bencher| {
        bencher.iter(|| range::parse(black_box(&members), 1000, MAX_RANGES, RangePolicy::Rfc9110));
    });
    let tags = b"\"a\",".repeat(25 * 1024);
    criterion.bench_function("if-none-match, 100 KiB", |bencher| {
        let own = Validators {
            etag: Some(b"\"17979cfe362a0000-3e8\""),
            last_modified: None,
        };
        bencher.iter(|| {
            let request = Preconditions {
                if_none_match: Some(black_box(&tags)),
                ..Default::default()
            };
            request.evaluate(own, Method::Get, 1_800_000_000)
        });
    });
    criterion.bench_function("fixed, head and plan", |bencher| {
        bencher.iter(|| {
            let mut headers = Headers::new();
            let plain = MediaType::PLAIN_TEXT.with_charset(&Charset::UTF_8);
            let head = content::head(black_box(FACTS), Some(plain)).ok()?;
            head.into_iter().for_each(|patch| headers.apply(patch));
            let plan = fixed::plan(black_box(FACTS), Method::Get).ok()?;
            Some(plan.into_parts(headers))
        });
    });
}

const FACTS: ContentFacts<'_> = ContentFacts {
    status: 200,
    length: Some(13),
    declared: Declared {
        content_length: None,
        content_type: None,
        etag: None,
        last_modified: None,
        has_transfer_encoding: false,
    },
};

criterion_group!(benches, core);
criterion_main!(benches);
