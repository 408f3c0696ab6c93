//! What a model's answer says of itself, read from its bytes as they pass: tokens, model, stop, error.
//!
//! **Invariant:** each token is counted in one field, whatever the vendor adds together; what an answer does not say
//! is unknown.

use fairtrial_domain::event::FaultKind;
use fairtrial_domain::traffic::WireApi;
use fairtrial_domain::usage::{Usage, UsageSource};
use serde_json::Value;

use crate::eventstream::{Frame, Frames};
use crate::sse::Sse;

mod anthropic;
mod bedrock;
mod chat;
mod gemini;
mod responses;

/// Answers that are not streamed are read up to here.
const LARGEST_WHOLE: usize = 32 << 20;

/// Returns the API that a request speaks, by its path without query.
pub fn api(method: &str, path: &str) -> WireApi {
    if method != "POST" {
        return WireApi::Other;
    }
    let end = |end: &str| path.ends_with(end);
    if end("/messages") {
        WireApi::Anthropic
    } else if end("/responses") {
        WireApi::Responses
    } else if end("/chat/completions") {
        WireApi::Chat
    } else if end(":streamGenerateContent") || end(":generateContent") {
        WireApi::Gemini
    } else if end("/converse") || end("/converse-stream") {
        WireApi::Converse
    } else if path.contains("/model/") && (end("/invoke") || end("/invoke-with-response-stream")) {
        WireApi::Invoke
    } else {
        WireApi::Other
    }
}

/// Returns the model that a request asks for: in its body, or in its path.
pub fn asked(api: WireApi, path: &str, body: &Value) -> Option<String> {
    match api {
        WireApi::Anthropic | WireApi::Responses | WireApi::Chat => body["model"].as_str().map(str::to_owned),
        WireApi::Gemini => {
            let rest = path.rsplit_once("/models/")?.1;
            Some(rest.split(':').next().unwrap_or(rest).to_owned())
        }
        WireApi::Converse | WireApi::Invoke => {
            let rest = path.split_once("/model/")?.1;
            Some(unescape(rest.rsplit_once('/')?.0))
        }
        WireApi::Other => None,
    }
}

/// Puts back what a path escapes with `%`.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (vec![], 0);
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|two| u8::from_str_radix(two, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns whose fault a status is, as far as it is one.
pub fn fault_of(status: u16) -> Option<FaultKind> {
    match status {
        100..=399 => None,
        401 | 403 => Some(FaultKind::Auth),
        402 | 429 => Some(FaultKind::RateLimit),
        408 | 500..=599 => Some(FaultKind::Server),
        0 => Some(FaultKind::Network),
        _ => Some(FaultKind::Assistant),
    }
}

/// Returns whose fault an error is by the word that APIs have for it.
fn fault_by_word(word: &str) -> FaultKind {
    let word = word.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if has(&["rate", "throttl", "quota", "exhausted", "too many"]) {
        FaultKind::RateLimit
    } else if has(&["auth", "permission", "accessdenied", "unrecognizedclient"]) {
        FaultKind::Auth
    } else if has(&["invalid", "validation", "context_length"]) {
        FaultKind::Assistant
    } else {
        FaultKind::Server
    }
}

/// What an answer says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it consumed.
    pub usage: Usage,
    /// Of the tokens written to a cache, those that it keeps for an hour.
    pub cache_write_long: Option<u64>,
    /// The class of service, where it says so.
    pub service: Option<String>,
    /// The model that served it.
    pub served: Option<String>,
    /// Its own name.
    pub id: Option<String>,
    /// Why the model stopped, in the vendor's word.
    pub stop: Option<String>,
    /// Whose fault it was that it failed.
    pub fault: Option<FaultKind>,
    /// Whether it was all there.
    pub complete: bool,
}

impl Default for Answer {
    fn default() -> Self {
        let usage = Usage { source: UsageSource::Metered, ..Usage::default() };
        Answer {
            usage,
            cache_write_long: None,
            service: None,
            served: None,
            id: None,
            stop: None,
            fault: None,
            complete: false,
        }
    }
}

impl Answer {
    fn failed(&mut self, word: &str) {
        self.fault = Some(fault_by_word(word));
        self.complete = true;
    }
}

/// Sets `to` where the answer says something.
fn learn<T>(to: &mut Option<T>, said: Option<T>) {
    if said.is_some() {
        *to = said;
    }
}

