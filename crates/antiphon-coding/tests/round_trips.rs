//! What goes in comes out again, by decoders that are no part of the encoders; after each chunk, too.

use antiphon_coding::{Compression, Extent};
use antiphon_core::values::content_coding::ContentCoding;
use proptest::prelude::*;
use std::io::Read;

/// Decodes as much as there is; of content that has not ended, what can be read so far.
fn decoded(coding: ContentCoding, bytes: &[u8], is_ended: bool) -> Vec<u8> {
    let mut reader: Box<dyn Read + '_> = match coding {
        ContentCoding::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
        ContentCoding::Br => Box::new(brotli::Decompressor::new(bytes, 4096)),
        #[cfg(feature = "zstd")]
        ContentCoding::Zstd => Box::new(zstd::stream::read::Decoder::new(bytes).expect("a frame")),
        #[cfg(not(feature = "zstd"))]
        ContentCoding::Zstd => unreachable!("the feature `zstd` is off"),
    };
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => {
                assert!(!is_ended, "{coding:?}: {error}");
                return all;
            }
        }
    }
}

fn codings() -> impl Iterator<Item = ContentCoding> {
    let is_built =
        |coding: &ContentCoding| *coding != ContentCoding::Zstd || cfg!(feature = "zstd");
    ContentCoding::ALL.into_iter().filter(is_built)
}

fn assert_round_trips(compression: &Compression, extent: Extent, chunks: &[Vec<u8>]) {
    for coding in codings() {
        let mut encoder = compression.encoder(coding, extent).expect("an encoder");
        let (mut given, mut sent) = (Vec::new(), Vec::new());
        for chunk in chunks {
            given.extend_from_slice(chunk);
            sent.extend(encoder.chunk(chunk).expect("a chunk"));
            assert_eq!(
                decoded(coding, &sent, false),
                given,
                "{coding:?} after a chunk"
            );
        }
        sent.extend(encoder.finish().expect("an end"));
        assert_eq!(decoded(coding, &sent, true), given, "{coding:?} at the end");
    }
}

proptest! {
    #[test]
    fn every_chunk_can_be_read_once_it_is_sent(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..12),
        gzip in 1u32..=9,
        brotli in 0u32..=9,
    ) {
        let compression = Compression::new()
            .gzip_level(gzip).unwrap()
            .brotli_quality(brotli).unwrap();
        assert_round_trips(&compression, Extent::Stream, &chunks);
        let length = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        assert_round_trips(&compression, Extent::Bytes(length), &chunks);
    }

    #[test]
    fn what_lies_ready_is_encoded_whole(content in proptest::collection::vec(any::<u8>(), 0..5000)) {
        for coding in codings() {
            let encoded = Compression::new().encode(coding, &content).unwrap();
            prop_assert_eq!(decoded(coding, &encoded, true), content.clone());
        }
    }
}

#[test]
fn chunks_that_are_larger_than_a_window_and_do_not_shrink_come_out_whole() {
    let mut state = 7_u64;
    let mut random = |length: usize| -> Vec<u8> {
        let next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    };
    let chunks = [
        random(300_000),
        vec![b'a'; 3_000_000],
        random(1),
        random(70_000),
    ];
    assert_round_trips(&Compression::new(), Extent::Stream, &chunks);
}

#[test]
fn every_level_decodes() {
    let text = "the quick brown fox ".repeat(5000).into_bytes();
    for level in 1..=9 {
        let compression = Compression::new().gzip_level(level).unwrap();
        assert_round_trips(&compression, Extent::Stream, std::slice::from_ref(&text));
    }
    for quality in 0..=11 {
        let compression = Compression::new().brotli_quality(quality).unwrap();
        assert_round_trips(&compression, Extent::Stream, std::slice::from_ref(&text));
    }
    if cfg!(feature = "zstd") {
        for level in [1, 3, 9, 19, 22] {
            let compression = Compression::new().zstd_level(level).unwrap();
            assert_round_trips(&compression, Extent::Stream, std::slice::from_ref(&text));
        }
    }
}

#[test]
fn a_number_out_of_range_is_named_with_what_was_found() {
    let error = Compression::new().gzip_level(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "gzip_level: expected a number from 1 to 9, but found 0"
    );
    let error = Compression::new().brotli_quality(12).unwrap_err();
    assert_eq!(
        error.to_string(),
        "brotli_quality: expected a number from 0 to 11, but found 12"
    );
    let error = Compression::new().zstd_level(23).unwrap_err();
    assert_eq!(
        error.to_string(),
        "zstd_level: expected a number from 1 to 22, but found 23"
    );
    let error = Compression::new().codings([]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "codings: expected at least one, but found none"
    );
    let error = Compression::new().media_types(["text"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "media_types: expected a media type without parameters such as \"text/css\" or \"text/*\", but found \
         \"text\""
    );
}
