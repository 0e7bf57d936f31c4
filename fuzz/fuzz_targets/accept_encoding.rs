//! `Accept-Encoding`. The input is the codings that are offered, separated by commas, and then the lines of the
//! field, with 0x1F between them.
#![no_main]

use antiphon_core::request::accept_encoding::AcceptEncoding;
use antiphon_core::values::content_coding::ContentCoding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|byte| *byte == 0x1F);
    let offered: Vec<ContentCoding> = String::from_utf8_lossy(parts.next().unwrap_or_default())
        .split(',')
        .filter_map(|word| word.parse().ok())
        .collect();
    let lines: Vec<&[u8]> = parts.collect();
    let read = |lines: &[&[u8]]| {
        let mut accepted = AcceptEncoding::default();
        lines.iter().for_each(|line| accepted.note(line));
        accepted
    };
    let accepted = read(&lines);
    assert_eq!(
        accepted,
        read(&[&lines.join(&b", "[..])]),
        "lines are one list"
    );
    assert_eq!(
        accepted,
        read(&[&lines.join(&b","[..]).to_ascii_uppercase()])
    );

    let ranked: Vec<_> = accepted.ranked(&offered).collect();
    assert_eq!(ranked, accepted.ranked(&offered).collect::<Vec<_>>());
    for (place, coding) in ranked.iter().enumerate() {
        assert!(offered.contains(coding));
        assert!((1..=1000).contains(&accepted.weight(*coding)));
        assert!(!ranked[..place].contains(coding), "a coding is named once");
    }
    for pair in ranked.windows(2) {
        let order = |coding| offered.iter().position(|other| *other == coding);
        let [before, after] = [pair[0], pair[1]].map(|coding| accepted.weight(coding));
        assert!(before > after || before == after && order(pair[0]) < order(pair[1]));
    }
    for coding in ContentCoding::ALL {
        assert!(accepted.weight(coding) <= 1000);
        // Whether one is sent does not depend on what else is offered.
        let alone = accepted.ranked(&[coding]).next().is_some();
        assert_eq!(ranked.contains(&coding), alone && offered.contains(&coding));
    }
    // A refusal said first is heard, whatever follows.
    let mut refused = read(&[b"br;q=0, gzip;q=0, zstd;q=0"]);
    lines.iter().for_each(|line| refused.note(line));
    assert_eq!(refused.ranked(&ContentCoding::ALL).next(), None);
});
