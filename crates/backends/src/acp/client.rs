//! The client's side of a session as a state machine: lines in, events and lines out.
//!
//! **Invariant:** a request of the program is always answered, and one thing is asked of it at a time.

use std::collections::{BTreeMap, VecDeque};

use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use serde_json::{Value, json};

use super::Wish;
use super::calls::{Updates, kind_of};
use super::plain::plain;
use super::rpc;
use super::setup::{Setting, settings};
use super::usage::Spent;
use crate::shorten::{OUTPUT_LIMIT, shorten};
use crate::value::{owned, shown};
use crate::{ProcessExit, Reader, classify};

/// The version of the protocol that is spoken.
const VERSION: u64 = 1;
/// Kiro's own notification of what a turn cost.
const METADATA: &str = "_kiro.dev/metadata";

/// One session.
pub(crate) struct Client {
    wish: Wish,
    out: Vec<String>,
    begun: bool,
    asked: u64,
    /// What the last request asked for, by its id, until it is answered.
    waiting: Option<(u64, Ask)>,
    to_set: VecDeque<Setting>,
    program: String,
    version: Option<String>,
    session: Option<String>,
    /// The main session's updates, and those of its helpers, by session.
    updates: BTreeMap<String, Updates>,
    spent: Spent,
    done: bool,
}

#[derive(Debug, Clone)]
enum Ask {
    Initialize,
    NewSession,
    Set(&'static str),
    Prompt,
}

impl Client {
    pub(crate) fn new(wish: Wish) -> Self {
        Self {
            wish,
            out: vec![],
            begun: false,
            asked: 0,
            waiting: None,
            to_set: VecDeque::new(),
            program: String::new(),
            version: None,
            session: None,
            updates: BTreeMap::new(),
            spent: Spent::default(),
            done: false,
        }
    }

    fn ask(&mut self, what: Ask, method: &str, params: &Value) {
        self.asked += 1;
        self.out.push(rpc::request(self.asked, method, params));
        self.waiting = Some((self.asked, what));
    }

    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            let params = json!({
                "protocolVersion": VERSION,
                "clientCapabilities": { "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false },
                "clientInfo": { "name": "fairtrial", "version": env!("CARGO_PKG_VERSION") },
            });
            self.ask(Ask::Initialize, "initialize", &params);
        }
    }

    /// Returns the events of a message, or `None` when its meaning is not known.
    fn message(&mut self, message: &Value) -> Option<Vec<EventKind>> {
        let id = message.get("id").filter(|id| !id.is_null());
        match (message["method"].as_str(), id) {
            (Some(method), Some(id)) => Some(self.request(method, id, &message["params"])),
            (Some(method), None) => self.notification(method, message),
            (None, Some(id)) => self.reply(id.as_u64()?, message),
            (None, None) => None,
        }
    }

    fn reply(&mut self, id: u64, message: &Value) -> Option<Vec<EventKind>> {
        let ask = match self.waiting.take() {
            Some((expected, ask)) if expected == id => ask,
            other => {
                self.waiting = other;
                return None;
            }
        };
        if let Some(error) = message.get("error").filter(|error| !error.is_null()) {
            return Some(self.refused(&ask, error));
        }
        let result = &message["result"];
        Some(match ask {
            Ask::Initialize => self.initialized(result),
            Ask::NewSession => return self.opened(result),
            Ask::Set(_) => {
                self.set_next();
                vec![]
            }
            Ask::Prompt => self.prompted(result),
        })
    }

    fn initialized(&mut self, result: &Value) -> Vec<EventKind> {
        self.program = owned(&result["agentInfo"]["name"]).unwrap_or_default();
        self.version = owned(&result["agentInfo"]["version"]);
        if result["protocolVersion"].as_u64() != Some(VERSION) {
            let spoken = shown(&result["protocolVersion"]);
            return self.end(StreamEnd::Error {
                fault: FaultKind::Assistant,
                message: format!("it speaks version {spoken} of the protocol and not {VERSION}"),
            });
        }
        let params = json!({ "cwd": self.wish.workspace, "mcpServers": [] });
        self.ask(Ask::NewSession, "session/new", &params);
        vec![]
    }

