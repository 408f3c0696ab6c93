//! Chat Completions. Prompt tokens include the cache, completion tokens include reasoning; a stream tells them in its
//! last chunk, where it was asked to.

use serde_json::Value;

use super::{Answer, learn, without, word};

pub(super) fn event(answer: &mut Answer, chunk: &Value) {
    if !chunk["error"].is_null() {
        let error = &chunk["error"];
        let said = word(&error["code"]).or_else(|| word(&error["type"])).unwrap_or_default();
        answer.failed(&said);
    }
    whole(answer, chunk);
}

pub(super) fn whole(answer: &mut Answer, body: &Value) {
    learn(&mut answer.served, word(&body["model"]));
    learn(&mut answer.id, word(&body["id"]));
    learn(&mut answer.stop, word(&body["choices"][0]["finish_reason"]));
    learn(&mut answer.service, word(&body["service_tier"]));
    let counts = &body["usage"];
    let cached = counts["prompt_tokens_details"]["cached_tokens"].as_u64();
    let written = counts["prompt_tokens_details"]["cache_write_tokens"].as_u64();
    let reasoning = counts["completion_tokens_details"]["reasoning_tokens"].as_u64();
    let to = &mut answer.usage;
    learn(&mut to.input_uncached, without(counts["prompt_tokens"].as_u64(), &[cached, written]));
    learn(&mut to.cache_read, cached);
    learn(&mut to.cache_write, written);
    learn(&mut to.output, without(counts["completion_tokens"].as_u64(), &[reasoning]));
    learn(&mut to.reasoning, reasoning);
}
