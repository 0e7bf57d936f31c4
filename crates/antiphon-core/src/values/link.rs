//! Links: what a page will need, told before the page ([RFC 8288], and early hints, [RFC 8297]).
//!
//! [RFC 8288]: https://www.rfc-editor.org/rfc/rfc8288#section-3
//! [RFC 8297]: https://www.rfc-editor.org/rfc/rfc8297

use crate::fields::FieldValue;
use crate::text::token;
use crate::values::location;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One link: a target, how it is related to what is answered, and parameters.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::link::Link;
///
/// let style = Link::preload("/app.css", "style")?;
/// assert_eq!(style.as_str(), "</app.css>; rel=preload; as=style");
/// let font = Link::preload("/große.woff2", "font")?.flag("crossorigin")?;
/// assert_eq!(font.as_str(), "</gro%C3%9Fe.woff2>; rel=preload; as=font; crossorigin");
/// let whole: Link = "<https://cdn.example>; rel=\"preconnect\"".parse()?;
/// assert!("</a.css>; rel=preload\r\nSet-Cookie: a=b".parse::<Link>().is_err());
/// # let _ = whole;
/// # Ok::<(), antiphon_core::values::link::InvalidLink>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Makes a link to `target`, in which what cannot stand in a URI is percent-encoded. `rel` is one word
    /// or several with blanks between them.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] if the target or `rel` is empty, or if `rel` holds a control character or one beyond
    /// ASCII; and as [`preconnect`](Self::preconnect), if `rel` names that.
    pub fn new(target: &str, rel: &str) -> Result<Self, InvalidLink> {
        if target.is_empty() {
            return Err(InvalidLink::new(Fault::NoTarget, target));
        }
        if rel.trim_ascii().is_empty() {
            return Err(InvalidLink::new(Fault::NoRelation, rel));
        }
        let mut relations = rel.split_ascii_whitespace();
        if relations.any(|word| word.eq_ignore_ascii_case("preconnect")) && !is_of_a_site(target) {
            return Err(InvalidLink::new(Fault::NoSite, target));
        }
        let mut text = String::from("<");
        text.push_str(&location::quote(target));
        text.push('>');
        Self(text).with("rel", rel)
    }

    /// Makes a link to what the client is to load at once. `kind` is what it is to be used as: `style`,
    /// `script`, `font`, `image`, `fetch` or another [destination](https://fetch.spec.whatwg.org/#concept-request-destination).
    ///
    /// A font needs [`flag("crossorigin")`](Self::flag), wherever it lies: without it browsers load it twice.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] if the target is empty, or if `kind` is no destination: browsers ignore such a link. One
    /// that is newer than this version is given in a link that is parsed.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::link::Link;
    ///
    /// assert!(Link::preload("/app.css", "style").is_ok());
    /// assert!(Link::preload("/app.css", "css").is_err());
    /// ```
    pub fn preload(target: &str, kind: &str) -> Result<Self, InvalidLink> {
        Self::new(target, "preload")?.parameter("as", kind)
    }

    /// Makes a link to a site that the client is to connect to.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] if it does not begin with `https://`, `http://` or `//`: it would be a path of this site.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::link::Link;
    ///
    /// assert!(Link::preconnect("https://cdn.example").is_ok());
    /// assert!(Link::preconnect("cdn.example").is_err());
    /// ```
    pub fn preconnect(origin: &str) -> Result<Self, InvalidLink> {
        Self::new(origin, "preconnect")
    }

    /// Adds a parameter, such as `fetchpriority`. A value that is no token is quoted.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] if the name is no token or is one that the link has already, such as `rel`; if the
    /// value holds a control character or one beyond ASCII; or if `as` is no destination, as for
    /// [`preload`](Self::preload).
    pub fn parameter(self, name: &str, value: &str) -> Result<Self, InvalidLink> {
        self.with(name, value)
    }

    /// Adds a parameter without a value, such as `crossorigin`.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] if the name is no token, or is one that the link has already.
    pub fn flag(mut self, name: &str) -> Result<Self, InvalidLink> {
        if !token::is_token(name) {
            return Err(InvalidLink::new(Fault::Name, name));
        }
        let parameters = self
            .0
            .split_once('>')
            .map_or("", |(_, parameters)| parameters);
        if names(parameters).any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(InvalidLink::new(Fault::Twice, name));
        }
        self.0.push_str("; ");
        self.0.push_str(name);
        Ok(self)
    }

    fn with(self, name: &str, value: &str) -> Result<Self, InvalidLink> {
        if let Some(position) = value.find(|c: char| !(' '..='~').contains(&c)) {
            return Err(InvalidLink::new(Fault::Character(position), value));
        }
        if name.eq_ignore_ascii_case("as") && !DESTINATIONS.contains(&value) {
            return Err(InvalidLink::new(Fault::NoDestination, value));
        }
        let mut link = self.flag(name)?.0;
        link.push('=');
        if token::is_token(value) {
            link.push_str(value);
        } else {
            link.push('"');
            for character in value.chars() {
                if matches!(character, '"' | '\\') {
                    link.push('\\');
                }
                link.push(character);
            }
            link.push('"');
        }
        Ok(Self(link))
    }

    /// Returns the value of a `Link` field that holds this link and no other.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Link> for FieldValue {
    fn from(link: Link) -> Self {
        Self::from_visible_ascii(link.0)
    }
}

impl core::str::FromStr for Link {
    type Err = InvalidLink;

