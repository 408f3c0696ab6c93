//! Anthropic Messages: blocks by index, thinking with its signature.

use serde_json::{Value, json};

use super::{Draft, Output, Talk, Turn, input};

pub(super) fn body(talk: &Talk<'_>) -> Value {
    let tools = talk.tools.iter().map(
        |tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.schema }),
    );
    // What does not change from one request to the next is kept by the vendor's cache.
    let system = json!([{ "type": "text", "text": talk.system, "cache_control": { "type": "ephemeral" } }]);
    json!({
        "model": talk.model,
        "max_tokens": talk.max_tokens,
        "stream": true,
        "system": system,
        "tools": tools.collect::<Vec<_>>(),
        "messages": talk.turns.iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "content": text }),
        Turn::Model(own) => json!({ "role": "assistant", "content": own }),
        Turn::Outputs(outputs) => {
            let result = |output: &Output| json!({ "type": "tool_result", "tool_use_id": output.id, "content": output.text, "is_error": !output.ok });
            json!({ "role": "user", "content": outputs.iter().map(result).collect::<Vec<_>>() })
        }
    }
}

pub(super) fn event(draft: &mut Draft, event: &Value) {
    let index = event["index"].as_u64().unwrap_or(0);
    match event["type"].as_str() {
        Some("content_block_start") => {
            draft.open.push((index, event["content_block"].clone(), String::new()))
        }
        Some("content_block_delta") => {
            let delta = &event["delta"];
            let Some((_, block, grown)) = draft.at(index) else { return };
            for field in ["text", "partial_json", "thinking"] {
                grown.push_str(delta[field].as_str().unwrap_or_default());
            }
            if delta["signature"].is_string() {
                block["signature"] = delta["signature"].clone();
            }
        }
        Some("content_block_stop") => {
            let Some((mut block, grown)) = draft.take(index) else { return };
            match block["type"].as_str() {
                Some("text") => {
                    draft.reply.text.push_str(&grown);
                    block["text"] = grown.into();
                }
                Some("thinking") => {
                    draft.reply.thinking.push_str(&grown);
                    block["thinking"] = grown.into();
                }
                Some("tool_use") => {
                    block["input"] = input(&grown);
                    draft.call(&block["id"], &block["name"], block["input"].clone());
                }
                Some(_) | None => {}
            }
            draft.reply.own.push(block);
        }
        Some(_) | None => {}
    }
}
