//! Reads the head of a request to a proxy, and writes the one that goes on. Pure.
//!
//! **Invariant:** what two readers could understand differently is refused: bare line ends, two lengths, two hosts.

use std::net::IpAddr;

use fairtrial_domain::network::host_name;

use super::body::Body;

/// No head is longer, in bytes.
pub(super) const LONGEST: usize = 32 << 10;
const MOST_HEADERS: usize = 128;

/// Headers that concern this connection alone.
const OF_THIS_HOP: [&str; 10] = [
    "host",
    "connection",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "transfer-encoding",
];

/// A host as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// By its name, in lower case without a dot at its end.
    Name(String),
    /// By its address.
    Address(IpAddr),
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => write!(f, "{address}"),
        }
    }
}

/// A request that can be understood in one way only.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) way: Way,
}

/// What is wanted of the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A tunnel (`CONNECT`).
    Tunnel,
    /// One plain request: the head to send, and what follows it.
    Plain { head: Vec<u8>, body: Body },
}

/// Returns where the head ends, once it is there.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Reads a head; the error is a sentence fragment.
pub(super) fn read(head: &[u8]) -> Result<Request, &'static str> {
    let bare = head.iter().enumerate().any(|(n, byte)| match byte {
        b'\n' => n == 0 || head[n - 1] != b'\r',
        b'\r' => head.get(n + 1) != Some(&b'\n'),
        0 => true,
        _other => false,
    });
    if bare {
        return Err("a line ends oddly");
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let whole = request.parse(head).map_err(|_| "it is no HTTP")?;
    let (Some(method), Some(target), true) = (request.method, request.path, whole.is_complete()) else {
        return Err("it is no HTTP");
    };
    if method == "CONNECT" {
        let (host, port) = authority(target, None).ok_or("it names no host and port")?;
        return Ok(Request { host, port, way: Way::Tunnel });
    }
    let rest = match target.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http://") => rest,
        Some(_) | None => return Err("it is no request to a proxy: it names no http:// address"),
    };
    let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = authority(place, Some(80)).ok_or("it names no host")?;
    let body = body(request.headers)?;
    let head = onward(method, place, path, request.headers, body);
    Ok(Request { host, port, way: Way::Plain { head, body } })
}

/// Reads `host:port`.
fn authority(text: &str, usual: Option<u16>) -> Option<(Host, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, digits)) if !digits.ends_with(']') => {
            let port = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
            (host, port)
        }
        Some(_) | None => (text, usual?),
    };
    if port == 0 {
        return None;
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some((Host::Address(IpAddr::V6(inner.parse().ok()?)), port));
    }
    if let Ok(address) = host.parse() {
        return Some((Host::Address(IpAddr::V4(address)), port));
    }
    let name = host_name(host.strip_suffix('.').unwrap_or(host))?;
    Some((Host::Name(name), port))
}

