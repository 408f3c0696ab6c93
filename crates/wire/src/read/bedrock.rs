//! Amazon Bedrock: Converse, and InvokeModel whose frames carry Anthropic events. Input excludes the cache.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Answer, anthropic, learn, word};
use crate::eventstream::Frame;

/// Returns the payload of an event; an exception fails the answer.
fn payload(answer: &mut Answer, frame: &Frame) -> Option<Value> {
    match frame.header(":message-type") {
        Some("exception") => {
            answer.failed(frame.header(":exception-type").unwrap_or_default());
            None
        }
        Some("error") => {
            answer.failed(frame.header(":error-code").unwrap_or_default());
            None
        }
        Some(_) | None => serde_json::from_slice(&frame.payload).ok(),
    }
}

pub(super) fn converse(answer: &mut Answer, frame: &Frame) {
    let Some(payload) = payload(answer, frame) else { return };
    match frame.header(":event-type") {
        Some("messageStop") => learn(&mut answer.stop, word(&payload["stopReason"])),
        Some("metadata") => {
            // The last of a stream.
            answer.complete = true;
            usage(answer, &payload["usage"]);
        }
        Some(_) | None => {}
    }
}

pub(super) fn invoke(answer: &mut Answer, frame: &Frame) {
    let Some(payload) = payload(answer, frame) else { return };
    let bytes = payload["bytes"].as_str().and_then(|text| STANDARD.decode(text).ok());
    if let Some(event) = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        anthropic::event(answer, &event);
    }
}

pub(super) fn whole(answer: &mut Answer, body: &Value) {
    learn(&mut answer.stop, word(&body["stopReason"]));
    usage(answer, &body["usage"]);
}

fn usage(answer: &mut Answer, counts: &Value) {
    let to = &mut answer.usage;
    learn(&mut to.input_uncached, counts["inputTokens"].as_u64());
    learn(&mut to.cache_read, counts["cacheReadInputTokens"].as_u64());
    learn(&mut to.cache_write, counts["cacheWriteInputTokens"].as_u64());
    learn(&mut to.output, counts["outputTokens"].as_u64());
}
