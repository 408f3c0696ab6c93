//! One request on its way: in, counted, to the upstream or to the recording, and its answer back.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fairtrial_domain::traffic::WireApi;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use reqwest::Url;

use super::Shared;
use super::outgoing::{Giver, Outgoing, channel};
use super::state::{Asked, Open};
use crate::keys::{Key, put_in};
use crate::read;
use crate::replay::Played;

/// A larger request is refused.
const LARGEST_REQUEST: usize = 64 << 20;
/// A recorded pause is at most this long when it is replayed.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Headers that belong to one connection, or that the meter sets itself. Without `accept-encoding` answers come as
/// text that can be read.
const OWN: [&str; 11] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "accept-encoding",
];
/// Headers of an answer that a recording keeps: clients read them.
const KEPT: [&str; 7] = [
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-amzn-errortype",
    "request-id",
    "x-request-id",
];

type Answered = Result<Response<Outgoing>, Infallible>;

/// Answers one request.
pub(super) async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let path_and_query = head.uri.path_and_query().map_or("/", |whole| whole.as_str());
    let rest = path_and_query.strip_prefix('/').and_then(|path| path.strip_prefix(&shared.token));
    let Some(rest) = rest.filter(|rest| target(&shared.upstream, rest, &[]).is_some()) else {
        return Ok(refusal(StatusCode::NOT_FOUND, "not_found_error", "this is not the way to a model"));
    };
    let rest = rest.to_owned();
    let started = Instant::now();
    // As long as the exchange is open, since its body is kept with it. An unknown length is taken for the largest.
    let length =
        head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let Ok(mut permit) = Arc::clone(&shared.room).acquire_many_owned(room(length)).await else {
        return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "api_error", "it is at its end"));
    };
    let body = match Limited::new(body, LARGEST_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            let message = "the request broke off, or has more than 64 MiB";
            return Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message));
        }
    };
    let spare = permit.num_permits().saturating_sub(room(Some(body.len())) as usize);
    drop(permit.split(spare));
    let path = rest.split('?').next().unwrap_or_default().to_owned();
    let asked = Asked { method: head.method.to_string(), path, body: body.clone() };
    if shared.state().is_beyond(read::api(&asked.method, &asked.path)) {
        // A status that no program tries again.
        let message = "the trial's limit on requests is reached";
        return Ok(refusal(StatusCode::BAD_REQUEST, "invalid_request_error", message));
    }
    let open = Open::new(&shared, asked, started, permit);
    let played = open.replayed();
    Ok(match played {
        Some(Ok(played)) => play(open, played),
        Some(Err(departed)) => {
            open.departed();
            // A status that no program tries again.
            refusal(StatusCode::BAD_REQUEST, "invalid_request_error", &departed.0)
        }
        None => send(shared, open, head.method, &rest, &head.headers, body).await,
    })
}

/// Returns the MiB that a body of this length may fill.
fn room(length: Option<usize>) -> u32 {
    let mib = length.map_or(LARGEST_REQUEST, |length| length.min(LARGEST_REQUEST)) >> 20;
    u32::try_from(mib).unwrap_or(u32::MAX).saturating_add(u32::from(length.is_some()))
}

