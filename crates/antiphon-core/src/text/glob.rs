//! Patterns of paths: `*` is any run of characters in a name, `**` any run at all, `?` one character of a
//! name. All else is itself.

/// Tells whether a pattern fits the whole of a path, in at most as many steps as the product of their
/// lengths.
///
/// `**/` may also stand for nothing, so that `**/*.js` fits `a.js`.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::glob;
///
/// assert!(glob::fits("assets/**", "assets/js/app.1f3a.js"));
/// assert!(glob::fits("**/*.js", "app.js"));
/// assert!(!glob::fits("*.js", "js/app.js"));
/// ```
#[must_use]
pub fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    // Where to go on when what stands there does not fit: behind the last `*`, and behind the last `**`, each
    // with the place in the path up to which it has taken all. An earlier star need never take more: whatever
    // it would leave to the later ones, they can take themselves.
    let (mut name_star, mut star) = (None, None);
    let (mut at, mut place) = (0, 0);
    loop {
        match &pattern[at..] {
            [b'*', b'*', rest @ ..] => {
                let depth = usize::from(rest.first() == Some(&b'/'));
                // Behind `**/` comes the begin of a name: here, or behind a `/` further on.
                if depth == 1 && !(place == 0 || path[place - 1] == b'/') {
                    // Such a pattern, `a**/b`, is `a**` and then `/b`.
                    at += 2;
                    (star, name_star) = (Some((at, place, false)), None);
                } else {
                    at += 2 + depth;
                    (star, name_star) = (Some((at, place, depth == 1)), None);
                }
                continue;
            }
            [b'*', ..] => {
                at += 1;
                name_star = Some((at, place));
                continue;
            }
            [] if place == path.len() => return true,
            [expected, ..] if place < path.len() && fits_one(*expected, path[place]) => {
                at += 1;
                // A character of several bytes is one character.
                place += if *expected == b'?' {
                    width(path, place)
                } else {
                    1
                };
                continue;
            }
            _ => {}
        }
        if let Some((behind, taken)) = name_star
            && taken < path.len()
            && path[taken] != b'/'
        {
            name_star = Some((behind, taken + 1));
            (at, place) = (behind, taken + 1);
        } else if let Some((behind, taken, by_names)) = star
            && taken < path.len()
        {
            let next = if by_names {
                let Some(slash) = path[taken..].iter().position(|byte| *byte == b'/') else {
                    return false;
                };
                taken + slash + 1
            } else {
                taken + 1
            };
            star = Some((behind, next, by_names));
            name_star = None;
            (at, place) = (behind, next);
        } else {
            return false;
        }
    }
}

const fn fits_one(expected: u8, found: u8) -> bool {
    expected == found || expected == b'?' && found != b'/'
}

/// The number of bytes of the character that begins here.
fn width(path: &[u8], place: usize) -> usize {
    let is_inside = |byte: &&u8| **byte & 0xC0 == 0x80;
    1 + path[place + 1..].iter().take_while(is_inside).count()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_whole_paths() {
        for (pattern, path, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("ab", "a", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a.b", true),
            ("*", "a/b", false),
            ("**", "", true),
            ("**", "a/b", true),
            ("*.js", "a.js", true),
            ("*.js", "a.js.js", true),
            ("*.js", "a.jsx", false),
            ("*.js", "b/a.js", false),
            ("**/*.js", "a.js", true),
            ("**/*.js", "b/c/a.js", true),
            ("**/*.js", "b/c/a.css", false),
            ("**.js", "b/c/a.js", true),
            ("assets/**", "assets/a", true),
            ("assets/**", "assets/", true),
            ("assets/**", "assets", false),
            ("assets/**", "other/assets/a", false),
            ("assets/*", "assets/b/a", false),
            ("assets/**/x", "assets/x", true),
            ("assets/**/x", "assets/b/c/x", true),
            ("assets/**/x", "assets/bx", false),
            ("a**/b", "a1/2/b", true),
            ("**/b/*.js", "b/b/c.js", true),
            ("**/b/*.js", "b/c/b/d.js", true),
            ("**/b/*.js", "b/c/d.js", false),
            ("a?c", "abc", true),
            ("a?c", "aüc", true),
            ("a?c", "a/c", false),
            ("a?c", "ac", false),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxa", false),
            ("*/*", "a/b", true),
            ("*/*", "a/b/c", false),
            ("**/*/c", "a/b/c", true),
            ("[a].js", "[a].js", true),
            ("Ü*", "Übung", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    /// The same by the definition, which tries everything.
    fn fits_slowly(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => path.is_empty(),
            [b'*', b'*', b'/', rest @ ..] if fits_slowly(rest, path) => true,
            [b'*', b'*', b'/', rest @ ..] => {
                (0..path.len()).any(|end| path[end] == b'/' && fits_slowly(rest, &path[end + 1..]))
            }
            [b'*', b'*', rest @ ..] => (0..=path.len()).any(|end| fits_slowly(rest, &path[end..])),
            [b'*', rest @ ..] => (0..=path.len())
                .any(|end| !path[..end].contains(&b'/') && fits_slowly(rest, &path[end..])),
            [b'?', rest @ ..] => {
                matches!(path, [byte, left @ ..] if *byte != b'/' && fits_slowly(rest, left))
            }
            [first, rest @ ..] => {
                matches!(path, [byte, left @ ..] if byte == first && fits_slowly(rest, left))
            }
        }
    }

    #[test]
    fn every_short_pattern_fits_what_its_definition_says() {
        let texts = |alphabet: &[u8], most: u32| {
            let base = alphabet.len() as u32;
            (0..=most)
                .flat_map(move |length| {
                    let alphabet = alphabet.to_vec();
                    (0..base.pow(length)).map(move |mut number| {
                        let mut text = alloc::string::String::new();
                        for _ in 0..length {
                            text.push(alphabet[(number % base) as usize] as char);
                            number /= base;
                        }
                        text
                    })
                })
                .collect::<alloc::vec::Vec<_>>()
        };
        let paths = texts(b"ab/", 4);
        // `**/` within a name and `***` have no meaning of their own.
        for pattern in texts(b"*a/?", 5) {
            let odd = pattern.contains("***")
                || pattern
                    .match_indices("**/")
                    .any(|(at, _)| at > 0 && !pattern[..at].ends_with('/'));
            for path in paths.iter().filter(|_| !odd) {
                let expected = fits_slowly(pattern.as_bytes(), path.as_bytes());
                assert_eq!(fits(&pattern, path), expected, "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_long_time() {
        let path = "a".repeat(2000);
        let pattern = "*a".repeat(500) + "b";
        assert!(!fits(&pattern, &path));
        assert!(!fits(&("**/a*".repeat(300) + "b"), &"a/".repeat(1000)));
    }
}
