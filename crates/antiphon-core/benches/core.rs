//! What the core costs: `cargo bench -p antiphon-core`.

use antiphon_core::fields::Headers;
use antiphon_core::request::preconditions::{Preconditions, Validators};
use antiphon_core::request::range::{self, MAX_RANGES, RangePolicy};
use antiphon_core::response::content::ContentFacts;
use antiphon_core::values::cookie::{SameSite, SetCookie};
use antiphon_core::values::event::ServerSentEvent;
use antiphon_core::{response, values::location};
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
            request.evaluate(own, "GET")
        });
    });
    criterion.bench_function("fixed, plan", |bencher| {
        bencher.iter(|| response::fixed::plan(black_box(FACTS)));
    });
    criterion.bench_function("fixed, plan and patch", |bencher| {
        bencher.iter(|| {
            let plan = response::fixed::plan(black_box(FACTS)).ok()?;
            let mut headers = Headers::new();
            plan.patches
                .into_iter()
                .for_each(|patch| headers.apply(patch));
            Some(headers)
        });
    });
}

const FACTS: ContentFacts<'_> = ContentFacts {
    status: 200,
    head: false,
    length: Some(13),
    media_type: Some("text/plain"),
    charset: "utf-8",
    declared_length: None,
    declares_transfer_encoding: false,
};

criterion_group!(benches, core);
criterion_main!(benches);
