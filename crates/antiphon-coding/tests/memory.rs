//! The memory that a stream holds is what the documentation says.

use antiphon_coding::{Compression, Extent};
use antiphon_core::values::content_coding::ContentCoding;

const KIB: u64 = 1024;

#[test]
fn a_stream_holds_no_more_than_is_said() {
    let small = |number: u32| format!("id: {number}\ndata: {}\n\n", number * 7919 % 1000);
    let large = |number: u32| small(number).repeat(1000);
    // What zstd holds is not allocated in Rust.
    for (coding, event, count, most) in [
        (
            ContentCoding::Gzip,
            &small as &dyn Fn(u32) -> String,
            20_000,
            410,
        ),
        (ContentCoding::Br, &small, 20_000, 480),
        (ContentCoding::Gzip, &large, 200, 430),
        (ContentCoding::Br, &large, 200, 740),
    ] {
        // A chunk's own bytes are not the stream's.
        let chunks: Vec<String> = (0..count).map(event).collect();
        let used = allocation_counter::measure(|| {
            let mut encoder = Compression::new().encoder(coding, Extent::Stream).unwrap();
            for chunk in &chunks {
                drop(encoder.chunk(chunk.as_bytes()).unwrap());
            }
        });
        let largest = used.bytes_max / KIB;
        assert!(largest < most, "{coding:?} holds {largest} KiB");
        assert!(largest > most / 2, "{coding:?} holds {largest} KiB");
        assert_eq!(used.bytes_current, 0, "{coding:?} gives all back");
    }
}
