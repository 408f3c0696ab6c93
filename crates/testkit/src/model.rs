//! The scripted model server over plain HTTP on 127.0.0.1: Anthropic Messages, OpenAI Responses, Chat Completions,
//! Gemini and Bedrock Converse.
//!
//! It writes its answers byte by byte itself, because closing a connection midway and never answering are among them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::script::{Failure, Script, Step, Tool};

mod anthropic;
mod chat;
mod converse;
mod gemini;
mod http;
mod openai;
mod tools;

/// A running server. It stops when dropped.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `POST`, `GET` and the like.
    pub method: String,
    /// With its query.
    pub path: String,
    /// The key that came with it, from `x-api-key` or `authorization`.
    pub key: Option<String>,
    /// Its body; null where there was none that is JSON.
    pub body: Value,
    /// The step that answered it; `None` for failures and for requests beside the conversation.
    pub step: Option<usize>,
    /// The status that was answered; 0 for none.
    pub status: u16,
}

#[derive(Debug)]
struct Shared {
    script: Script,
    stopped: AtomicBool,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<Request>,
    failed: u64,
    /// Silent connections are kept open until the server stops.
    silent: Vec<TcpStream>,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the failure that is due, and counts it.
    fn failure(&self) -> Option<Failure> {
        let failing = self.script.failing?;
        let mut log = self.log();
        if log.failed >= failing.times {
            return None;
        }
        log.failed += 1;
        Some(failing.how)
    }
}

/// What is sent back.
enum Reply {
    Json { status: u16, retry_after: Option<u64>, body: Value },
    Stream { kind: &'static str, pieces: Vec<Vec<u8>>, whole: bool },
    Close,
    Silence,
}

impl ModelServer {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { script, stopped: AtomicBool::new(false), log: Mutex::default() });
        let serving = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accept(&listener, &serving));
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns what Claude Code takes as its base URL.
    pub fn anthropic_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what Codex takes as its base URL.
    pub fn openai_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Returns what a program takes as the base URL of Gemini or of Bedrock's runtime.
    pub fn plain_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns all requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log().requests.clone()
    }
}

impl ModelServer {
    /// Stops answering: from now on the port is closed.
    pub fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread; when that fails, it is gone already.
        drop(TcpStream::connect(self.address));
        self.shared.log().silent.clear();
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // A client that goes away ends its thread with an error that concerns nobody.
        std::thread::spawn(move || drop(serve(stream, &shared)));
    }
}

/// Answers one request and closes the connection.
fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let Some(asked) = http::read(&mut stream)? else { return Ok(()) };
    let body = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let (reply, step) = answer(shared, &asked.method, &asked.path, &body);
    let status = match &reply {
        Reply::Json { status, .. } => *status,
        Reply::Stream { .. } => 200,
        Reply::Close | Reply::Silence => 0,
    };
    let key = asked.key;
    shared.log().requests.push(Request { method: asked.method, path: asked.path, key, body, step, status });
    match reply {
        Reply::Json { status, retry_after, body } => http::json(&mut stream, status, retry_after, &body),
        Reply::Stream { kind, pieces, whole } => http::stream(&mut stream, kind, &pieces, whole),
        Reply::Close => Ok(()),
        Reply::Silence => {
            shared.log().silent.push(stream);
            Ok(())
        }
    }
}

fn answer(shared: &Shared, method: &str, path: &str, body: &Value) -> (Reply, Option<usize>) {
    let path = path.split('?').next().unwrap_or_default();
    let api = match (method, path) {
        ("POST", path) if path.ends_with("/messages") => Api::Anthropic,
        ("POST", path) if path.ends_with("/responses") => Api::OpenAi,
        ("POST", path) if path.ends_with("/chat/completions") => Api::Chat,
        ("POST", path) if path.ends_with(":streamGenerateContent") || path.ends_with(":generateContent") => {
            Api::Gemini
        }
        ("POST", path) if path.ends_with(":countTokens") => {
            return (ok(serde_json::json!({ "totalTokens": 1000 })), None);
        }
        ("POST", path) if path.ends_with("/converse") || path.ends_with("/converse-stream") => Api::Converse,
        ("POST", path) if path.ends_with("/messages/count_tokens") => {
            return (ok(serde_json::json!({ "input_tokens": 1000 })), None);
        }
        ("GET", path) if path.ends_with("/models") => return (ok(openai::models()), None),
        ("HEAD" | "GET", "/") => return (ok(serde_json::json!({})), None),
        _ => return (error(404, None, "not_found_error", "this server knows no such path"), None),
    };
    if let Some(failure) = shared.failure() {
        return (failed(failure, api, || api.render(shared, body).0), None);
    }
    let (pieces, step) = api.render(shared, body);
    // Two of them say so by their path.
    let streams = body["stream"].as_bool() == Some(true) || path.contains("stream");
    let reply = if streams {
        Reply::Stream { kind: api.kind(), pieces, whole: true }
    } else {
        ok(api.whole(shared, body))
    };
    (reply, step)
}

