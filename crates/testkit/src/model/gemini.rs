//! Gemini. Prompt tokens include the cache, candidates exclude thoughts; it has no tokens that a cache takes in.

use serde_json::{Value, json};

use super::tools;
use crate::script::{Step, Tokens};

/// Counts the tool results in a conversation.
pub(super) fn results(body: &Value) -> usize {
    let contents = body["contents"].as_array().into_iter().flatten();
    let parts = contents.flat_map(|content| content["parts"].as_array().into_iter().flatten());
    parts.filter(|part| part["functionResponse"].is_object()).count()
}

/// Returns how often the user came back after an answer that called no tool. Without tools such pairs are examples.
pub(super) fn resumed(body: &Value) -> usize {
    let contents = body["contents"].as_array().filter(|_| body["tools"].is_array());
    let has = |content: &Value, part: &str| {
        content["parts"].as_array().into_iter().flatten().any(|one| one[part].is_object())
    };
    let back = contents.map(Vec::as_slice).unwrap_or_default().windows(2).filter(|pair| {
        pair[0]["role"] == "model" && !has(&pair[0], "functionCall") && pair[1]["role"] == "user"
    });
    back.count()
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "promptTokenCount": tokens.uncached + tokens.written + tokens.cached,
        "cachedContentTokenCount": tokens.cached,
        "candidatesTokenCount": tokens.output,
        "thoughtsTokenCount": tokens.reasoning,
    })
}

fn chunk(parts: Value, finish: Value, tokens: Tokens, index: Option<usize>) -> Value {
    json!({
        "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": finish, "index": 0 }],
        "usageMetadata": usage(tokens),
        "modelVersion": "scripted-model",
        "responseId": index.map_or_else(|| "side".to_owned(), |index| format!("step_{index}")),
    })
}

fn parts(step: &Step, body: &Value) -> Vec<Value> {
    let call = step.tool.as_ref().map(|tool| {
        let (name, input) = tools::call(tool, body);
        json!({ "functionCall": { "name": name, "args": input }, "thoughtSignature": "c2lnbmVk" })
    });
    [json!({ "text": step.say })].into_iter().chain(call).collect()
}

/// Returns the answer in one piece.
pub(super) fn whole(step: &Step, body: &Value, index: Option<usize>) -> Value {
    chunk(parts(step, body).into(), "STOP".into(), step.tokens, index)
}

/// Returns the answer as server-sent events.
pub(super) fn stream(step: &Step, body: &Value, index: Option<usize>) -> String {
    let thought = json!([{ "text": "Let me think.", "thought": true }]);
    let mut chunks = vec![chunk(thought, Value::Null, Tokens { output: 0, ..step.tokens }, index)];
    chunks.extend(
        parts(step, body).into_iter().map(|part| chunk(json!([part]), Value::Null, step.tokens, index)),
    );
    chunks.push(chunk(json!([]), "STOP".into(), step.tokens, index));
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}
