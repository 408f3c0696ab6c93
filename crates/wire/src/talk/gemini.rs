//! Gemini: parts, which go back with the signatures of the thoughts behind them.

use serde_json::{Value, json};

use super::{Draft, Output, Talk, Turn};

pub(super) fn body(talk: &Talk<'_>) -> Value {
    let tools = talk
        .tools
        .iter()
        .map(|tool| json!({ "name": tool.name, "description": tool.description, "parameters": tool.schema }));
    json!({
        "systemInstruction": { "parts": [{ "text": talk.system }] },
        "tools": [{ "functionDeclarations": tools.collect::<Vec<_>>() }],
        "generationConfig": { "maxOutputTokens": talk.max_tokens },
        "contents": talk.turns.iter().map(content).collect::<Vec<_>>(),
    })
}

fn content(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "parts": [{ "text": text }] }),
        Turn::Model(own) => json!({ "role": "model", "parts": own }),
        Turn::Outputs(outputs) => {
            let part = |output: &Output| {
                let said = if output.ok { "output" } else { "error" };
                json!({ "functionResponse": { "id": output.id, "name": output.name, "response": { said: output.text } } })
            };
            json!({ "role": "user", "parts": outputs.iter().map(part).collect::<Vec<_>>() })
        }
    }
}

pub(super) fn event(draft: &mut Draft, chunk: &Value) {
    for part in chunk["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
        let text = part["text"].as_str().unwrap_or_default();
        if part["thought"] == true {
            draft.reply.thinking.push_str(text);
        } else {
            draft.reply.text.push_str(text);
        }
        let call = &part["functionCall"];
        if call.is_object() {
            draft.call(&call["id"], &call["name"], call["args"].clone());
        }
        draft.reply.own.push(part.clone());
    }
}

/// Calls without an id of their own are told apart by their place.
pub(super) fn end(draft: &mut Draft) {
    for (place, call) in draft.reply.calls.iter_mut().enumerate() {
        if call.id.is_empty() {
            call.id = format!("call_{place}");
        }
    }
}
