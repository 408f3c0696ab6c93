//! Amazon Bedrock Converse, as JSON and as binary frames. Input excludes the cache, output includes reasoning.

use fairtrial_wire::eventstream::Frame;
use serde_json::{Value, json};

use super::plain_call;
use crate::script::{Step, Tokens};

/// Counts the tool results in a conversation.
pub(super) fn results(body: &Value) -> usize {
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    blocks.filter(|block| block["toolResult"].is_object()).count()
}

/// Returns how often the user came back after an answer that called no tool.
pub(super) fn resumed(body: &Value) -> usize {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let calls = |message: &Value| {
        message["content"].as_array().into_iter().flatten().any(|block| block["toolUse"].is_object())
    };
    let back = messages.windows(2);
    back.filter(|pair| pair[0]["role"] == "assistant" && !calls(&pair[0]) && pair[1]["role"] == "user")
        .count()
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "inputTokens": tokens.uncached,
        "cacheReadInputTokens": tokens.cached,
        "cacheWriteInputTokens": tokens.written,
        "outputTokens": tokens.output + tokens.reasoning,
    })
}

fn stop(step: &Step) -> &'static str {
    if step.tool.is_some() { "tool_use" } else { "end_turn" }
}

fn id(index: Option<usize>) -> String {
    index.map_or_else(|| "tooluse_side".to_owned(), |index| format!("tooluse_{index}"))
}

/// Returns the answer in one piece.
pub(super) fn whole(step: &Step, index: Option<usize>) -> Value {
    let call = step.tool.as_ref().map(|tool| {
        let (name, input) = plain_call(tool);
        json!({ "toolUse": { "toolUseId": id(index), "name": name, "input": input } })
    });
    let content: Vec<Value> = [json!({ "text": step.say })].into_iter().chain(call).collect();
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop(step), "usage": usage(step.tokens), "metrics": { "latencyMs": 1 },
    })
}

/// Returns the answer as binary frames.
pub(super) fn stream(step: &Step, index: Option<usize>) -> Vec<Vec<u8>> {
    let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
    let mut at = 0;
    if step.tokens.reasoning > 0 {
        for reasoning in [json!({ "text": "Let me think." }), json!({ "signature": "c2lnbmVk" })] {
            let delta = json!({ "reasoningContent": reasoning });
            events.push(("contentBlockDelta", json!({ "contentBlockIndex": at, "delta": delta })));
        }
        events.push(("contentBlockStop", json!({ "contentBlockIndex": at })));
        at += 1;
    }
    events.push(("contentBlockDelta", json!({ "contentBlockIndex": at, "delta": { "text": step.say } })));
    events.push(("contentBlockStop", json!({ "contentBlockIndex": at })));
    if let Some(tool) = &step.tool {
        at += 1;
        let (name, input) = plain_call(tool);
        let start = json!({ "toolUse": { "toolUseId": id(index), "name": name } });
        events.push(("contentBlockStart", json!({ "contentBlockIndex": at, "start": start })));
        let input = input.to_string();
        for part in [&input[..input.len() / 2], &input[input.len() / 2..]] {
            let delta = json!({ "toolUse": { "input": part } });
            events.push(("contentBlockDelta", json!({ "contentBlockIndex": at, "delta": delta })));
        }
        events.push(("contentBlockStop", json!({ "contentBlockIndex": at })));
    }
    events.push(("messageStop", json!({ "stopReason": stop(step) })));
    events.push(("metadata", json!({ "usage": usage(step.tokens), "metrics": { "latencyMs": 1 } })));
    events.iter().map(|(kind, payload)| frame(kind, payload)).collect()
}

fn frame(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Frame { headers, payload: payload.to_string().into_bytes() }.encode()
}
