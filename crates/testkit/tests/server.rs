//! The server as a client sees it, byte for byte where that matters.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fairtrial_testkit::{Failure, ModelServer, Script, Step, Tool};
use serde_json::{Value, json};

fn sent(server: &ModelServer, raw: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(raw.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn post(server: &ModelServer, path: &str, body: &Value) -> (String, String) {
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nX-Api-Key: k\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = sent(server, &format!("{head}{body}"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (head.to_owned(), body.to_owned())
}

fn anthropic(results: usize) -> Value {
    let result = json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t" }] });
    json!({ "model": "m", "tools": [{ "name": "Bash" }], "messages": vec![result; results] })
}

fn openai(results: usize, tools: &Value) -> Value {
    let result = json!({ "type": "function_call_output", "call_id": "c", "output": "" });
    json!({ "model": "m", "tools": tools, "input": vec![result; results] })
}

#[test]
fn the_step_follows_the_conversation_and_not_a_counter() {
    let server = ModelServer::start(Script::calculator_fix()).unwrap();
    let said = |results: usize| {
        let (_, body) = post(&server, "/v1/messages", &anthropic(results));
        let body: Value = serde_json::from_str(&body).unwrap();
        body["content"][0]["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(said(1), "The add function subtracts; I will fix it.");
    assert_eq!(said(0), "I will read calc.py.");
    assert_eq!(said(3), said(99));
    let steps: Vec<_> = server.requests().iter().map(|request| request.step).collect();
    assert_eq!(steps, [Some(1), Some(0), Some(3), Some(3)]);
    assert!(server.requests().iter().all(|request| request.key.as_deref() == Some("k")));
}

#[test]
fn a_request_without_tools_stands_beside_the_conversation() {
    let server = ModelServer::start(Script::calculator_fix()).unwrap();
    let (head, body) = post(&server, "/v1/messages", &json!({ "model": "m", "messages": [] }));
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("\"text\":\"ok\""), "{body}");
    assert_eq!(server.requests()[0].step, None);
}

#[test]
fn both_apis_count_the_same_tokens_in_their_own_way() {
    let script = Script::calculator_fix();
    let tokens = script.steps[1].tokens;
    let server = ModelServer::start(script).unwrap();
    let usage = |path: &str, body: &Value| {
        let (_, body) = post(&server, path, body);
        serde_json::from_str::<Value>(&body).unwrap()["usage"].clone()
    };
    let ours = usage("/v1/messages", &anthropic(1));
    assert_eq!(ours["input_tokens"], tokens.uncached);
    assert_eq!(ours["cache_read_input_tokens"], tokens.cached);
    assert_eq!(ours["cache_creation_input_tokens"], tokens.written);
    assert_eq!(ours["output_tokens"], tokens.output + tokens.reasoning);
    let theirs = usage("/v1/responses", &openai(1, &json!([{ "name": "shell" }])));
    assert_eq!(theirs["input_tokens"], tokens.uncached + tokens.cached + tokens.written);
    assert_eq!(theirs["input_tokens_details"]["cached_tokens"], tokens.cached);
    assert_eq!(theirs["output_tokens"], tokens.output + tokens.reasoning);
    assert_eq!(theirs["output_tokens_details"]["reasoning_tokens"], tokens.reasoning);
}

#[track_caller]
fn call(tool: Tool, tools: Value, name: &str, field: &str, expected: &str) {
    let server = ModelServer::start(Script::new(vec![Step::call("x", tool)])).unwrap();
    let (_, body) = post(&server, "/v1/responses", &openai(0, &tools));
    let item = serde_json::from_str::<Value>(&body).unwrap()["output"][1].clone();
    assert_eq!((item["name"].as_str(), item[field].as_str()), (Some(name), Some(expected)));
}

#[test]
fn a_change_uses_the_tools_that_are_offered() {
    let edit = Tool::Edit { path: "a.py".into(), old: "x\ny".into(), new: "z".into() };
    let patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n-y\n+z\n*** End Patch\n";
    call(edit.clone(), json!([{ "name": "apply_patch", "type": "custom" }]), "apply_patch", "input", patch);
    let shell = json!({ "cmd": format!("apply_patch <<'PATCH'\n{patch}PATCH\n") }).to_string();
    call(edit, json!([{ "name": "exec_command" }]), "exec_command", "arguments", &shell);
    let write = Tool::Write { path: "b".into(), contents: "1\n2\n".into() };
    let patch = "*** Begin Patch\n*** Add File: b\n+1\n+2\n*** End Patch\n";
    call(write, json!([{ "name": "apply_patch", "type": "custom" }]), "apply_patch", "input", patch);
    let read = Tool::Read { path: "it's".into() };
    let shell = json!({ "command": r"cat 'it'\''s'" }).to_string();
    call(read, json!([{ "name": "shell_command" }]), "shell_command", "arguments", &shell);
}

#[test]
fn failures_come_first_and_as_often_as_asked() {
    let failing = |how| ModelServer::start(Script::calculator_fix().failing(1, how)).unwrap();
    for (how, expected) in [
        (Failure::Unauthorized, "HTTP/1.1 401"),
        (Failure::RateLimited { retry_after: 7 }, "HTTP/1.1 429"),
        (Failure::ServerError, "HTTP/1.1 500"),
        (Failure::Close, ""),
    ] {
        let server = failing(how);
        let (head, _) = post(&server, "/v1/messages", &anthropic(0));
        assert!(head.starts_with(expected), "{how:?}: {head}");
        assert_eq!(head.contains("retry-after: 7"), matches!(how, Failure::RateLimited { .. }));
        let (head, _) = post(&server, "/v1/messages", &anthropic(0));
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
}

#[test]
fn a_stream_that_is_cut_lacks_its_end() {
    let server = ModelServer::start(Script::calculator_fix().failing(1, Failure::CloseMidway)).unwrap();
    let mut body = anthropic(0);
    body["stream"] = true.into();
    let (_, cut) = post(&server, "/v1/messages", &body);
    let (_, whole) = post(&server, "/v1/messages", &body);
    assert!(cut.contains("message_start") && !cut.contains("message_stop"), "{cut}");
    assert!(whole.contains("message_stop") && whole.ends_with("0\r\n\r\n"), "{whole}");
}

#[test]
fn silence_lasts_until_the_server_stops() {
    let server = ModelServer::start(Script::calculator_fix().failing(1, Failure::Silence)).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let body = anthropic(0).to_string();
    let head = format!("POST /v1/messages HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(server);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    assert_eq!(stream.read_to_string(&mut answer).unwrap(), 0);
}

#[test]
fn nonsense_is_answered_or_dropped_and_the_server_lives_on() {
    let server = ModelServer::start(Script::new(vec![])).unwrap();
    assert!(sent(&server, "GET /nothing HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert_eq!(sent(&server, "\r\n\r\n"), "");
    assert_eq!(sent(&server, "POST /v1/messages HTTP/1.1\r\ncontent-length: many\r\n\r\n"), "");
    let (head, _) = post(&server, "/v1/messages", &anthropic(3));
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let chunked =
        "POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nd\r\n{\"model\":\"m\"}\r\n0\r\n\r\n";
    assert!(sent(&server, chunked).starts_with("HTTP/1.1 200"));
    assert_eq!(server.requests().last().unwrap().body, json!({ "model": "m" }));
}

#[test]
fn a_script_survives_its_file() {
    let script = Script::calculator_fix().failing(2, Failure::RateLimited { retry_after: 1 });
    let text = serde_json::to_string(&script).unwrap();
    assert_eq!(serde_json::from_str::<Script>(&text).unwrap(), script);
}
