//! OpenAI Responses: items, with reasoning that comes encrypted and goes back so, since nothing is stored there.

use serde_json::{Value, json};

use super::{Draft, Talk, Turn, input};

pub(super) fn body(talk: &Talk<'_>) -> Value {
    let tools = talk.tools.iter().map(|tool| {
        json!({
            "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema,
            "strict": false,
        })
    });
    json!({
        "model": talk.model,
        "instructions": talk.system,
        "max_output_tokens": talk.max_tokens,
        "stream": true,
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "tools": tools.collect::<Vec<_>>(),
        "input": talk.turns.iter().flat_map(items).collect::<Vec<_>>(),
    })
}

fn items(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::User(text) => vec![json!({ "role": "user", "content": text })],
        Turn::Model(own) => own.clone(),
        Turn::Outputs(outputs) => outputs
            .iter()
            .map(|output| json!({ "type": "function_call_output", "call_id": output.id, "output": output.text }))
            .collect(),
    }
}

pub(super) fn event(draft: &mut Draft, event: &Value) {
    if event["type"] != "response.output_item.done" {
        return;
    }
    let item = &event["item"];
    match item["type"].as_str() {
        Some("message") => {
            for part in item["content"].as_array().into_iter().flatten() {
                draft.reply.text.push_str(part["text"].as_str().unwrap_or_default());
            }
        }
        Some("reasoning") => {
            for part in item["summary"].as_array().into_iter().flatten() {
                draft.reply.thinking.push_str(part["text"].as_str().unwrap_or_default());
            }
        }
        Some("function_call") => {
            let arguments = input(item["arguments"].as_str().unwrap_or_default());
            draft.call(&item["call_id"], &item["name"], arguments);
        }
        Some(_) | None => {}
    }
    draft.reply.own.push(item.clone());
}