    fn opened(&mut self, result: &Value) -> Option<Vec<EventKind>> {
        let session = owned(&result["sessionId"])?;
        self.session = Some(session.clone());
        let model = self.wish.model.clone().or_else(|| current_model(result));
        let version = self.version.clone();
        let mut events = vec![EventKind::Started { session: Some(session.clone()), model, version }];
        match settings(&self.wish, &session, result) {
            Ok(settings) => {
                self.to_set = settings.into();
                self.set_next();
            }
            // Our setting, and no evidence about the assistant.
            Err(missing) => {
                let message = missing.to_string();
                events.extend(self.end(StreamEnd::Error { fault: FaultKind::Auth, message }));
            }
        }
        Some(events)
    }

    /// Sets what is left to set, one at a time, and prompts when nothing is.
    fn set_next(&mut self) {
        if let Some(Setting { what, method, params }) = self.to_set.pop_front() {
            return self.ask(Ask::Set(what), method, &params);
        }
        let prompt = json!([{ "type": "text", "text": self.wish.instruction }]);
        let params = json!({ "sessionId": self.session, "prompt": prompt });
        self.ask(Ask::Prompt, "session/prompt", &params);
    }

    fn prompted(&mut self, result: &Value) -> Vec<EventKind> {
        self.spent.prompt(&self.program, result);
        let own =
            |message: &str| StreamEnd::Error { fault: FaultKind::Assistant, message: message.to_owned() };
        let end = match result["stopReason"].as_str() {
            Some("end_turn") => StreamEnd::Completed,
            Some("max_turn_requests") => StreamEnd::TurnLimit,
            Some("max_tokens") => own("the model's answer reached its limit of tokens"),
            Some("refusal") => own("the model refused"),
            Some("cancelled") => own("the turn was cancelled"),
            Some(other) => own(&format!("it stopped with `{other}`")),
            None => own("it stopped and gave no reason"),
        };
        self.end(end)
    }

    /// Ends the session: words held back, what was used, and how it ended.
    fn end(&mut self, end: StreamEnd) -> Vec<EventKind> {
        self.done = true;
        let mut events = self.flush();
        events.push(self.usage());
        events.push(EventKind::Ended { end });
        events
    }

    fn refused(&mut self, ask: &Ask, error: &Value) -> Vec<EventKind> {
        let data = shown(&error["data"]);
        let said = [error["message"].as_str().unwrap_or_default(), data.as_str()].join(" ").trim().to_owned();
        let (fault, message) = match ask {
            _ if error["code"].as_i64() == Some(rpc::SIGN_IN) => (FaultKind::Auth, said),
            Ask::Set(what) => (FaultKind::Auth, format!("it did not let {what} be chosen: {said}")),
            Ask::Initialize | Ask::NewSession | Ask::Prompt => (classify::by_words(&said), said),
        };
        self.end(StreamEnd::Error { fault, message: shorten(&plain(&message), OUTPUT_LIMIT) })
    }

    /// Answers what the program asks.
    fn request(&mut self, method: &str, id: &Value, params: &Value) -> Vec<EventKind> {
        if method == "session/request_permission" {
            return self.permission(id, params);
        }
        self.out.push(rpc::not_offered(id, method));
        vec![EventKind::Notice { text: format!("it asked for `{method}`, which is not offered") }]
    }

