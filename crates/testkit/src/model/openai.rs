//! OpenAI Responses. Input tokens include the cache; output tokens include reasoning.

use serde_json::{Value, json};

use super::server_sent;
use crate::script::{CODEX_MODEL, Step, Tokens, Tool};

/// Counts the tool results in a conversation.
pub(super) fn results(body: &Value) -> usize {
    let items = body["input"].as_array().into_iter().flatten();
    items.filter(|item| item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output"))).count()
}

/// Returns how often the user came back after a last word. What the program itself tells comes before a conversation's
/// first answer, or is a developer's.
pub(super) fn resumed(body: &Value) -> usize {
    let items = body["input"].as_array().into_iter().flatten();
    let roles = items.filter(|item| item["type"] != "reasoning").map(|item| item["role"].as_str());
    let roles: Vec<&str> = roles.map(|role| role.unwrap_or("tool")).collect();
    roles.windows(2).filter(|pair| pair[0] == "assistant" && matches!(pair[1], "user" | "developer")).count()
}

/// Returns the list of models.
pub(super) fn models() -> Value {
    json!({ "object": "list", "data": [{ "id": CODEX_MODEL, "object": "model" }], "models": [] })
}

/// Returns the call as an item, with the tools that this request offers.
fn call(tool: &Tool, id: &str, body: &Value) -> Value {
    if offered(body, "read").is_some() {
        let (name, input) = super::plain_call(tool);
        return function(name, &input, id);
    }
    match tool {
        Tool::Read { path } => run(&format!("cat {}", quoted(path)), id, body),
        Tool::Run { command } => run(command, id, body),
        Tool::Edit { path, old, new } => {
            patch(&format!("*** Update File: {path}\n@@\n{}{}", marked('-', old), marked('+', new)), id, body)
        }
        Tool::Write { path, contents } => {
            patch(&format!("*** Add File: {path}\n{}", marked('+', contents)), id, body)
        }
    }
}

fn marked(mark: char, text: &str) -> String {
    text.lines().map(|line| format!("{mark}{line}\n")).collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn offered<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body["tools"].as_array()?.iter().find(|tool| tool["name"] == name)
}

fn patch(change: &str, id: &str, body: &Value) -> Value {
    let patch = format!("*** Begin Patch\n{change}*** End Patch\n");
    match offered(body, "apply_patch").map(|tool| tool["type"] == "custom") {
        Some(true) => json!({
            "type": "custom_tool_call", "id": format!("ctc_{id}"), "call_id": format!("call_{id}"),
            "name": "apply_patch", "input": patch, "status": "completed",
        }),
        Some(false) => function("apply_patch", &json!({ "input": patch }), id),
        // It takes a patch through its shell too.
        None => run(&format!("apply_patch <<'PATCH'\n{patch}PATCH\n"), id, body),
    }
}

fn run(command: &str, id: &str, body: &Value) -> Value {
    if offered(body, "exec_command").is_some() {
        function("exec_command", &json!({ "cmd": command }), id)
    } else if offered(body, "shell_command").is_some() {
        function("shell_command", &json!({ "command": command }), id)
    } else {
        function("shell", &json!({ "command": ["bash", "-lc", command] }), id)
    }
}

fn function(name: &str, arguments: &Value, id: &str) -> Value {
    json!({
        "type": "function_call", "id": format!("fc_{id}"), "call_id": format!("call_{id}"),
        "name": name, "arguments": arguments.to_string(), "status": "completed",
    })
}

fn usage(tokens: Tokens) -> Value {
    let input = tokens.uncached + tokens.cached + tokens.written;
    let output = tokens.output + tokens.reasoning;
    json!({
        "input_tokens": input,
        "input_tokens_details": { "cached_tokens": tokens.cached, "cache_write_tokens": tokens.written },
        "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": tokens.reasoning },
        "total_tokens": input + output,
    })
}

fn items(step: &Step, body: &Value, index: Option<usize>) -> Vec<Value> {
    let id = index.map_or_else(|| "side".to_owned(), |index| format!("step_{index}"));
    let message = json!({
        "type": "message", "id": format!("msg_{id}"), "role": "assistant", "status": "completed",
        "content": [{ "type": "output_text", "text": step.say, "annotations": [] }],
    });
    [message].into_iter().chain(step.tool.as_ref().map(|tool| call(tool, &id, body))).collect()
}

/// Returns the answer in one piece.
pub(super) fn whole(step: &Step, body: &Value, index: Option<usize>) -> Value {
    json!({
        "id": format!("resp_{}", index.map_or_else(|| "side".to_owned(), |index| index.to_string())),
        "object": "response",
        "status": "completed",
        "model": body["model"],
        "output": items(step, body, index),
        "usage": usage(step.tokens),
    })
}

/// Returns the answer as server-sent events.
pub(super) fn stream(step: &Step, body: &Value, index: Option<usize>) -> String {
    let response = whole(step, body, index);
    let mut open = response.clone();
    open["status"] = "in_progress".into();
    open["output"] = json!([]);
    open["usage"] = Value::Null;
    let mut events = vec![json!({ "type": "response.created", "response": open })];
    for (at, item) in items(step, body, index).into_iter().enumerate() {
        let kind = item["type"].as_str().unwrap_or_default().to_owned();
        let mut added = item.clone();
        added["status"] = "in_progress".into();
        if kind == "message" {
            added["content"] = json!([]);
        }
        events.push(json!({ "type": "response.output_item.added", "output_index": at, "item": added }));
        if kind == "message" {
            events.push(json!({
                "type": "response.output_text.delta", "item_id": item["id"], "output_index": at,
                "content_index": 0, "delta": step.say,
            }));
        }
        events.push(json!({ "type": "response.output_item.done", "output_index": at, "item": item }));
    }
    events.push(json!({ "type": "response.completed", "response": response }));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
    server_sent(&events)
}
