//! The interface over loopback HTTP answers its own page and nobody else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use fairtrial_tests::{Home, wait_for};

pub(crate) struct Served {
    child: Child,
    port: u16,
    token: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(home: &Home) -> Served {
    serve_with(home, None)
}

/// Serves with one variable more in the environment.
pub(crate) fn serve_with(home: &Home, variable: Option<(&str, &str)>) -> Served {
    let mut command = home.fairtrial(&["serve"]);
    command.envs(variable).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (address, token) = line.trim().split_once("/#token=").unwrap();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    Served { child, port, token: token.to_owned() }
}

/// Sends a request and returns its status line, headers and body as one text.
fn ask(served: &Served, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    let host = format!("127.0.0.1:{}", served.port);
    if !headers.iter().any(|(name, _)| *name == "Host") {
        text.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks for a view as the page does, and returns it.
pub(crate) fn view(served: &Served, query: &serde_json::Value) -> serde_json::Value {
    let bearer = format!("Bearer {}", served.token);
    let answer = ask(served, "POST", "/api/query", &[("Authorization", &bearer)], &query.to_string());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_run_of_another_process_is_seen_at_work() {
    let home = Home::new();
    let _app = home.start(&["run", "samples", "--assistants", "fir", "--jobs", "1"]);
    let id = wait_for("a run", || {
        let runs = home.run(&["runs", "--json"]).json();
        runs[0]["id"].as_str().map(str::to_owned)
    });
    let served = serve(&home);
    let bearer = format!("Bearer {}", served.token);
    let query = format!(r#"{{"query":"run","run":"{id}"}}"#);
    wait_for("a trial at work", || {
        let answer = ask(&served, "POST", "/api/query", &[("Authorization", &bearer)], &query);
        (answer.contains(r#""live":true"#) && answer.contains(r#""state":"working""#)).then_some(())
    });
    let pause = format!(r#"{{"action":"pause","run":"{id}"}}"#);
    let answer = ask(&served, "POST", "/api/act", &[("Authorization", &bearer)], &pause);
    assert!(answer.contains("steer it where it was started"), "{answer}");
}

#[test]
fn only_its_own_page_with_its_token_is_answered() {
    let home = Home::new();
    let served = serve(&home);
    let bearer = format!("Bearer {}", served.token);
    let ours = ("Authorization", bearer.as_str());
    let query = r#"{"query":"runs"}"#;
    let status = |answer: String| answer[9..12].to_owned();
    let post = |headers: &[(&str, &str)], body: &str| ask(&served, "POST", "/api/query", headers, body);

    assert!(post(&[ours], query).ends_with("[]"));
    assert_eq!(status(post(&[], query)), "401");
    assert_eq!(status(post(&[("Authorization", "Bearer x")], query)), "401");
    assert_eq!(status(post(&[ours, ("Origin", "http://evil.example")], query)), "403");
    assert_eq!(status(post(&[ours, ("Host", "evil.example")], query)), "403");
    assert_eq!(status(post(&[ours], "{")), "400");
    assert_eq!(status(post(&[ours], r#"{"query":"run","run":"../../etc"}"#)), "400");
    assert_eq!(status(post(&[ours], r#"{"query":"run","run":"nothing"}"#)), "422");
    assert_eq!(status(ask(&served, "GET", "/../../etc/passwd", &[], "")), "404");

    let page = ask(&served, "GET", "/", &[], "");
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
    assert!(!page.to_lowercase().contains("access-control-allow"), "{page}");
    let loopback_only = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X} ", served.port);
    let listening: Vec<&str> = loopback_only.lines().filter(|line| line.contains(&port)).collect();
    assert!(listening.iter().all(|line| line.contains("0100007F")), "{listening:?}");
}

#[test]
fn the_first_screen_tells_of_isolations_what_doctor_tells_and_of_assistants_what_a_plan_needs() {
    let home = Home::new();
    let served = serve(&home);
    let shown = view(&served, &serde_json::json!({ "query": "home" }));
    let doctor = home.run(&["doctor", "--json"]).ended_with(0).json();
    assert_eq!(shown["tiers"], doctor["tiers"]);
    assert_eq!(shown["tiers"].as_array().unwrap().len(), 4);
    let aster = shown["assistants"].as_array().unwrap().iter().find(|one| one["id"] == "aster").unwrap();
    assert_eq!((&aster["resumes"], &aster["requests_counted"]), (&true.into(), &true.into()));
}
