//! Amazon Bedrock Converse: blocks by index, reasoning with its signature.

use serde_json::{Value, json};

use super::{Draft, Output, Talk, Turn, input};

pub(super) fn body(talk: &Talk<'_>) -> Value {
    let tools = talk.tools.iter().map(|tool| {
        let schema = json!({ "json": tool.schema });
        json!({ "toolSpec": { "name": tool.name, "description": tool.description, "inputSchema": schema } })
    });
    json!({
        "system": [{ "text": talk.system }],
        "inferenceConfig": { "maxTokens": talk.max_tokens },
        "toolConfig": { "tools": tools.collect::<Vec<_>>() },
        "messages": talk.turns.iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "content": [{ "text": text }] }),
        Turn::Model(own) => json!({ "role": "assistant", "content": own }),
        Turn::Outputs(outputs) => {
            let result = |output: &Output| {
                let status = if output.ok { "success" } else { "error" };
                let content = json!([{ "text": output.text }]);
                json!({ "toolResult": { "toolUseId": output.id, "status": status, "content": content } })
            };
            json!({ "role": "user", "content": outputs.iter().map(result).collect::<Vec<_>>() })
        }
    }
}

pub(super) fn event(draft: &mut Draft, kind: &str, payload: &Value) {
    let index = payload["contentBlockIndex"].as_u64().unwrap_or(0);
    match kind {
        "contentBlockStart" => draft.open.push((index, payload["start"].clone(), String::new())),
        "contentBlockDelta" => {
            let delta = &payload["delta"];
            // Text begins without a start.
            if draft.at(index).is_none() {
                draft.open.push((index, json!({}), String::new()));
            }
            let Some((_, block, grown)) = draft.at(index) else { return };
            let reasoning = &delta["reasoningContent"];
            if reasoning.is_object() {
                block["reasoning"] = true.into();
                grown.push_str(reasoning["text"].as_str().unwrap_or_default());
                if reasoning["signature"].is_string() {
                    block["signature"] = reasoning["signature"].clone();
                }
            }
            grown.push_str(delta["text"].as_str().unwrap_or_default());
            grown.push_str(delta["toolUse"]["input"].as_str().unwrap_or_default());
        }
        "contentBlockStop" => {
            let Some((block, grown)) = draft.take(index) else { return };
            let own = if block["toolUse"].is_object() {
                let mut block = block;
                block["toolUse"]["input"] = input(&grown);
                let call = block["toolUse"].clone();
                draft.call(&call["toolUseId"], &call["name"], call["input"].clone());
                block
            } else if block["reasoning"] == true {
                draft.reply.thinking.push_str(&grown);
                let text = json!({ "text": grown, "signature": block["signature"] });
                json!({ "reasoningContent": { "reasoningText": text } })
            } else {
                draft.reply.text.push_str(&grown);
                json!({ "text": grown })
            };
            draft.reply.own.push(own);
        }
        _ => {}
    }
}
