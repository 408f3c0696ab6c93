//! OpenAI Responses. Input includes the cache, output includes reasoning.

use serde_json::Value;

use super::{Answer, learn, without, word};

pub(super) fn event(answer: &mut Answer, event: &Value) {
    let response = &event["response"];
    match event["type"].as_str() {
        Some("response.created" | "response.in_progress") => {
            learn(&mut answer.served, word(&response["model"]));
            learn(&mut answer.id, word(&response["id"]));
        }
        Some("response.completed" | "response.incomplete" | "response.failed") => {
            answer.complete = true;
            whole(answer, response);
        }
        Some("error") => answer.failed(event["code"].as_str().unwrap_or_default()),
        Some(_) | None => {}
    }
}

pub(super) fn whole(answer: &mut Answer, response: &Value) {
    learn(&mut answer.served, word(&response["model"]));
    learn(&mut answer.id, word(&response["id"]));
    let reason = word(&response["incomplete_details"]["reason"]);
    learn(&mut answer.stop, reason.or_else(|| word(&response["status"])));
    if let Some(code) = response["error"]["code"].as_str() {
        answer.failed(code);
    }
    learn(&mut answer.service, word(&response["service_tier"]));
    let counts = &response["usage"];
    let cached = counts["input_tokens_details"]["cached_tokens"].as_u64();
    let written = counts["input_tokens_details"]["cache_write_tokens"].as_u64();
    let reasoning = counts["output_tokens_details"]["reasoning_tokens"].as_u64();
    let to = &mut answer.usage;
    learn(&mut to.input_uncached, without(counts["input_tokens"].as_u64(), &[cached, written]));
    learn(&mut to.cache_read, cached);
    learn(&mut to.cache_write, written);
    learn(&mut to.output, without(counts["output_tokens"].as_u64(), &[reasoning]));
    learn(&mut to.reasoning, reasoning);
}
