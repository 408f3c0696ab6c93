//! No line is lost: each gives an event, unless its type is listed as silent.

use fairtrial_backends::backend;
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::event::EventKind;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Returns whether the back end lists the type of this line as silent: by its `type`, or with what tells its sort.
fn silent(kind: BackendKind, line: &str) -> bool {
    let value: Value = serde_json::from_str(line).unwrap_or_default();
    let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let short = if value["jsonrpc"].is_string() {
        value["method"].as_str().unwrap_or("reply").to_owned()
    } else {
        part(&value["type"])
    };
    let sorts = [
        &value["subtype"],
        &value["role"],
        &value["message"]["role"],
        &value["event"]["type"],
        &value["hookEventName"],
        &value["data"]["infoType"],
        &value["params"]["update"]["sessionUpdate"],
    ];
    let long = sorts.map(|sort| format!("{short}/{}", part(sort)));
    backend(kind).silent().iter().any(|name| *name == short || long.iter().any(|long| long == name))
}

fn heard(kind: BackendKind, line: &str) -> bool {
    line.trim().is_empty() || silent(kind, line) || !backend(kind).reader().stdout(line).is_empty()
}

/// A value that resembles a line closely enough to reach every arm, with anything in its fields.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z.]{0,8}".prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{ "type": "text", "text": "x" }, { "type": "tool_use", "id": "i", "name": "Bash" }, {}])),
        Just(json!({ "content": [], "id": "m" })),
        Just(json!({ "content": "x" })),
        Just(json!({ "id": "i", "type": "command_execution", "command": "ls" })),
        Just(json!({ "id": "i", "type": "todo_list", "items": [{ "text": "t" }] })),
        Just(json!({ "message": "status 500" })),
    ];
    let kinds = [
        "system",
        "assistant",
        "user",
        "result",
        "stream_event",
        "rate_limit_event",
        "thread.started",
        "turn.started",
        "turn.completed",
        "turn.failed",
        "item.started",
        "item.updated",
        "item.completed",
        "error",
        "text",
        "usage",
        "ended",
        "unheard.of",
    ];
    let subtypes = ["init", "api_retry", "thinking_tokens", "success", "error_max_turns", "unheard_of"];
    let names =
        ["message", "item", "error", "usage", "text", "is_error", "result", "thread_id", "end", "attempt"];
    let fields = prop::collection::btree_map(prop::sample::select(names.to_vec()), word, 0..6);
    (prop::sample::select(kinds.to_vec()), prop::option::of(prop::sample::select(subtypes.to_vec())), fields)
        .prop_map(|(kind, subtype, fields)| {
            let mut line = json!({ "type": kind });
            if let Some(subtype) = subtype {
                line["subtype"] = subtype.into();
            }
            for (name, value) in fields {
                line[name] = value;
            }
            line.to_string()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_that_resembles_the_stream_is_never_lost(line in line()) {
        for kind in BackendKind::ALL {
            prop_assert!(heard(kind, &line), "{kind:?} lost {line}");
        }
    }

    #[test]
    fn any_line_is_never_lost(line in "\\PC*") {
        for kind in BackendKind::ALL {
            prop_assert!(heard(kind, &line), "{kind:?} lost {line}");
        }
    }
}

#[test]
fn every_recorded_line_is_heard_or_listed_as_silent() {
    for (kind, file) in crate::golden::recordings() {
        let mut reader = backend(kind).reader();
        reader.say();
        for line in crate::golden::lines(kind, &file) {
            let told = !reader.stdout(&line).is_empty();
            // A thought that is repeated is told once.
            let known = kind == BackendKind::Droid && line.contains("\"type\":\"reasoning\"");
            assert!(
                told || known || line.trim().is_empty() || silent(kind, &line),
                "{}: {line}",
                file.display()
            );
            reader.say();
        }
    }
}

#[test]
fn an_unknown_line_is_kept_as_it_was() {
    for line in [
        "warning: stale token",
        "{\"type\":\"unheard.of\"}",
        "{\"type\":\"assistant\",\"message\":{\"content\":[]}}",
        "[1]",
        "\u{1b}[31mred\u{202e}",
    ] {
        let text = [BackendKind::Command, BackendKind::Aider, BackendKind::Auggie, BackendKind::Goose];
        let other = |kind: &BackendKind| !text.contains(kind) && *kind != BackendKind::MiniSweAgent;
        for kind in BackendKind::ALL.into_iter().filter(other) {
            let kept = vec![EventKind::Unparsed { line: line.to_owned() }];
            assert_eq!(backend(kind).reader().stdout(line), kept, "{kind:?}");
        }
        for kind in text {
            assert_eq!(backend(kind).reader().stdout(line), vec![EventKind::Text { text: line.to_owned() }]);
        }
    }
}

#[test]
fn an_unknown_block_is_kept_beside_those_that_are_known() {
    let line = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"a"},{"type":"hologram","x":1}]}}"#;
    let expected = vec![
        EventKind::Text { text: "a".into() },
        EventKind::Unparsed { line: r#"{"type":"hologram","x":1}"#.into() },
    ];
    assert_eq!(backend(BackendKind::ClaudeCode).reader().stdout(line), expected);
}

#[test]
fn a_line_of_a_megabyte_is_read_and_its_output_shortened() {
    let long = "é".repeat(1 << 19);
    let line = json!({ "type": "user", "message": { "content": [
        { "type": "tool_result", "tool_use_id": "i", "content": long, "is_error": false }] } });
    let events = backend(BackendKind::ClaudeCode).reader().stdout(&line.to_string());
    let [EventKind::ToolResult { ok: Some(true), output, .. }] = events.as_slice() else {
        panic!("one result")
    };
    assert!(output.len() < 20_000 && output.contains("bytes left out"), "{}", output.len());
}