    fn permission(&mut self, id: &Value, params: &Value) -> Vec<EventKind> {
        let call = &params["toolCall"];
        let kind = call["kind"].as_str().map(kind_of);
        let allowed = kind.is_none_or(|kind| !self.wish.deny.contains(&kind))
            && (kind.is_some() || self.wish.deny.is_empty());
        let wanted = if allowed { ["allow_once", "allow_always"] } else { ["reject_once", "reject_always"] };
        let options = params["options"].as_array().map_or(&[][..], Vec::as_slice);
        let option = wanted.iter().find_map(|kind| options.iter().find(|option| option["kind"] == *kind));
        let outcome = match option {
            Some(option) => json!({ "outcome": "selected", "optionId": option["optionId"] }),
            None => json!({ "outcome": "cancelled" }),
        };
        self.out.push(rpc::answer(id, &json!({ "outcome": outcome })));
        let what = plain(call["title"].as_str().unwrap_or("a tool"));
        let answer = match (allowed, option) {
            (true, Some(_)) => "allowed",
            (true, None) => "cancelled, since no way to allow it was offered",
            (false, _) => "denied by the assistant's settings",
        };
        let mut events = self.of(params).asked(call);
        events.push(EventKind::Notice { text: format!("permission for {what}: {answer}") });
        events
    }

    fn notification(&mut self, method: &str, message: &Value) -> Option<Vec<EventKind>> {
        let params = &message["params"];
        match method {
            "session/update" => self.update(params),
            METADATA => {
                let session = params["sessionId"].as_str()?;
                let tells = self.spent.metering(session, &params["meteringUsage"]);
                Some(if tells { vec![self.usage()] } else { vec![] })
            }
            // What a vendor adds is kept as it is.
            _ if method.starts_with('_') => {
                Some(vec![EventKind::Notice { text: shorten(&plain(&message.to_string()), OUTPUT_LIMIT) }])
            }
            _ => None,
        }
    }

    fn update(&mut self, params: &Value) -> Option<Vec<EventKind>> {
        let update = &params["update"];
        if update["sessionUpdate"] == "usage_update" {
            let tells = self.spent.cost(&update["cost"]);
            return Some(if tells { vec![self.usage()] } else { vec![] });
        }
        let helper = self.session.is_some() && params["sessionId"].as_str() != self.session.as_deref();
        let events = self.of(params).read(update)?;
        Some(if helper { events.into_iter().map(of_helper).collect() } else { events })
    }

    fn of(&mut self, params: &Value) -> &mut Updates {
        self.updates.entry(params["sessionId"].as_str().unwrap_or_default().to_owned()).or_default()
    }

    fn usage(&self) -> EventKind {
        let (usage, cost) = self.spent.so_far();
        EventKind::Usage { usage, cost }
    }

    fn flush(&mut self) -> Vec<EventKind> {
        let main = self.session.clone().unwrap_or_default();
        let of = |(session, updates): (&String, &mut Updates)| {
            let events = updates.flush();
            if *session == main { events } else { events.into_iter().map(of_helper).collect() }
        };
        self.updates.iter_mut().flat_map(of).collect()
    }
}

impl Reader for Client {
    fn stdout(&mut self, line: &str) -> Vec<EventKind> {
        self.begin();
        if line.trim().is_empty() {
            return vec![];
        }
        let read = serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
        match read.and_then(|message| self.message(&message)) {
            Some(events) => events,
            None => {
                let mut events = self.flush();
                events.push(EventKind::Unparsed { line: line.to_owned() });
                events
            }
        }
    }

    fn say(&mut self) -> Vec<String> {
        self.begin();
        std::mem::take(&mut self.out)
    }

    fn done(&self) -> bool {
        self.done
    }

    fn stop(&mut self) {
        if let Some(session) = self.session.as_ref().filter(|_| !self.done) {
            self.out.push(rpc::notification("session/cancel", &json!({ "sessionId": session })));
        }
    }

    fn finish(&mut self, _: ProcessExit) -> Vec<EventKind> {
        self.flush()
    }
}

/// Tells a helper's words apart from the session's own.
fn of_helper(event: EventKind) -> EventKind {
    if let EventKind::Text { text } | EventKind::Thinking { text } = event {
        return EventKind::Notice { text: format!("helper: {text}") };
    }
    event
}

fn current_model(offer: &Value) -> Option<String> {
    let options = offer["configOptions"].as_array().into_iter().flatten();
    let option = options.into_iter().find(|option| option["category"] == "model");
    option
        .and_then(|option| owned(&option["currentValue"]))
        .or_else(|| owned(&offer["models"]["currentModelId"]))
}