/// Answers in the form of an error that all APIs' clients can read.
fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Outgoing> {
    let body = serde_json::json!({
        "type": "error",
        "error": { "type": kind, "code": kind, "message": format!("fairtrial's meter: {message}") },
    });
    let mut response = Response::new(Outgoing::whole(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns where a request goes, keys put in; `None` when `rest`, what follows the meter's own path, leads elsewhere than
/// to the upstream.
fn target(upstream: &str, rest: &str, keys: &[Key]) -> Option<Url> {
    let own = Url::parse(upstream).ok()?;
    let there = |rest: &str| {
        let url = Url::parse(&format!("{upstream}{rest}")).ok()?;
        let same = url.scheme() == own.scheme()
            && url.host() == own.host()
            && url.port_or_known_default() == own.port_or_known_default()
            && (url.username(), url.password()) == (own.username(), own.password());
        same.then_some(url)
    };
    // Without this, `@HOST` and `.HOST` would lengthen the upstream's own name to another host's.
    if !(rest.is_empty() || rest.starts_with(['/', '?'])) {
        return None;
    }
    there(rest)?;
    there(&put_in(rest, keys))
}

/// Returns the headers without those of one connection, keys put in.
fn headers(shared: &Shared, given: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if OWN.contains(&name.as_str()) || name == "content-length" {
            continue;
        }
        let value = value.to_str().ok().map_or_else(
            || Some(value.clone()),
            |text| {
                let mut filled = HeaderValue::from_str(&put_in(text, &shared.keys)).ok()?;
                filled.set_sensitive(true);
                Some(filled)
            },
        );
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
    headers
}

async fn send(
    shared: Arc<Shared>,
    mut open: Open,
    method: Method,
    rest: &str,
    given: &HeaderMap,
    body: Bytes,
) -> Response<Outgoing> {
    let Some(url) = target(&shared.upstream, rest, &shared.keys) else {
        open.broken();
        return refusal(StatusCode::NOT_FOUND, "not_found_error", "this is not the way to a model");
    };
    let request = shared.client.request(method, url).headers(headers(&shared, given)).body(body);
    let upstream = match request.send().await {
        Ok(upstream) => upstream,
        Err(error) => {
            open.broken();
            let why = if error.is_connect() { "could not be reached" } else { "broke the connection" };
            return refusal(StatusCode::BAD_GATEWAY, "api_error", &format!("the model's host {why}"));
        }
    };
    let status = upstream.status();
    let kept = |name: &str| Some((name.to_owned(), upstream.headers().get(name)?.to_str().ok()?.to_owned()));
    open.began(status.as_u16(), KEPT.iter().filter_map(|name| kept(name)).collect());
    let (giver, outgoing) = channel();
    let mut response = Response::new(outgoing);
    *response.status_mut() = status;
    for (name, value) in upstream.headers() {
        if !OWN.contains(&name.as_str()) {
            response.headers_mut().append(name, value.clone());
        }
    }
    tokio::spawn(pass(upstream, open, giver));
    response
}

/// Passes an answer on as it comes.
async fn pass(mut upstream: reqwest::Response, mut open: Open, giver: Giver) {
    loop {
        match upstream.chunk().await {
            Ok(Some(piece)) => {
                open.piece(&piece);
                if giver.send(Ok(piece)).await.is_err() {
                    // The program went away: what was not read is not known.
                    return;
                }
            }
            Ok(None) => return open.ended(),
            Err(_) => {
                open.broken();
                let _gone = giver.send(Err(io::ErrorKind::ConnectionReset.into())).await;
                return;
            }
        }
    }
}

/// Answers from a recording, at the pace of the original.
fn play(mut open: Open, played: Played) -> Response<Outgoing> {
    let Played { kept, body } = played;
    open.began(kept.status, kept.headers.clone());
    let (giver, outgoing) = channel();
    let mut response = Response::new(outgoing);
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in &kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    tokio::spawn(async move {
        let body = Bytes::from(body);
        let (mut at, mut before) = (0, 0);
        for (ms, length) in kept.pieces {
            let pause = Duration::from_millis(ms.saturating_sub(before));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            before = ms;
            let end = body.len().min(at + length as usize);
            let piece = body.slice(at..end);
            at = end;
            open.piece(&piece);
            if giver.send(Ok(piece)).await.is_err() {
                return;
            }
        }
        if kept.cut {
            open.broken();
            let _gone = giver.send(Err(io::ErrorKind::ConnectionReset.into())).await;
        } else {
            open.ended();
        }
    });
    response
}

/// Returns whether requests of this API are the model's.
pub(super) fn counts(api: WireApi) -> bool {
    api != WireApi::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_the_room_of_its_length_and_else_of_the_largest() {
        assert_eq!([room(Some(0)), room(Some(3 << 20)), room(Some(usize::MAX)), room(None)], [1, 4, 65, 64]);
    }

    #[test]
    fn what_follows_the_token_cannot_name_another_host() {
        let plain = "https://api.example.com";
        let check = |upstream: &str, rest: &str, wanted: Option<&str>| {
            let url = target(upstream, rest, &[]);
            assert_eq!(url.as_ref().map(Url::as_str), wanted, "{upstream} {rest}");
        };
        for rest in [
            "@evil.example/x",
            ".evil.example/x",
            ":81/x",
            "x",
            "#x",
            "\\evil.example",
            ":pass@evil.example/",
        ] {
            check(plain, rest, None);
            check("https://api.example.com/v1", rest, None);
        }
        check(plain, "", Some("https://api.example.com/"));
        check(plain, "?a=b", Some("https://api.example.com/?a=b"));
        check(plain, "/v1/x?a=@evil.example", Some("https://api.example.com/v1/x?a=@evil.example"));
        check(plain, "/\\evil.example/x", Some("https://api.example.com//evil.example/x"));
        check(plain, "//evil.example/x", Some("https://api.example.com//evil.example/x"));
        check(plain, "/https://evil.example/", Some("https://api.example.com/https://evil.example/"));
        check("http://127.0.0.1:81/v1", "/x", Some("http://127.0.0.1:81/v1/x"));
        check("http://127.0.0.1:81", "@127.0.0.1:82/x", None);
    }
}