fn word(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Returns a whole without parts that are counted on their own; unknown when the parts exceed it.
fn without(whole: Option<u64>, parts: &[Option<u64>]) -> Option<u64> {
    let parts = parts.iter().flatten().try_fold(0_u64, |sum, part| sum.checked_add(*part));
    whole?.checked_sub(parts?)
}

/// Reads one answer's body as its bytes come.
#[derive(Debug)]
pub struct Reader {
    api: WireApi,
    failed: bool,
    form: Form,
    answer: Answer,
}

#[derive(Debug)]
enum Form {
    Whole(Vec<u8>),
    Events(Sse),
    Frames(Frames),
    TooLarge,
}

impl Reader {
    /// Returns a reader of an answer with this status and content type.
    pub fn new(api: WireApi, status: u16, content_type: &str) -> Reader {
        let form = if content_type.starts_with("text/event-stream") {
            Form::Events(Sse::default())
        } else if content_type.starts_with("application/vnd.amazon.eventstream") {
            Form::Frames(Frames::default())
        } else {
            Form::Whole(vec![])
        };
        let answer = Answer { fault: fault_of(status), ..Answer::default() };
        Reader { api, failed: answer.fault.is_some(), form, answer }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Whole(held) if held.len() + bytes.len() <= LARGEST_WHOLE => held.extend_from_slice(bytes),
            Form::Whole(_) => self.form = Form::TooLarge,
            Form::Events(sse) => {
                for event in sse.push(bytes) {
                    self.event(&event.data);
                }
            }
            Form::Frames(frames) => {
                for frame in frames.push(bytes) {
                    self.frame(&frame);
                }
            }
            Form::TooLarge => {}
        }
    }

    /// Returns what the answer said. `cut`: the connection broke before its end.
    pub fn finish(mut self, cut: bool) -> Answer {
        if let Form::Whole(held) = &self.form {
            match serde_json::from_slice::<Value>(held) {
                Ok(value) => self.whole(&value),
                // What is no JSON has no tokens; it is whole when its connection was.
                Err(_) => self.answer.complete = !cut && self.api == WireApi::Other,
            }
        }
        if self.failed {
            self.answer.complete = true;
        } else if self.api != WireApi::Other && self.answer.fault.is_none() && (cut || !self.answer.complete)
        {
            self.answer.fault = Some(FaultKind::Network);
            self.answer.complete = false;
        }
        self.answer
    }

    fn event(&mut self, data: &str) {
        if data == "[DONE]" {
            self.answer.complete = true;
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(data) else { return };
        match self.api {
            WireApi::Anthropic | WireApi::Invoke => anthropic::event(&mut self.answer, &value),
            WireApi::Responses => responses::event(&mut self.answer, &value),
            WireApi::Chat => chat::event(&mut self.answer, &value),
            WireApi::Gemini => gemini::event(&mut self.answer, &value),
            WireApi::Converse | WireApi::Other => {}
        }
    }

    fn frame(&mut self, frame: &Frame) {
        match self.api {
            WireApi::Converse => bedrock::converse(&mut self.answer, frame),
            WireApi::Invoke => bedrock::invoke(&mut self.answer, frame),
            WireApi::Anthropic | WireApi::Responses | WireApi::Chat | WireApi::Gemini | WireApi::Other => {}
        }
    }

    fn whole(&mut self, value: &Value) {
        let answer = &mut self.answer;
        if self.failed {
            return;
        }
        answer.complete = true;
        match self.api {
            WireApi::Anthropic | WireApi::Invoke => anthropic::whole(answer, value),
            WireApi::Responses => responses::whole(answer, value),
            WireApi::Chat => chat::whole(answer, value),
            WireApi::Gemini => {
                // Without `alt=sse` a stream is one list.
                let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                list.iter().for_each(|part| gemini::event(answer, part));
            }
            WireApi::Converse => bedrock::whole(answer, value),
            WireApi::Other => {}
        }
    }
}

/// Adds what one request consumed to a sum; unknown stays unknown only while nobody knows.
pub fn add(sum: &mut Usage, one: &Usage) {
    let add = |sum: &mut Option<u64>, one: Option<u64>| {
        if let Some(one) = one {
            *sum = Some(sum.unwrap_or(0).saturating_add(one));
        }
    };
    add(&mut sum.input_uncached, one.input_uncached);
    add(&mut sum.cache_read, one.cache_read);
    add(&mut sum.cache_write, one.cache_write);
    add(&mut sum.output, one.output);
    add(&mut sum.reasoning, one.reasoning);
    add(&mut sum.requests, one.requests);
}

#[cfg(test)]
mod tests;
