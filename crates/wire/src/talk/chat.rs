//! Chat Completions: text and calls grow by deltas; the last chunk tells the tokens, because it is asked to.

use serde_json::{Value, json};

use super::{Draft, Talk, Turn, input};

pub(super) fn body(talk: &Talk<'_>) -> Value {
    let tools = talk.tools.iter().map(|tool| {
        json!({
            "type": "function",
            "function": { "name": tool.name, "description": tool.description, "parameters": tool.schema },
        })
    });
    let system = json!({ "role": "system", "content": talk.system });
    let messages = [system].into_iter().chain(talk.turns.iter().flat_map(messages));
    json!({
        "model": talk.model,
        "max_tokens": talk.max_tokens,
        "stream": true,
        "stream_options": { "include_usage": true },
        "tools": tools.collect::<Vec<_>>(),
        "messages": messages.collect::<Vec<_>>(),
    })
}

fn messages(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::User(text) => vec![json!({ "role": "user", "content": text })],
        Turn::Model(own) => own.clone(),
        Turn::Outputs(outputs) => outputs
            .iter()
            .map(|output| json!({ "role": "tool", "tool_call_id": output.id, "content": output.text }))
            .collect(),
    }
}

pub(super) fn event(draft: &mut Draft, chunk: &Value) {
    let delta = &chunk["choices"][0]["delta"];
    draft.reply.text.push_str(delta["content"].as_str().unwrap_or_default());
    // Not in the standard, but common among servers that show it.
    let thinking = delta["reasoning_content"].as_str().or_else(|| delta["reasoning"].as_str());
    draft.reply.thinking.push_str(thinking.unwrap_or_default());
    for call in delta["tool_calls"].as_array().into_iter().flatten() {
        let index = call["index"].as_u64().unwrap_or(0);
        if draft.at(index).is_none() {
            draft.open.push((index, json!({ "id": null, "name": null }), String::new()));
        }
        let Some((_, known, arguments)) = draft.at(index) else { continue };
        if call["id"].is_string() {
            known["id"] = call["id"].clone();
        }
        if call["function"]["name"].is_string() {
            known["name"] = call["function"]["name"].clone();
        }
        arguments.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
    }
}

pub(super) fn end(draft: &mut Draft) {
    let mut calls = vec![];
    for (_, known, arguments) in std::mem::take(&mut draft.open) {
        draft.call(&known["id"], &known["name"], input(&arguments));
        let function = json!({ "name": known["name"], "arguments": arguments });
        calls.push(json!({ "id": known["id"], "type": "function", "function": function }));
    }
    let mut message = json!({ "role": "assistant", "content": draft.reply.text });
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    draft.reply.own.push(message);
}
