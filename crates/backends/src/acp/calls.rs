//! A session's updates on their way to events: words are put together, and a tool call is told when it says what it does.

use std::collections::BTreeMap;

use fairtrial_domain::event::{EventKind, ToolKind};
use serde_json::Value;

use super::plain::plain;
use crate::shorten::title;
use crate::value::{TITLE, named, owned, result, shown};

/// Words are told at the latest when so many bytes have come.
const LONGEST_WORDS: usize = 16 * 1024;

/// One session's updates.
#[derive(Debug, Default)]
pub(super) struct Updates {
    words: Option<Words>,
    calls: BTreeMap<String, Call>,
}

#[derive(Debug)]
struct Words {
    thought: bool,
    message: Value,
    text: String,
}

#[derive(Debug, Default)]
struct Call {
    name: Option<String>,
    kind: Option<ToolKind>,
    title: String,
    path: Option<String>,
    input: Value,
    told: bool,
}

impl Updates {
    /// Returns the events of an update, or `None` when its meaning is not known.
    pub(super) fn read(&mut self, update: &Value) -> Option<Vec<EventKind>> {
        match update["sessionUpdate"].as_str()? {
            "agent_message_chunk" => self.chunk(update, false),
            "agent_thought_chunk" => self.chunk(update, true),
            "tool_call" | "tool_call_update" => {
                let id = owned(&update["toolCallId"])?;
                let mut events = self.flush();
                events.extend(self.call(id, update));
                Some(events)
            }
            "plan" => {
                let text = plan(&update["entries"])?;
                let mut events = self.flush();
                events.push(EventKind::Notice { text });
                Some(events)
            }
            "user_message_chunk"
            | "available_commands_update"
            | "current_mode_update"
            | "config_option_update"
            | "session_info_update" => Some(vec![]),
            _ => None,
        }
    }

    /// Returns the words that were held back.
    pub(super) fn flush(&mut self) -> Vec<EventKind> {
        let Some(Words { thought, text, .. }) = self.words.take().filter(|words| !words.text.is_empty())
        else {
            return vec![];
        };
        vec![if thought { EventKind::Thinking { text } } else { EventKind::Text { text } }]
    }

    /// Returns the call that a permission is asked for, unless it was told.
    pub(super) fn asked(&mut self, call: &Value) -> Vec<EventKind> {
        let mut events = self.flush();
        if let Some(id) = owned(&call["toolCallId"]) {
            self.calls.entry(id.clone()).or_default().merge(call);
            events.extend(self.tell(&id));
        }
        events
    }

    fn chunk(&mut self, update: &Value, thought: bool) -> Option<Vec<EventKind>> {
        let content = &update["content"];
        let text = match content["text"].as_str() {
            Some(text) => plain(text),
            None => format!("[{}]", content["type"].as_str()?),
        };
        let message = update["messageId"].clone();
        let goes_on = |words: &Words| words.thought == thought && words.message == message;
        let mut events = vec![];
        match self.words.as_mut().filter(|words| goes_on(words)) {
            Some(words) => words.text.push_str(&text),
            None => {
                events = self.flush();
                self.words = Some(Words { thought, message, text });
            }
        }
        if self.words.as_ref().is_some_and(|words| words.text.len() > LONGEST_WORDS) {
            events.extend(self.flush());
        }
        Some(events)
    }

    fn call(&mut self, id: String, update: &Value) -> Vec<EventKind> {
        let call = self.calls.entry(id.clone()).or_default();
        call.merge(update);
        let status = update["status"].as_str().unwrap_or_default();
        let says_more = update["sessionUpdate"] == "tool_call_update" && !is_empty(&update["rawInput"]);
        let done = matches!(status, "completed" | "failed");
        if !(done || says_more || status == "in_progress") {
            return vec![];
        }
        let mut events = self.tell(&id);
        if done {
            self.calls.remove(&id);
            let ok = exit(&update["rawOutput"]).map_or(status == "completed", |code| code == 0);
            events.push(result(id, Some(ok), &plain(&output(update))));
        }
        events
    }

    fn tell(&mut self, id: &str) -> Vec<EventKind> {
        let Some(call) = self.calls.get_mut(id).filter(|call| !call.told) else { return vec![] };
        call.told = true;
        vec![call.event(id)]
    }
}

impl Call {
    fn merge(&mut self, update: &Value) {
        let named = [&update["_meta"]["claudeCode"]["toolName"], &update["name"]];
        self.name = named.into_iter().find_map(owned).or(self.name.take());
        if let Some(kind) = update["kind"].as_str() {
            self.kind = Some(kind_of(kind));
            self.name.get_or_insert_with(|| kind.to_owned());
        }
        if let Some(title) = update["title"].as_str() {
            self.title = plain(title);
        }
        self.path = owned(&update["locations"][0]["path"]).or(self.path.take());
        if !is_empty(&update["rawInput"]) {
            self.input = update["rawInput"].clone();
        }
    }

    fn event(&self, id: &str) -> EventKind {
        let kind = self.kind.unwrap_or(ToolKind::Other);
        let at = self.path.clone().filter(|_| matches!(kind, ToolKind::Read | ToolKind::Edit));
        let what = named(kind, &self.input).or(at).unwrap_or_else(|| self.title.clone());
        EventKind::ToolCall {
            id: id.to_owned(),
            name: self.name.clone().unwrap_or_else(|| "tool".to_owned()),
            kind,
            title: title(&plain(&what), TITLE),
        }
    }
}

fn is_empty(input: &Value) -> bool {
    input.is_null() || input.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Returns what a tool of this kind does, in our words.
pub(super) fn kind_of(kind: &str) -> ToolKind {
    match kind {
        "read" => ToolKind::Read,
        "edit" | "delete" | "move" => ToolKind::Edit,
        "search" => ToolKind::Search,
        "execute" => ToolKind::Execute,
        "fetch" => ToolKind::Fetch,
        _ => ToolKind::Other,
    }
}

fn exit(output: &Value) -> Option<i64> {
    output["exit_code"].as_i64().or_else(|| output["metadata"]["exit"].as_i64())
}

/// Returns a tool's output: the raw one where it is text, else the text of its content.
fn output(update: &Value) -> String {
    let raw = &update["rawOutput"];
    let parts = ["aggregated_output", "output", "stdout"].map(|name| &raw[name]);
    if let Some(text) = [raw].into_iter().chain(parts).find_map(Value::as_str) {
        return text.to_owned();
    }
    let text = |part: &Value| match part["type"].as_str() {
        Some("content") => Some(shown(&part["content"]["text"])),
        Some("diff") => Some(format!("changed {}", part["path"].as_str().unwrap_or("a file"))),
        Some(_) | None => None,
    };
    let content = update["content"].as_array().into_iter().flatten().filter_map(text);
    content.collect::<Vec<_>>().join("\n")
}

fn plan(entries: &Value) -> Option<String> {
    let line = |entry: &Value| {
        let mark = if entry["status"] == "completed" { "x" } else { " " };
        format!("[{mark}] {}", plain(entry["content"].as_str().unwrap_or_default()))
    };
    Some(entries.as_array()?.iter().map(line).collect::<Vec<_>>().join("\n"))
}
