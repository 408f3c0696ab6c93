//! Gemini. Prompt tokens include the cache, candidates exclude thoughts; every chunk repeats the figures so far.

use serde_json::Value;

use super::{Answer, learn, without, word};

pub(super) fn event(answer: &mut Answer, chunk: &Value) {
    if let Some(status) = chunk["error"]["status"].as_str() {
        answer.failed(status);
    }
    learn(&mut answer.served, word(&chunk["modelVersion"]));
    learn(&mut answer.id, word(&chunk["responseId"]));
    let stop = word(&chunk["candidates"][0]["finishReason"])
        .or_else(|| word(&chunk["promptFeedback"]["blockReason"]));
    answer.complete |= stop.is_some();
    learn(&mut answer.stop, stop);
    let counts = &chunk["usageMetadata"];
    let cached = counts["cachedContentTokenCount"].as_u64();
    let prompt = counts["promptTokenCount"].as_u64();
    let tools = counts["toolUsePromptTokenCount"].as_u64().unwrap_or(0);
    let to = &mut answer.usage;
    learn(&mut to.input_uncached, without(prompt.map(|prompt| prompt.saturating_add(tools)), &[cached]));
    learn(&mut to.cache_read, cached);
    learn(&mut to.output, counts["candidatesTokenCount"].as_u64());
    learn(&mut to.reasoning, counts["thoughtsTokenCount"].as_u64());
}