    /// Reads text that holds one link and nothing else, which has a `rel`. It is sent as it is, but for blanks
    /// around it, a `;` that nothing follows, and values that need quotes and have none.
    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        let refused = |fault| InvalidLink::new(fault, text);
        if let Some(position) = text.find(|c: char| !(' '..='~').contains(&c)) {
            return Err(refused(Fault::Character(position)));
        }
        // HTTP/2 and 3 have no fields that begin or end with a blank (RFC 9113 §8.2.1).
        let text = text.trim_matches(' ');
        let inside = text.strip_prefix('<').ok_or_else(|| refused(Fault::Form))?;
        let (target, mut rest) = inside.split_once('>').ok_or_else(|| refused(Fault::Form))?;
        if target.is_empty() {
            return Err(refused(Fault::NoTarget));
        }
        if target.contains(['<', ' ', '"']) {
            return Err(refused(Fault::Form));
        }
        let mut link = String::with_capacity(text.len() + 2);
        link.push_str(&text[..target.len() + 2]);
        while !rest.trim_matches([' ', ';']).is_empty() {
            let parameter = rest.trim_ascii_start().strip_prefix(';');
            let parameter = parameter.and_then(first_parameter);
            let (name, value, after) = parameter.ok_or_else(|| refused(Fault::Form))?;
            if name.eq_ignore_ascii_case("rel") && value.trim_matches(['"', ' ']).is_empty() {
                return Err(refused(Fault::NoRelation));
            }
            let written = &rest[..rest.len() - after.len()];
            if value.is_empty() || value.starts_with('"') || token::is_token(value) {
                link.push_str(written);
            } else {
                link.push_str(&written[..written.len() - value.len()]);
                link.push('"');
                link.push_str(value);
                link.push('"');
            }
            rest = after;
        }
        let mut names: Vec<String> = names(&link[target.len() + 2..])
            .map(str::to_ascii_lowercase)
            .collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(InvalidLink::new(Fault::Twice, &pair[0]));
        }
        if names.binary_search_by(|name| (**name).cmp("rel")).is_err() {
            return Err(refused(Fault::NoRelation));
        }
        Ok(Self(link))
    }
}

/// Reads a parameter: its name, its value as it is written, and what follows.
fn first_parameter(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_ascii_start();
    let end = text
        .find(|c: char| !c.is_ascii() || !token::is_tchar(c as u8))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
        return Some((name, "", rest));
    };
    let value = value.trim_ascii_start();
    let end = match value.strip_prefix('"') {
        Some(quoted) => end_of_quoted(quoted)? + 1,
        // What is no token, such as `font/woff2`, is read as well (RFC 8288, appendix B.3).
        None => value
            .find(['"', ',', ';', '<', '>', '\\', ' '])
            .unwrap_or(value.len()),
    };
    let (value, rest) = value.split_at(end);
    (!value.is_empty()).then_some((name, value, rest))
}

/// The names of the parameters that a link has.
fn names(mut parameters: &str) -> impl Iterator<Item = &str> {
    core::iter::from_fn(move || {
        let parameter = parameters.trim_ascii_start().strip_prefix(';')?;
        let (name, _, after) = first_parameter(parameter)?;
        parameters = after;
        Some(name)
    })
}

/// Tells whether a target names the site that it is of.
fn is_of_a_site(target: &str) -> bool {
    ["https://", "http://", "//"].into_iter().any(|start| {
        let found = target.get(..start.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(start))
    })
}

/// Finds what follows the closing quote.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(position + 1),
            _ => {}
        }
    }
    None
}

/// The error of what is no [`Link`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLink {
    fault: Fault,
    found: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Form,
    Name,
    NoTarget,
    NoSite,
    NoDestination,
    NoRelation,
    Twice,
    Character(usize),
}

impl InvalidLink {
    fn new(fault: Fault, found: &str) -> Self {
        Self {
            fault,
            found: found.into(),
        }
    }
}

impl fmt::Display for InvalidLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        match self.fault {
            Fault::Form => write!(
                formatter,
                "link: expected one link such as \"</a.css>; rel=preload; as=style\", but found {found:?}"
            ),
            Fault::Name => write!(
                formatter,
                "link: expected a token for the name of a parameter, but found {found:?}"
            ),
            Fault::NoRelation => write!(
                formatter,
                "link: expected a `rel` that says how it is related, but found {found:?}"
            ),
            Fault::NoTarget => write!(
                formatter,
                "link: expected a URL between < and >, but found {found:?}"
            ),
            Fault::NoSite => write!(
                formatter,
                "link: expected a site such as \"https://cdn.example\" to connect to, but found {found:?}"
            ),
            Fault::NoDestination => write!(
                formatter,
                "link: expected a destination for `as` that browsers know, such as style, script, font, \
                 image or fetch, but found {found:?}"
            ),
            Fault::Twice => write!(
                formatter,
                "link: expected each parameter once, but found {found:?} again"
            ),
            Fault::Character(position) => write!(
                formatter,
                "link: expected ASCII without control characters, but found {found:?}, of which byte \
                 {position} is none"
            ),
        }
    }
}

impl core::error::Error for InvalidLink {}

/// The [destinations](https://fetch.spec.whatwg.org/#concept-request-destination) that some browser or other
/// loads ahead.
const DESTINATIONS: [&str; 14] = [
    "audio", "document", "embed", "fetch", "font", "image", "json", "object", "script", "style",
    "text", "track", "video", "worker",
];
