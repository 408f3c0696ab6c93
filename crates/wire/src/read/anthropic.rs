//! Anthropic Messages. Input excludes the cache; output includes thinking and is not taken apart; the figures of
//! `message_delta` are cumulative and replace those of `message_start`.

use serde_json::Value;

use super::{Answer, learn, word};

pub(super) fn event(answer: &mut Answer, event: &Value) {
    match event["type"].as_str() {
        Some("message_start") => {
            let message = &event["message"];
            learn(&mut answer.served, word(&message["model"]));
            learn(&mut answer.id, word(&message["id"]));
            usage(answer, &message["usage"]);
        }
        Some("message_delta") => {
            learn(&mut answer.stop, word(&event["delta"]["stop_reason"]));
            usage(answer, &event["usage"]);
        }
        Some("message_stop") => answer.complete = true,
        Some("error") => answer.failed(event["error"]["type"].as_str().unwrap_or_default()),
        Some(_) | None => {}
    }
}

pub(super) fn whole(answer: &mut Answer, message: &Value) {
    learn(&mut answer.served, word(&message["model"]));
    learn(&mut answer.id, word(&message["id"]));
    learn(&mut answer.stop, word(&message["stop_reason"]));
    usage(answer, &message["usage"]);
}

fn usage(answer: &mut Answer, counts: &Value) {
    learn(&mut answer.service, word(&counts["service_tier"]));
    learn(&mut answer.cache_write_long, counts["cache_creation"]["ephemeral_1h_input_tokens"].as_u64());
    let to = &mut answer.usage;
    learn(&mut to.input_uncached, counts["input_tokens"].as_u64());
    learn(&mut to.cache_read, counts["cache_read_input_tokens"].as_u64());
    learn(&mut to.cache_write, counts["cache_creation_input_tokens"].as_u64());
    learn(&mut to.output, counts["output_tokens"].as_u64());
}