#[derive(Clone, Copy)]
enum Api {
    Anthropic,
    OpenAi,
    Chat,
    Gemini,
    Converse,
}

impl Api {
    /// Returns the streamed answer and the step that it comes from.
    fn render(self, shared: &Shared, body: &Value) -> (Vec<Vec<u8>>, Option<usize>) {
        let (step, index) = self.step(&shared.script, body);
        let lines =
            |text: String| text.split_inclusive("\n\n").map(|event| event.as_bytes().to_vec()).collect();
        let pieces = match self {
            Api::Anthropic => lines(anthropic::stream(&step, body, index)),
            Api::OpenAi => lines(openai::stream(&step, body, index)),
            Api::Chat => lines(chat::stream(&step, body, index)),
            Api::Gemini => lines(gemini::stream(&step, body, index)),
            Api::Converse => converse::stream(&step, index),
        };
        (pieces, index)
    }

    fn kind(self) -> &'static str {
        match self {
            Api::Anthropic | Api::OpenAi | Api::Chat | Api::Gemini => "text/event-stream",
            Api::Converse => "application/vnd.amazon.eventstream",
        }
    }

    fn whole(self, shared: &Shared, body: &Value) -> Value {
        let (step, index) = self.step(&shared.script, body);
        match self {
            Api::Anthropic => anthropic::whole(&step, body, index),
            Api::OpenAi => openai::whole(&step, body, index),
            Api::Chat => chat::whole(&step, body, index),
            Api::Gemini => gemini::whole(&step, body, index),
            Api::Converse => converse::whole(&step, index),
        }
    }

    /// Chooses the step by the tool results in the conversation, and by how often its user came back after a last word:
    /// so a session that is resumed goes on behind the step that ended it. A request without tools stands beside it:
    /// programs ask so for titles and the like.
    fn step(self, script: &Script, body: &Value) -> (Step, Option<usize>) {
        let done = match self {
            Api::Anthropic => anthropic::results(body) + anthropic::resumed(body),
            Api::OpenAi => openai::results(body) + openai::resumed(body),
            Api::Chat => chat::results(body) + chat::resumed(body),
            Api::Gemini => gemini::results(body) + gemini::resumed(body),
            Api::Converse => converse::results(body) + converse::resumed(body),
        };
        let index = done.min(script.steps.len().saturating_sub(1));
        let step = script.steps.get(index).cloned();
        match step.and_then(|step| tools::translated(step, &script.steps, body)) {
            Some(step) => (step, Some(index)),
            None => (Step::say("ok"), None),
        }
    }
}

/// Returns a tool's name and input in the words of our own assistant.
fn plain_call(tool: &Tool) -> (&'static str, Value) {
    match tool {
        Tool::Read { path } => ("read", serde_json::json!({ "path": path })),
        Tool::Edit { path, old, new } => {
            ("edit", serde_json::json!({ "path": path, "old": old, "new": new }))
        }
        Tool::Write { path, contents } => {
            ("edit", serde_json::json!({ "path": path, "old": "", "new": contents }))
        }
        Tool::Run { command } => ("run", serde_json::json!({ "command": command })),
    }
}

/// Returns events as text, each named by its type.
fn server_sent(events: &[Value]) -> String {
    let text = |event: &Value| {
        let name = event["type"].as_str().unwrap_or_default();
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.iter().map(text).collect()
}

fn ok(body: Value) -> Reply {
    Reply::Json { status: 200, retry_after: None, body }
}

fn error(status: u16, retry_after: Option<u64>, kind: &str, message: &str) -> Reply {
    // Both APIs read what they know of it.
    let body = serde_json::json!({
        "type": "error",
        "error": { "type": kind, "code": kind, "message": message },
    });
    Reply::Json { status, retry_after, body }
}

fn failed(failure: Failure, api: Api, answer: impl Fn() -> Vec<Vec<u8>>) -> Reply {
    match failure {
        Failure::Unauthorized => error(401, None, "authentication_error", "invalid key (scripted)"),
        Failure::RateLimited { retry_after } => {
            error(429, Some(retry_after), "rate_limit_error", "too many requests (scripted)")
        }
        Failure::ServerError => error(500, None, "api_error", "internal server error (scripted)"),
        Failure::Close => Reply::Close,
        Failure::CloseMidway => Reply::Stream { kind: api.kind(), pieces: answer(), whole: false },
        Failure::Silence => Reply::Silence,
    }
}
