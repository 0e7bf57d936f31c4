//! Links of early hints. The input is text that may be one, or a target, relations, and names and values of
//! parameters, with 0x1F between them; a value that is missing makes a flag.
#![no_main]

use antiphon_core::fields::FieldValue;
use antiphon_core::values::link::Link;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut parts = input.split('\u{1F}');
    let first = parts.next().unwrap_or_default();
    let Some(relations) = parts.next() else {
        if let Ok(link) = first.parse() {
            check(&link);
        }
        return;
    };
    let Ok(mut link) = Link::new(first, relations) else {
        return;
    };
    check(&link);
    let (read, has) = read(link.as_str());
    assert_eq!(has, [("rel".into(), Some(relations.into()))]);
    assert!(!read.contains(['<', '>', ' ', '"', '\\']));
    let mut made = has;
    while let Some(name) = parts.next() {
        let value = parts.next();
        let next = match value {
            Some(value) => link.clone().parameter(name, value),
            None => link.clone().flag(name),
        };
        let is_there = made.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if let Ok(next) = next {
            assert!(!is_there, "a parameter comes once");
            link = next;
            made.push((name.into(), value.map(String::from)));
            check(&link);
        }
    }
    // What a client reads is what was given.
    assert_eq!(self::read(link.as_str()), (read, made));
});

/// One link, in one line that HTTP/2 takes, which is read again as it is.
fn check(link: &Link) {
    let value = link.as_str();
    assert_eq!(value.parse().as_ref(), Ok(link));
    let (_, parameters) = read(value);
    let names: Vec<String> = parameters
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    assert!(names.iter().any(|name| name == "rel"));
    for (place, name) in names.iter().enumerate() {
        assert!(!names[..place].contains(name), "{value}");
    }
    let field = FieldValue::from(link.clone());
    assert!(
        field
            .as_bytes()
            .iter()
            .all(|byte| (b' '..=b'~').contains(byte))
    );
    assert_eq!(value.trim(), value);
}

type Parameters = Vec<(String, Option<String>)>;

/// Reads a link by the steps of RFC 8288, appendix B.2 and B.3, as far as they hold for what is in its grammar;
/// it is the only one.
fn read(value: &str) -> (String, Parameters) {
    let value = value.strip_prefix('<').expect("a target");
    let (target, rest) = value.split_once('>').expect("a target that ends");
    let mut characters = rest.chars().peekable();
    let mut parameters = Vec::new();
    loop {
        while characters.next_if_eq(&' ').is_some() {}
        match characters.next() {
            None => return (target.into(), parameters),
            Some(';') => {}
            Some(other) => panic!("{other:?} in {value:?}"),
        }
        while characters.next_if_eq(&' ').is_some() {}
        let mut name = String::new();
        while let Some(character) = characters.next_if(|c| !matches!(c, '=' | ';' | ',' | ' ')) {
            name.push(character);
        }
        while characters.next_if_eq(&' ').is_some() {}
        if characters.next_if_eq(&'=').is_none() {
            parameters.push((name, None));
            continue;
        }
        while characters.next_if_eq(&' ').is_some() {}
        let mut text = String::new();
        if characters.next_if_eq(&'"').is_some() {
            loop {
                match characters.next().expect("quotes that are closed") {
                    '"' => break,
                    '\\' => text.push(characters.next().expect("what is escaped")),
                    character => text.push(character),
                }
            }
        } else {
            while let Some(character) = characters.next_if(|c| !matches!(c, ';' | ',' | ' ')) {
                assert!(character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character));
                text.push(character);
            }
        }
        parameters.push((name, Some(text)));
    }
}
