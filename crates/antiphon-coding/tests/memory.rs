//! The memory that a stream holds is what the documentation says.

use antiphon_coding::{Compression, Extent};
use antiphon_core::values::content_coding::ContentCoding;

const KIB: u64 = 1024;

#[test]
fn a_stream_holds_no_more_than_is_said() {
    let event = |number: u32| format!("id: {number}\ndata: {}\n\n", number * 7919 % 1000);
    // What zstd holds is not allocated in Rust.
    for (coding, most) in [(ContentCoding::Gzip, 410), (ContentCoding::Br, 480)] {
        let used = allocation_counter::measure(|| {
            let mut encoder = Compression::new().encoder(coding, Extent::Stream).unwrap();
            for number in 0..20_000 {
                drop(encoder.chunk(event(number).as_bytes()).unwrap());
            }
        });
        let largest = used.bytes_max / KIB;
        assert!(largest < most, "{coding:?} holds {largest} KiB");
        assert!(largest > most / 2, "{coding:?} holds {largest} KiB");
        assert_eq!(used.bytes_current, 0, "{coding:?} gives all back");
    }
}
