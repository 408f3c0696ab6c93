//! One conversation in the words of five model APIs: what is asked, and what is answered.
//!
//! **Invariant:** what a model said goes back to it as it came, signatures and all; an answer that is cut is no answer.

mod anthropic;
mod chat;
mod converse;
mod gemini;
mod responses;

use fairtrial_domain::event::FaultKind;
use fairtrial_domain::traffic::WireApi;
use serde_json::Value;

use crate::eventstream::Frames;
use crate::read::{Answer, Reader};
use crate::sigv4::escape;
use crate::sse::Sse;

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its input.
    pub schema: Value,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Ties the output to it.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// Its input; text where it is no JSON.
    pub input: Value,
}

/// What a tool returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The call's.
    pub id: String,
    /// The tool's.
    pub name: String,
    /// What it says.
    pub text: String,
    /// Whether it worked.
    pub ok: bool,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// The user's words.
    User(String),
    /// The model's, in the API's own form.
    Model(Vec<Value>),
    /// What the tools that it called returned.
    Outputs(Vec<Output>),
}

/// All that a request says.
#[derive(Debug, Clone, Copy)]
pub struct Talk<'a> {
    /// Which model.
    pub model: &'a str,
    /// What it is told before all else.
    pub system: &'a str,
    /// What it may call.
    pub tools: &'a [Tool],
    /// What was said.
    pub turns: &'a [Turn],
    /// Tokens that it may answer with.
    pub max_tokens: u64,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// Its words.
    pub text: String,
    /// Its reasoning, where it is shown.
    pub thinking: String,
    /// What it calls.
    pub calls: Vec<Call>,
    /// All of it in the API's own form, to go back to it.
    pub own: Vec<Value>,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoReply {
    /// Whose fault.
    pub fault: FaultKind,
    /// In one sentence.
    pub message: String,
}

/// Returns the path below the API's address, query and all; every request streams.
pub fn path(api: WireApi, model: &str) -> String {
    match api {
        WireApi::Anthropic => "/v1/messages".to_owned(),
        WireApi::Responses => "/responses".to_owned(),
        WireApi::Chat | WireApi::Other => "/chat/completions".to_owned(),
        WireApi::Gemini => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        WireApi::Converse | WireApi::Invoke => format!("/model/{}/converse-stream", escape(model, "")),
    }
}

/// Returns the body of a request.
pub fn body(api: WireApi, talk: &Talk<'_>) -> Value {
    match api {
        WireApi::Anthropic => anthropic::body(talk),
        WireApi::Responses => responses::body(talk),
        WireApi::Chat | WireApi::Other => chat::body(talk),
        WireApi::Gemini => gemini::body(talk),
        WireApi::Converse | WireApi::Invoke => converse::body(talk),
    }
}

/// A reply while it comes.
#[derive(Debug, Default)]
struct Draft {
    reply: Reply,
    /// Parts that are not ended, in the API's own form, with text that grows beside them.
    open: Vec<(u64, Value, String)>,
}

impl Draft {
    fn at(&mut self, index: u64) -> Option<&mut (u64, Value, String)> {
        self.open.iter_mut().find(|(at, ..)| *at == index)
    }

    fn take(&mut self, index: u64) -> Option<(Value, String)> {
        let at = self.open.iter().position(|(at, ..)| *at == index)?;
        let (_, value, text) = self.open.remove(at);
        Some((value, text))
    }

    fn call(&mut self, id: &Value, name: &Value, input: Value) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.reply.calls.push(Call { id: word(id), name: word(name), input });
    }
}

/// Reads an input that is written as JSON; nothing is an empty object, and what is no JSON stays text.
fn input(text: &str) -> Value {
    match text.trim() {
        "" => serde_json::json!({}),
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    }
}

/// Takes an answer's bytes in, gives the reply.
#[derive(Debug)]
pub struct Listener {
    api: WireApi,
    status: u16,
    reader: Reader,
    sse: Sse,
    frames: Frames,
    draft: Draft,
    /// The start of what a failure says.
    said: Vec<u8>,
}

impl Listener {
    /// Returns a listener to an answer with this status and content type.
    pub fn new(api: WireApi, status: u16, content_type: &str) -> Listener {
        Listener {
            api,
            status,
            reader: Reader::new(api, status, content_type),
            sse: Sse::default(),
            frames: Frames::default(),
            draft: Draft::default(),
            said: vec![],
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        const MOST_SAID: usize = 4096;
        self.reader.push(bytes);
        let room = MOST_SAID.saturating_sub(self.said.len());
        self.said.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.status != 200 {
            return;
        }
        if let WireApi::Converse | WireApi::Invoke = self.api {
            for frame in self.frames.push(bytes) {
                if let Ok(value) = serde_json::from_slice(&frame.payload) {
                    converse::event(&mut self.draft, frame.header(":event-type").unwrap_or_default(), &value);
                }
            }
            return;
        }
        for event in self.sse.push(bytes) {
            let Ok(value) = serde_json::from_str(&event.data) else { continue };
            match self.api {
                WireApi::Anthropic => anthropic::event(&mut self.draft, &value),
                WireApi::Responses => responses::event(&mut self.draft, &value),
                WireApi::Gemini => gemini::event(&mut self.draft, &value),
                WireApi::Chat | WireApi::Other | WireApi::Converse | WireApi::Invoke => {
                    chat::event(&mut self.draft, &value);
                }
            }
        }
    }

    /// Returns what the answer consumed, and the reply or why there is none.
    pub fn finish(mut self, cut: bool) -> (Answer, Result<Reply, NoReply>) {
        let answer = self.reader.finish(cut);
        if let Some(fault) = answer.fault {
            let said = String::from_utf8_lossy(&self.said);
            let value: Value = serde_json::from_str(&said).unwrap_or_default();
            let words = [&value["error"]["message"], &value["message"], &value["Message"]];
            let words = words.into_iter().find_map(Value::as_str);
            let message = match (self.status, words) {
                (200, _) => "the answer broke off".to_owned(),
                (status, Some(words)) => format!("status {status}: {words}"),
                (status, None) => format!("status {status}"),
            };
            return (answer, Err(NoReply { fault, message }));
        }
        match self.api {
            WireApi::Chat | WireApi::Other => chat::end(&mut self.draft),
            WireApi::Gemini => gemini::end(&mut self.draft),
            WireApi::Anthropic | WireApi::Responses | WireApi::Converse | WireApi::Invoke => {}
        }
        (answer, Ok(self.draft.reply))
    }
}
