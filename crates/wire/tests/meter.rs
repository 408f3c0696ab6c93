//! A meter between a raw connection and an upstream: what may be asked, and where it goes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use fairtrial_wire::keys::Key;
use fairtrial_wire::meter::{Meter, Settings};

const WAIT: Duration = Duration::from_secs(5);

/// A host that answers `{}`, with the status that the path ends in or 200, and tells what it was asked: first line and
/// headers.
fn host() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = vec![];
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let status = path.split_once("status=").map_or("200", |(_, status)| status);
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            let _gone = tell.send(head);
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    (address, told)
}

/// Sends one request with a key's stand-in to the meter; returns the answer's status.
fn ask(meter: &Meter, target: &str, stand_in: &str) -> u16 {
    let base = meter.base_url();
    let address = base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    write!(
        stream,
        "POST {target} HTTP/1.1\r\nhost: meter\r\nx-api-key: {stand_in}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
    )
    .unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn no_path_leads_a_key_to_another_host() {
    let (upstream, asked) = host();
    let (evil, stolen) = host();
    let key = Key::new("API_KEY", "planted-key-1").unwrap();
    let stand_in = key.stand_in.clone();
    let settings =
        Settings { upstream: format!("http://{upstream}"), keys: vec![key], ..Settings::default() };
    let meter = Meter::start(settings).unwrap();
    let token = meter.base_url().rsplit('/').next().unwrap().to_owned();
    let refused =
        [format!("@{evil}/x"), format!(":x@{evil}/x"), ".evil.example/x".to_owned(), "x".to_owned()];
    for rest in refused {
        assert_eq!(ask(&meter, &format!("/{token}{rest}"), &stand_in), 404, "{rest}");
        assert_eq!(ask(&meter, &format!("http://{evil}/{token}{rest}"), &stand_in), 404, "{rest}");
    }
    assert!(asked.try_recv().is_err(), "a refused request reached the upstream");
    let passed = [
        (format!("/{token}/v1/messages"), "POST /v1/messages"),
        (format!("/{token}?a=b"), "POST /?a=b"),
        (format!("/{token}//{evil}/x"), "POST //127.0.0.1"),
        (format!("/{token}/\\{evil}/x"), "POST //127.0.0.1"),
        (format!("http://{evil}/{token}/x"), "POST /x"),
    ];
    for (target, wanted) in passed {
        let status = ask(&meter, &target, &stand_in);
        // A backslash may be refused before it is looked at.
        if status == 400 && target.contains('\\') {
            continue;
        }
        assert_eq!(status, 200, "{target}");
        let head = asked.recv_timeout(WAIT).unwrap();
        assert!(head.starts_with(wanted) && head.contains("planted-key-1"), "{target}: {head}");
    }
    assert!(stolen.try_recv().is_err(), "another host was asked");
}

#[test]
fn failures_are_counted_since_the_newest_answer_and_missing_keys_are_none() {
    let (upstream, _asked) = host();
    let settings = Settings { upstream: format!("http://{upstream}"), ..Settings::default() };
    let meter = Meter::start(settings).unwrap();
    let path = meter.base_url().rsplit('/').next().unwrap().to_owned();
    let mut seen = vec![];
    for status in [429, 200, 401, 429, 401, 503, 200] {
        assert_eq!(ask(&meter, &format!("/{path}/v1/messages?status={status}"), "none"), status);
        let until = Instant::now() + WAIT;
        while meter.seen().open > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        seen.push((meter.seen().answered, meter.seen().failures));
    }
    assert_eq!(seen, [(0, 1), (1, 0), (1, 0), (1, 1), (1, 1), (1, 2), (2, 0)]);
}

#[test]
fn bodies_without_a_length_wait_for_room() {
    let (upstream, asked) = host();
    let settings = Settings { upstream: format!("http://{upstream}"), ..Settings::default() };
    let meter = Meter::start(settings).unwrap();
    let path = meter.base_url().rsplit('/').next().unwrap().to_owned();
    let address = meter.base_url().trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let open = || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST /{path}/x HTTP/1.1\r\nhost: meter\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut held: Vec<TcpStream> = (0..8).map(|_| open()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let mut late = open();
    late.write_all(b"0\r\n\r\n").unwrap();
    assert!(asked.recv_timeout(Duration::from_millis(300)).is_err(), "a ninth body was taken in");
    drop(held.pop());
    assert!(asked.recv_timeout(WAIT).is_ok(), "a body that waited was forgotten");
}
