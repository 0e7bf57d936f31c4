//! Content that is encoded chunk by chunk, and decoded by another's decoder as it comes. The input is two numbers,
//! for the coding and how hard it tries (brotli's qualities, and from 10 on gzip's levels) and for how much it is told
//! that there is, and then the chunks, with 0x1F between them; one that begins with a digit is as long as eight to the
//! power of it, by repetition.
#![no_main]

use antiphon_coding::{Compression, Extent};
use antiphon_core::values::content_coding::ContentCoding::{self, Br, Gzip};
use antiphon_fuzz::decoding::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|byte| *byte == 0x1F);
    let hard = number(parts.next());
    let told = number(parts.next());
    let mut left = MOST;
    let mut chunks: Vec<Vec<u8>> = parts.map(|part| chunk(part, &mut left)).collect();
    let last = chunks.pop().unwrap_or_default();
    let length = chunks.iter().map(Vec::len).sum::<usize>() + last.len();
    let preset = Compression::new();
    let (coding, compression) = match hard {
        0..=9 => (Br, preset.brotli_quality(hard)),
        _ => (Gzip, preset.gzip_level(hard % 9 + 1)),
    };
    let compression = compression.expect("a number within bounds");
    // A stream, the truth, and a lie: none may change what comes out.
    let extent = match told {
        0 => Extent::Stream,
        1 => Extent::Bytes(length as u64),
        other => Extent::Bytes(u64::from(other)),
    };
    round_trip(&compression, coding, extent, &chunks, &last);
});

fn round_trip(
    compression: &Compression,
    coding: ContentCoding,
    extent: Extent,
    chunks: &[Vec<u8>],
    last: &[u8],
) {
    let mut encoder = compression.encoder(coding, extent).expect("an encoder");
    let mut decoder = Decoder::of(coding);
    for chunk in chunks {
        let encoded = encoder.chunk(chunk).expect("a chunk");
        assert_eq!(encoded.is_empty(), chunk.is_empty());
        assert_eq!(&decoder.decode(&encoded), chunk, "{coding:?}: a chunk");
    }
    let encoded = encoder.last_chunk(last).expect("an end");
    assert_eq!(decoder.decode(&encoded), last, "{coding:?}: the last chunk");
    decoder.end();
}

fn number(part: Option<&[u8]>) -> u32 {
    let text = part.and_then(|part| std::str::from_utf8(part).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn chunk(part: &[u8], left: &mut usize) -> Vec<u8> {
    let length = match part.split_first() {
        Some((digit @ b'0'..=b'6', unit)) if !unit.is_empty() => {
            8_usize.pow(u32::from(digit - b'0'))
        }
        _ => part.len(),
    };
    let length = length.min(*left);
    *left -= length;
    part.iter().copied().cycle().take(length).collect()
}

/// More than the windows that streams have at the levels that are preset.
const MOST: usize = 80_000;
