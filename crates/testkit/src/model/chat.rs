//! Chat Completions. Prompt tokens include the cache, completion tokens include reasoning; the last chunk tells them.

use serde_json::{Value, json};

use super::tools;
use crate::script::{Step, Tokens};

/// What Qwen Code lets its model have said before a conversation: no last word.
const PROLOGUE: &str = "Got it. Thanks for the context!";

/// Counts the tool results in a conversation.
pub(super) fn results(body: &Value) -> usize {
    let messages = body["messages"].as_array().into_iter().flatten();
    messages.filter(|message| message["role"] == "tool").count()
}

/// Returns how often the user came back after an answer that called no tool. Without tools such pairs are examples.
pub(super) fn resumed(body: &Value) -> usize {
    let messages = body["messages"].as_array().filter(|_| body["tools"].is_array());
    let ended = |message: &Value| {
        message["role"] == "assistant"
            && message["tool_calls"].as_array().is_none_or(Vec::is_empty)
            && message["content"] != PROLOGUE
    };
    let back = messages.map(Vec::as_slice).unwrap_or_default().windows(2);
    back.filter(|pair| ended(&pair[0]) && pair[1]["role"] == "user").count()
}

fn usage(tokens: Tokens) -> Value {
    let prompt = tokens.uncached + tokens.cached + tokens.written;
    let completion = tokens.output + tokens.reasoning;
    json!({
        "prompt_tokens": prompt,
        "prompt_tokens_details": { "cached_tokens": tokens.cached, "cache_write_tokens": tokens.written },
        "completion_tokens": completion,
        "completion_tokens_details": { "reasoning_tokens": tokens.reasoning },
        "total_tokens": prompt + completion,
    })
}

fn id(index: Option<usize>) -> String {
    index.map_or_else(|| "side".to_owned(), |index| format!("step_{index}"))
}

fn calls(step: &Step, body: &Value, id: &str) -> Vec<Value> {
    let call = step.tool.as_ref().map(|tool| {
        let (name, input) = tools::call(tool, body);
        let function = json!({ "name": name, "arguments": input.to_string() });
        json!({ "index": 0, "id": format!("call_{id}"), "type": "function", "function": function })
    });
    call.into_iter().collect()
}

fn finish(step: &Step) -> &'static str {
    if step.tool.is_some() { "tool_calls" } else { "stop" }
}

/// Returns the answer in one piece.
pub(super) fn whole(step: &Step, body: &Value, index: Option<usize>) -> Value {
    let id = id(index);
    let message = json!({ "role": "assistant", "content": step.say, "tool_calls": calls(step, body, &id) });
    json!({
        "id": format!("chatcmpl_{id}"), "object": "chat.completion", "model": body["model"],
        "choices": [{ "index": 0, "message": message, "finish_reason": finish(step) }],
        "usage": usage(step.tokens),
    })
}

/// Returns the answer as server-sent events.
pub(super) fn stream(step: &Step, body: &Value, index: Option<usize>) -> String {
    let id = id(index);
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": format!("chatcmpl_{id}"), "object": "chat.completion.chunk", "model": body["model"],
            "choices": choices, "usage": usage,
        })
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), Value::Null)
    };
    let mut chunks = vec![delta(json!({ "role": "assistant", "content": step.say }), Value::Null)];
    for mut call in calls(step, body, &id) {
        // The arguments come in two parts.
        let arguments = call["function"]["arguments"].as_str().unwrap_or_default().to_owned();
        let (first, second) = arguments.split_at(arguments.len() / 2);
        call["function"]["arguments"] = first.into();
        chunks.push(delta(json!({ "tool_calls": [call] }), Value::Null));
        let rest = json!({ "index": 0, "function": { "arguments": second } });
        chunks.push(delta(json!({ "tool_calls": [rest] }), Value::Null));
    }
    chunks.push(delta(json!({}), finish(step).into()));
    if body["stream_options"]["include_usage"] == true {
        chunks.push(chunk(json!([]), usage(step.tokens)));
    }
    let mut text: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    text.push_str("data: [DONE]\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_came_back_after_a_last_word_and_not_after_a_prologue() {
        let came_back = |word: &str| {
            let [asks, says] = ["user", "assistant"];
            let messages = [(asks, "Hello."), (says, word), (asks, "And now?")];
            let messages = messages.map(|(role, text)| json!({ "role": role, "content": text }));
            resumed(&json!({ "tools": [], "messages": messages }))
        };
        assert_eq!((came_back("It adds now."), came_back(PROLOGUE)), (1, 0));
    }
}
