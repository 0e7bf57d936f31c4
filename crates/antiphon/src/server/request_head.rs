//! Which requests do not reach the application, and how the others do.

use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use std::net::Ipv6Addr;

/// Refuses a request: one whose host is not as RFC 9112 §3.2 demands, and CONNECT, for this is no proxy.
pub(super) fn refuse(request: &Parts) -> Option<StatusCode> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let is_right = match (hosts.next(), hosts.next()) {
        (None, _) => request.version != Version::HTTP_11,
        (Some(host), None) => is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    };
    if !is_right {
        return Some(StatusCode::BAD_REQUEST);
    }
    (request.method == Method::CONNECT).then_some(StatusCode::NOT_IMPLEMENTED)
}

/// Counts the bytes of a head, about as they came.
pub(super) fn len(request: &Parts) -> usize {
    let fields = request.headers.iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let target = request.uri.path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    request.method.as_str().len() + target + fields.sum::<usize>()
}

/// Tells whether this is nothing, or `uri-host [ ":" port ]` (RFC 9110 §7.2).
fn is_host(host: &[u8]) -> bool {
    let (host, port) = match host.strip_prefix(b"[") {
        Some(rest) => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else {
                return false;
            };
            if !is_address(&rest[..end]) {
                return false;
            }
            (&[][..], &rest[end + 1..])
        }
        None => {
            let end = host.iter().position(|byte| *byte == b':');
            host.split_at(end.unwrap_or(host.len()))
        }
    };
    let port = match port.split_first() {
        None => &[][..],
        Some((b':', digits)) => digits,
        Some(_) => return false,
    };
    is_name(host) && port.iter().all(u8::is_ascii_digit)
}

/// What stands between brackets: an address of IP version 6, or of one that is still to come.
fn is_address(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let later = text.strip_prefix(['v', 'V']);
    text.parse::<Ipv6Addr>().is_ok()
        || later
            .and_then(|rest| rest.split_once('.'))
            .is_some_and(|(version, address)| {
                let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_part = |byte: u8| is_plain(byte) || byte == b':';
                !version.is_empty()
                    && is_hex(version)
                    && !address.is_empty()
                    && address.bytes().all(is_part)
            })
}

/// The `reg-name` of RFC 3986 §3.2.2, of which an address of IP version 4 is one.
fn is_name(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let is_right = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(u8::is_ascii_hexdigit)),
            byte => is_plain(*byte),
        };
        if !is_right {
            return false;
        }
    }
    true
}

/// The `unreserved` and `sub-delims` of RFC 3986.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

/// Makes the header what ASGI says, whatever the version: the host of the target comes first and counts
/// over `Host` (RFC 9112 §3.2.2), and the pieces of `Cookie` are one field (RFC 9113 §8.2.3).
pub(super) fn complete(request: &mut Parts) {
    if let Some(host) = request.uri.authority().and_then(without_user) {
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 1);
        headers.insert(header::HOST, host);
        request.headers.remove(header::HOST);
        headers.extend(request.headers.drain());
        request.headers = headers;
    }
    let mut cookies = request.headers.get_all(header::COOKIE).iter();
    if request.version == Version::HTTP_2 && cookies.nth(1).is_some() {
        let pieces = request.headers.get_all(header::COOKIE).iter();
        let joined = pieces
            .map(HeaderValue::as_bytes)
            .collect::<Vec<_>>()
            .join(&b"; "[..]);
        // Each piece was a value, and so is the whole.
        if let Ok(joined) = HeaderValue::from_bytes(&joined) {
            request.headers.insert(header::COOKIE, joined);
        }
    }
}

fn without_user(authority: &Authority) -> Option<HeaderValue> {
    let host = authority.as_str().rsplit('@').next()?;
    HeaderValue::from_str(host).ok()
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn hosts_are_told_from_what_is_none() {
        for host in [
            "",
            "a.test",
            "a.test:8000",
            "a.test:",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:8000",
            "[v1.a:b]",
            "xn--bcher-kva.example",
            "a_b.test",
            "%41.test",
            "a,b",
            "1",
            ":80",
        ] {
            assert!(is_host(host.as_bytes()), "{host:?}");
        }
        for host in [
            "a.test/b",
            "a b",
            "user@a.test",
            "a.test, b.test",
            "a.test:port",
            "a:1:2",
            "[::1",
            "::1",
            "[]",
            "[a]",
            "[::1]a",
            "[::1]80",
            "[v.a]",
            "[v1.]",
            "%4",
            "%zz",
            "a\"b",
            "a#b",
            "a?b",
            "a\\b",
            "ü",
            "a:-1",
        ] {
            assert!(!is_host(host.as_bytes()), "{host:?}");
        }
    }
}
