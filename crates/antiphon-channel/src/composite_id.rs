//! The id of a stream of several channels: where it is in each.

use std::fmt::Write;

/// The greatest length of an id, in bytes: that of a `Last-Event-ID` which is looked at.
pub(crate) const MAX_LEN: usize = 1024;

/// How many topics have room for their places, whatever they are: an id of an engine has up to 24 bytes
/// for a long time to come.
pub(crate) const MAX_TOPICS: usize = (MAX_LEN - VERSION.len()) / (1 + KEY_LEN + 1 + USUAL_ID);

/// Writes the places of topics, each by its key and its id. A place that does not fit is left out, so a
/// client that comes back is told that it may have missed something of that topic.
pub(crate) fn write<'a>(places: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = VERSION.to_owned();
    for (key, id) in places {
        let len = text.len();
        text.push(SEPARATOR);
        text.push_str(key);
        text.push('=');
        for character in id.chars() {
            match character {
                SEPARATOR => text.push_str("%7E"),
                '%' => text.push_str("%25"),
                other => text.push(other),
            }
        }
        if text.len() > MAX_LEN {
            text.truncate(len);
        }
    }
    text
}

/// Reads the id that the topic of this key has in a composite one; `None` if it has none there, or if
/// that is no composite id.
pub(crate) fn read(text: &[u8], key: &str) -> Option<String> {
    let places = str::from_utf8(text).ok()?.strip_prefix(VERSION)?;
    let mut places = places
        .split(SEPARATOR)
        .filter_map(|place| place.split_once('='));
    let (_, id) = places.find(|(other, _)| *other == key)?;
    Some(id.replace("%7E", "~").replace("%25", "%"))
}

/// Makes the key of a topic: short, and the same in all processes. It is no secret, and two names may
/// have the same, of which one stream then has only one.
pub(crate) fn key(name: &str) -> String {
    // FNV-1a, folded to 48 bits.
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let mut key = String::with_capacity(KEY_LEN);
    let _ = write!(key, "{:012x}", (hash ^ (hash >> 48)) & 0xFFFF_FFFF_FFFF);
    key
}

/// What a composite id begins with.
const VERSION: &str = "v1";
const SEPARATOR: char = '~';
const KEY_LEN: usize = 12;
const USUAL_ID: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written() {
        let keys = ["news", "user:7", ""].map(key);
        let ids = ["1700000000000-0", "a~b%7E%", "ä"];
        let text = write(keys.iter().map(String::as_str).zip(ids));
        assert!(text.starts_with("v1~"));
        for (key, id) in keys.iter().zip(ids) {
            assert_eq!(read(text.as_bytes(), key).unwrap(), id);
        }
        assert_eq!(read(text.as_bytes(), &key("other")), None);
        for foreign in ["", "7", "v1", "v2~x=1", "1700000000000-0", "v1~~~==~"] {
            assert_eq!(read(foreign.as_bytes(), &keys[0]), None, "{foreign}");
        }
        assert_eq!(read(b"v1~\xFF", &keys[0]), None);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let long = "x".repeat(600);
        let keys = [key("a"), key("b"), key("c")];
        let ids = [&*long, &*long, "3"];
        let text = write(keys.iter().map(String::as_str).zip(ids));
        assert!(text.len() <= MAX_LEN);
        let found = keys.each_ref().map(|key| read(text.as_bytes(), key));
        assert_eq!(found, [Some(long), None, Some("3".to_owned())]);
    }

    #[test]
    fn as_many_topics_fit_as_are_allowed() {
        let keys: Vec<_> = (0..MAX_TOPICS)
            .map(|number| key(&number.to_string()))
            .collect();
        let id = "x".repeat(USUAL_ID);
        let text = write(keys.iter().map(|key| (&**key, &*id)));
        assert!(keys.iter().all(|key| read(text.as_bytes(), key).is_some()));
        assert_eq!(MAX_TOPICS, 26);
    }

    #[test]
    fn a_key_is_the_same_for_ever() {
        assert_eq!(key("news").len(), KEY_LEN);
        assert_eq!([key(""), key("news")], ["9ce48422e8d7", "5bbaa03a806f"]);
    }
}
