//! What answers of each API say, whole and streamed, good and broken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// Says in one line what an answer says; the body is cut in two at every third byte, which must change nothing.
fn said(api: WireApi, kind: &str, status: u16, body: &[u8]) -> String {
    let read = |at: usize| {
        let mut reader = Reader::new(api, status, kind);
        reader.push(&body[..at]);
        reader.push(&body[at..]);
        let a = reader.finish(false);
        let u = &a.usage;
        let n = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
        format!(
            "{} {}+{}+{} {}+{} {} {} {:?} {}",
            a.served.as_deref().unwrap_or("-"),
            n(u.input_uncached),
            n(u.cache_read),
            n(u.cache_write),
            n(u.output),
            n(u.reasoning),
            a.id.as_deref().unwrap_or("-"),
            a.stop.as_deref().unwrap_or("-"),
            a.fault,
            if a.complete { "whole" } else { "cut" },
        )
    };
    let whole = read(0);
    for at in (0..body.len()).step_by(3) {
        assert_eq!(read(at), whole, "cut at {at}");
    }
    whole
}

const SSE: &str = "text/event-stream; charset=utf-8";

fn events(list: &[&str]) -> Vec<u8> {
    list.iter().map(|data| format!("data: {data}\n\n")).collect::<String>().into_bytes()
}

const ANTHROPIC: [&str; 4] = [
    r#"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":5,"cache_read_input_tokens":7,"cache_creation_input_tokens":2,"output_tokens":1}}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
    r#"{"type":"message_stop"}"#,
];

