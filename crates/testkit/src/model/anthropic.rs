//! Anthropic Messages. Input tokens exclude the cache; output tokens include thinking.

use serde_json::{Value, json};

use super::{server_sent, tools};
use crate::script::{Step, Tokens};

/// Counts the tool results in a conversation.
pub(super) fn results(body: &Value) -> usize {
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    blocks.filter(|block| block["type"] == "tool_result").count()
}

/// Returns how often the user came back after an answer that called no tool.
pub(super) fn resumed(body: &Value) -> usize {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |message: &Value, kind: &str| {
        message["content"].as_array().into_iter().flatten().any(|block| block["type"] == kind)
    };
    let back = messages.windows(2).filter(|pair| {
        pair[0]["role"] == "assistant" && !has(&pair[0], "tool_use") && pair[1]["role"] == "user"
    });
    back.count()
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.uncached,
        "cache_creation_input_tokens": tokens.written,
        "cache_read_input_tokens": tokens.cached,
        "cache_creation": { "ephemeral_5m_input_tokens": tokens.written, "ephemeral_1h_input_tokens": 0 },
        "output_tokens": tokens.output + tokens.reasoning,
        "service_tier": "standard",
    })
}

fn id(body: &Value, index: Option<usize>) -> String {
    // Different for each answer of a conversation, and for what stands beside it.
    index.map_or_else(|| format!("side_{}", body.to_string().len()), |index| format!("step_{index}"))
}

fn stop_reason(step: &Step) -> &'static str {
    if step.tool.is_some() { "tool_use" } else { "end_turn" }
}

fn blocks(step: &Step, id: &str, body: &Value) -> Vec<Value> {
    let call = step.tool.as_ref().map(|tool| {
        let (name, input) = tools::call(tool, body);
        json!({ "type": "tool_use", "id": format!("toolu_{id}"), "name": name, "input": input })
    });
    [json!({ "type": "text", "text": step.say })].into_iter().chain(call).collect()
}

/// Returns the answer in one piece.
pub(super) fn whole(step: &Step, body: &Value, index: Option<usize>) -> Value {
    let id = id(body, index);
    json!({
        "id": format!("msg_{id}"),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": blocks(step, &id, body),
        "stop_reason": stop_reason(step),
        "stop_sequence": null,
        "usage": usage(step.tokens),
    })
}

/// Returns the answer as server-sent events.
pub(super) fn stream(step: &Step, body: &Value, index: Option<usize>) -> String {
    let mut message = whole(step, body, index);
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    message["usage"]["output_tokens"] = 1.into();
    let mut events = vec![json!({ "type": "message_start", "message": message })];
    for (at, block) in blocks(step, &id(body, index), body).into_iter().enumerate() {
        let (mut start, delta) = (block.clone(), delta(&block));
        match block["type"].as_str() {
            Some("text") => start["text"] = "".into(),
            Some(_) | None => start["input"] = json!({}),
        }
        events.push(json!({ "type": "content_block_start", "index": at, "content_block": start }));
        events.push(json!({ "type": "content_block_delta", "index": at, "delta": delta }));
        events.push(json!({ "type": "content_block_stop", "index": at }));
    }
    events.push(json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason(step), "stop_sequence": null },
        "usage": usage(step.tokens),
    }));
    events.push(json!({ "type": "message_stop" }));
    server_sent(&events)
}

fn delta(block: &Value) -> Value {
    match block["text"].as_str() {
        Some(text) => json!({ "type": "text_delta", "text": text }),
        None => json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }),
    }
}