fn body(headers: &[httparse::Header<'_>]) -> Result<Body, &'static str> {
    let of = |name: &'static str| headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name));
    if of("host").count() > 1 {
        return Err("it names two hosts");
    }
    let (mut lengths, mut codings) = (of("content-length"), of("transfer-encoding"));
    match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
        (None, None, None, None) => Ok(Body::Length(0)),
        (Some(length), None, None, None) => {
            let digits = std::str::from_utf8(length.value).unwrap_or_default();
            let sound = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            sound.then(|| digits.parse().ok()).flatten().map(Body::Length).ok_or("its length is no number")
        }
        (None, None, Some(coding), None) if coding.value.eq_ignore_ascii_case(b"chunked") => {
            Ok(Body::chunked())
        }
        _unclear => Err("its length can be read in two ways"),
    }
}

/// Writes the head that the host gets: its own name, no other hop's headers, and one request only.
fn onward(method: &str, place: &str, path: &str, headers: &[httparse::Header<'_>], body: Body) -> Vec<u8> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut head = format!("{method} {slash}{path} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
    let named: Vec<String> = headers
        .iter()
        .filter(|h| h.name.eq_ignore_ascii_case("connection"))
        .flat_map(|h| {
            String::from_utf8_lossy(h.value).split(',').map(|n| n.trim().to_lowercase()).collect::<Vec<_>>()
        })
        .filter(|name| name != "content-length")
        .collect();
    for header in headers {
        let name = header.name.to_ascii_lowercase();
        if OF_THIS_HOP.contains(&name.as_str()) || named.contains(&name) {
            continue;
        }
        head.extend_from_slice(header.name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(header.value);
        head.extend_from_slice(b"\r\n");
    }
    if body != Body::Length(0) && !matches!(body, Body::Length(_)) {
        head.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: &str) {
        let head = head.replace('|', "\r\n") + "\r\n\r\n";
        assert_eq!(end(head.as_bytes()), Some(head.len()));
        let got = match read(head.as_bytes()) {
            Err(why) => format!("no: {why}"),
            Ok(Request { host, port, way: Way::Tunnel }) => format!("tunnel {host} {port}"),
            Ok(Request { host, port, way: Way::Plain { head, .. } }) => {
                format!("{host} {port} {}", String::from_utf8(head).unwrap().trim_end().replace("\r\n", "|"))
            }
        };
        assert_eq!(got, expected, "{head:?}");
    }

    #[test]
    fn a_tunnel_names_its_host_and_port() {
        check("CONNECT a.org:443 HTTP/1.1|Host: other.org:443", "tunnel a.org 443");
        check("CONNECT A.Org.:443 HTTP/1.1", "tunnel a.org 443");
        check("CONNECT [::1]:443 HTTP/1.1", "tunnel ::1 443");
        check("CONNECT 127.0.0.1:80 HTTP/1.0", "tunnel 127.0.0.1 80");
        for bad in [
            "a.org",
            "a.org:0",
            "a.org:65536",
            "a.org:+4",
            "u@a.org:443",
            "a.org:443/x",
            ":443",
            "127.1:80",
            "::1:4",
        ] {
            check(&format!("CONNECT {bad} HTTP/1.1"), "no: it names no host and port");
        }
    }

    #[test]
    fn a_plain_request_goes_on_with_its_own_host_and_alone() {
        check(
            "GET http://a.org/x?y HTTP/1.1|Host: a.org",
            "a.org 80 GET /x?y HTTP/1.1|Host: a.org|Connection: close",
        );
        check(
            "POST http://a.org:8080?q HTTP/1.1|Host: evil.org|Content-Length: 3|Proxy-Authorization: x|X: 1|Connection: X",
            "a.org 8080 POST /?q HTTP/1.1|Host: a.org:8080|Content-Length: 3|Connection: close",
        );
        check(
            "PUT http://a.org/ HTTP/1.1|Transfer-Encoding: chunked|Upgrade: websocket",
            "a.org 80 PUT / HTTP/1.1|Host: a.org|Transfer-Encoding: chunked|Connection: close",
        );
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let get = "GET http://a.org/ HTTP/1.1";
        check(
            &format!("{get}|Content-Length: 3|Transfer-Encoding: chunked"),
            "no: its length can be read in two ways",
        );
        check(
            &format!("{get}|Content-Length: 3|Content-Length: 4"),
            "no: its length can be read in two ways",
        );
        check(&format!("{get}|Transfer-Encoding: xchunked"), "no: its length can be read in two ways");
        check(&format!("{get}|Content-Length: +3"), "no: its length is no number");
        check(&format!("{get}|Host: a.org|Host: b.org"), "no: it names two hosts");
        check(&format!("{get}|A: b\nC: d"), "no: a line ends oddly");
        check(&format!("{get}|A: b\rC: d"), "no: a line ends oddly");
        check(&format!("{get}|Content-Length : 3"), "no: it is no HTTP");
        check(&format!("{get}| folded: x"), "no: it is no HTTP");
        check("GET / HTTP/1.1|Host: a.org", "no: it is no request to a proxy: it names no http:// address");
        check("GET https://a.org/ HTTP/1.1", "no: it is no request to a proxy: it names no http:// address");
        check("GET http://u:p@a.org/ HTTP/1.1", "no: it names no host");
        check("GET http://a.org#b@c.org/ HTTP/1.1", "no: it names no host");
    }
}