#[test]
fn anthropic() {
    let api = WireApi::Anthropic;
    assert_eq!(said(api, SSE, 200, &events(&ANTHROPIC)), "m 5+7+2 9+- msg_1 tool_use None whole");
    assert_eq!(said(api, SSE, 200, &events(&ANTHROPIC[..2])), "m 5+7+2 1+- msg_1 - Some(Network) cut");
    let overloaded = [ANTHROPIC[0], r#"{"type":"error","error":{"type":"overloaded_error"}}"#];
    assert_eq!(said(api, SSE, 200, &events(&overloaded)), "m 5+7+2 1+- msg_1 - Some(Server) whole");
    let whole = br#"{"id":"msg_2","model":"m","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"#;
    assert_eq!(said(api, "application/json", 200, whole), "m 1+-+- 2+- msg_2 end_turn None whole");
    let limited = br#"{"type":"error","error":{"type":"rate_limit_error"}}"#;
    assert_eq!(said(api, "application/json", 429, limited), "- -+-+- -+- - - Some(RateLimit) whole");
    assert_eq!(said(api, "text/html", 502, b"<html>"), "- -+-+- -+- - - Some(Server) whole");
}

#[test]
fn responses() {
    let api = WireApi::Responses;
    let end = r#"{"type":"response.completed","response":{"id":"resp_1","model":"m-1","status":"completed","usage":{"input_tokens":14,"input_tokens_details":{"cached_tokens":7,"cache_write_tokens":2},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":4}}}}"#;
    let start = r#"{"type":"response.created","response":{"id":"resp_1","model":"m"}}"#;
    assert_eq!(said(api, SSE, 200, &events(&[start, end])), "m-1 5+7+2 5+4 resp_1 completed None whole");
    assert_eq!(said(api, SSE, 200, &events(&[start])), "m -+-+- -+- resp_1 - Some(Network) cut");
    let failed =
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded"}}}"#;
    assert_eq!(
        said(api, SSE, 200, &events(&[start, failed])),
        "m -+-+- -+- resp_1 failed Some(RateLimit) whole"
    );
}

#[test]
fn chat() {
    let api = WireApi::Chat;
    let text = r#"{"id":"c1","model":"m","choices":[{"delta":{"content":"hi"},"finish_reason":null}]}"#;
    let stop = r#"{"id":"c1","model":"m","choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let usage = r#"{"id":"c1","model":"m","choices":[],"usage":{"prompt_tokens":12,"prompt_tokens_details":{"cached_tokens":7},"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":4}}}"#;
    let done = "[DONE]";
    assert_eq!(
        said(api, SSE, 200, &events(&[text, stop, usage, done])),
        "m 5+7+- 5+4 c1 tool_calls None whole"
    );
    assert_eq!(said(api, SSE, 200, &events(&[text, stop, done])), "m -+-+- -+- c1 tool_calls None whole");
    assert_eq!(said(api, SSE, 200, &events(&[text])), "m -+-+- -+- c1 - Some(Network) cut");
    let plain = br#"{"id":"c2","model":"m","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    assert_eq!(said(api, "application/json", 200, plain), "m 3+-+- 2+- c2 stop None whole");
}

#[test]
fn gemini() {
    let api = WireApi::Gemini;
    let first = r#"{"candidates":[{"content":{"parts":[{"text":"x","thought":true}]}}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":7,"thoughtsTokenCount":3},"modelVersion":"g-1","responseId":"r"}"#;
    let last = r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":7,"candidatesTokenCount":5,"thoughtsTokenCount":4}}"#;
    assert_eq!(said(api, SSE, 200, &events(&[first, last])), "g-1 5+7+- 5+4 r STOP None whole");
    assert_eq!(said(api, SSE, 200, &events(&[first])), "g-1 5+7+- -+3 r - Some(Network) cut");
    let list = format!("[{first},{last}]");
    assert_eq!(said(api, "application/json", 200, list.as_bytes()), "g-1 5+7+- 5+4 r STOP None whole");
}

fn frame(kind: &str, payload: &str) -> Vec<u8> {
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    Frame { headers, payload: payload.as_bytes().to_vec() }.encode()
}

const BINARY: &str = "application/vnd.amazon.eventstream";

#[test]
fn converse() {
    let api = WireApi::Converse;
    let stop = frame("messageStop", r#"{"stopReason":"tool_use"}"#);
    let end = frame(
        "metadata",
        r#"{"usage":{"inputTokens":5,"outputTokens":9,"cacheReadInputTokens":7,"cacheWriteInputTokens":2},"metrics":{"latencyMs":3}}"#,
    );
    assert_eq!(said(api, BINARY, 200, &[stop.clone(), end].concat()), "- 5+7+2 9+- - tool_use None whole");
    assert_eq!(said(api, BINARY, 200, &stop), "- -+-+- -+- - tool_use Some(Network) cut");
    let headers = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let exception =
        Frame { headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(), payload: vec![] };
    assert_eq!(said(api, BINARY, 200, &exception.encode()), "- -+-+- -+- - - Some(RateLimit) whole");
    let whole = br#"{"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2}}"#;
    assert_eq!(said(api, "application/json", 200, whole), "- 1+-+- 2+- - end_turn None whole");
}

#[test]
fn invoke_carries_anthropic_events() {
    let body: Vec<u8> = ANTHROPIC
        .iter()
        .flat_map(|event| frame("chunk", &serde_json::json!({ "bytes": STANDARD.encode(event) }).to_string()))
        .collect();
    assert_eq!(said(WireApi::Invoke, BINARY, 200, &body), "m 5+7+2 9+- msg_1 tool_use None whole");
}

#[test]
fn parts_that_exceed_their_whole_are_unknown() {
    let odd = br#"{"model":"m","usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":7},"output_tokens":2}}"#;
    assert_eq!(said(WireApi::Responses, "application/json", 200, odd), "m -+7+- 2+- - - None whole");
}

#[test]
fn a_path_tells_the_api_and_sometimes_the_model() {
    let model = |path: &str| {
        let api = api("POST", path);
        (api, asked(api, path, &serde_json::json!({ "model": "in-body" })))
    };
    let own = |name: &str| Some(name.to_owned());
    assert_eq!(model("/v1/messages"), (WireApi::Anthropic, own("in-body")));
    assert_eq!(model("/v1/responses"), (WireApi::Responses, own("in-body")));
    assert_eq!(model("/api/v1/chat/completions"), (WireApi::Chat, own("in-body")));
    assert_eq!(model("/v1beta/models/g-2:streamGenerateContent"), (WireApi::Gemini, own("g-2")));
    assert_eq!(model("/model/us.a%3A0/converse-stream"), (WireApi::Converse, own("us.a:0")));
    assert_eq!(model("/model/a.b-v1/invoke-with-response-stream"), (WireApi::Invoke, own("a.b-v1")));
    assert_eq!(model("/v1/messages/count_tokens"), (WireApi::Other, None));
    assert_eq!(api("GET", "/v1/responses"), WireApi::Other);
}

#[test]
fn parts_beyond_all_reason_leave_the_whole_unknown() {
    assert_eq!(without(Some(9), &[Some(4), None, Some(5)]), Some(0));
    assert_eq!(without(Some(9), &[Some(u64::MAX), Some(9)]), None);
}
