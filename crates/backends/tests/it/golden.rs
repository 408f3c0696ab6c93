//! Every recorded stream, read: `fixtures/<backend>/<version>/X.jsonl` must give the events of `X.events`.
//! `FAIRTRIAL_WRITE_GOLDEN=1` writes the expected files anew, to be read before they are committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_backends::{ProcessExit, Progress, StoppedBy, backend};
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::event::EventKind;
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use serde_json::Value;

const FOLDERS: [(BackendKind, &str); 14] = [
    (BackendKind::ClaudeCode, "claude_code"),
    (BackendKind::Codex, "codex"),
    (BackendKind::Gemini, "gemini"),
    (BackendKind::Qwen, "qwen"),
    (BackendKind::Opencode, "opencode"),
    (BackendKind::Kilo, "kilo"),
    (BackendKind::Copilot, "copilot"),
    (BackendKind::Droid, "droid"),
    (BackendKind::Pi, "pi"),
    (BackendKind::Cline, "cline"),
    (BackendKind::Aider, "aider"),
    (BackendKind::MiniSweAgent, "mini_swe_agent"),
    (BackendKind::Acp, "acp"),
    (BackendKind::Sample, "sample"),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) fn recordings() -> Vec<(BackendKind, PathBuf)> {
    let mut found = vec![];
    for (kind, folder) in FOLDERS {
        for version in fs::read_dir(fixtures().join(folder)).unwrap() {
            for file in fs::read_dir(version.unwrap().path()).unwrap() {
                let file = file.unwrap().path();
                if file.extension().is_some_and(|ext| ext == "jsonl" || ext == "txt") {
                    found.push((kind, file));
                }
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

/// Returns what a program wrote; of a recording with both sides, its own.
pub(crate) fn lines(kind: BackendKind, file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    if kind == BackendKind::Acp { dialogue(&text) } else { text.lines().map(str::to_owned).collect() }
}

/// Returns a program's side of a recorded dialogue. The client of the recording also set modes by hand; the answers to
/// that are left out, and the others renumbered as our client asks.
fn dialogue(text: &str) -> Vec<String> {
    let (mut lines, mut numbers, mut asked) = (vec![], BTreeMap::new(), 0_u64);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (mut message, id) = (line["msg"].clone(), line["msg"]["id"].as_u64());
        match (line["dir"].as_str().unwrap(), message["method"].as_str(), id) {
            ("client->agent", Some("session/set_mode"), _) => {}
            ("client->agent", Some(_), Some(id)) => {
                asked += 1;
                numbers.insert(id, asked);
            }
            ("agent->client", None, Some(id)) => {
                let Some(ours) = numbers.get(&id) else { continue };
                message["id"] = (*ours).into();
                lines.push(message.to_string());
            }
            ("agent->client", _, _) => lines.push(message.to_string()),
            _ => {}
        }
    }
    lines
}

fn read(kind: BackendKind, file: &Path) -> Vec<EventKind> {
    let mut reader = backend(kind).reader();
    let mut events = vec![];
    // A client speaks first.
    reader.say();
    for line in lines(kind, file) {
        events.extend(reader.stdout(&line));
        reader.say();
    }
    if let Ok(collected) = fs::read_to_string(file.with_extension("file.json")) {
        events.extend(reader.file("collected", &collected));
    }
    events.extend(reader.finish(ProcessExit { code: Some(0), signal: None }));
    events
}

pub(crate) fn fixture(kind: BackendKind, name: &str) -> Vec<EventKind> {
    let (_, folder) = FOLDERS.into_iter().find(|(k, _)| *k == kind).unwrap();
    read(kind, &fixtures().join(folder).join(name))
}

#[test]
fn every_recording_gives_the_expected_events() {
    let recordings = recordings();
    assert!(recordings.len() >= 66, "{} recordings", recordings.len());
    for (kind, file) in recordings {
        let events = read(kind, &file);
        let text: String = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
        let expected = file.with_extension("events");
        if std::env::var_os("FAIRTRIAL_WRITE_GOLDEN").is_some() {
            fs::write(&expected, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&expected).unwrap(), "{}", file.display());
    }
}

#[test]
fn no_recording_has_a_line_that_we_cannot_read() {
    for (kind, file) in recordings() {
        let unread: Vec<_> =
            read(kind, &file).into_iter().filter(|e| matches!(e, EventKind::Unparsed { .. })).collect();
        assert_eq!(unread, vec![], "{}", file.display());
    }
}

/// What Copilot's exporter writes on request is a file beside its stream, which no back end asks for.
#[test]
fn a_file_that_is_no_stream_is_kept_line_by_line() {
    let path = fixtures().join("copilot/1.0.102/telemetry.otel");
    let text = fs::read_to_string(&path).unwrap();
    let events = read(BackendKind::Copilot, &path);
    let kept: Vec<&str> = events
        .iter()
        .filter_map(|event| if let EventKind::Unparsed { line } = event { Some(line.as_str()) } else { None })
        .collect();
    assert_eq!(kept, text.lines().collect::<Vec<_>>());
    assert_eq!((kept.len(), events.len()), (29, 29));
}

#[test]
fn no_recording_names_a_machine_or_a_key() {
    for (_, file) in recordings() {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["/tmp", "/var/", "/Users/", "sk-", "Bearer"] {
            assert!(!text.contains(word), "{} contains {word}", file.display());
        }
        for (key, expected) in [("\"cwd\":\"", "/repo\""), ("/home/", "user/"), ("127.0.0.1:", "PORT")] {
            for rest in text.split(key).skip(1) {
                assert!(rest.starts_with(expected), "{}: {key}{:.40}", file.display(), rest);
            }
        }
    }
}

pub(crate) fn consumption(events: &[EventKind]) -> Vec<(Usage, Option<Cost>)> {
    let usage = |event: &EventKind| {
        let EventKind::Usage { usage, cost } = event else { return None };
        Some((usage.clone(), cost.clone()))
    };
    events.iter().filter_map(usage).collect()
}

#[test]
fn claude_codes_tokens_are_the_final_ones_with_the_cache_apart() {
    let usage = Usage {
        input_uncached: Some(2100),
        cache_read: Some(3300),
        cache_write: Some(1300),
        output: Some(190),
        reasoning: None,
        requests: Some(4),
        credits: None,
        source: UsageSource::Stream,
    };
    let cost = Cost { usd: 0.015015, source: CostSource::Reported };
    let events = fixture(BackendKind::ClaudeCode, "2.1.197/fix.jsonl");
    assert_eq!(consumption(&events), vec![(usage, Some(cost))]);
}

#[test]
fn a_session_cut_by_its_budget_still_counts_its_tokens() {
    let events = fixture(BackendKind::ClaudeCode, "2.1.197/budget.jsonl");
    let [(usage, _)] = consumption(&events).try_into().unwrap();
    assert_eq!((usage.input_uncached, usage.cache_write, usage.output), (Some(1200), Some(1000), Some(40)));
}

#[test]
fn codexs_cached_and_reasoning_tokens_are_counted_once() {
    let usage = Usage {
        input_uncached: Some(5400 - 3300),
        cache_read: Some(3300),
        cache_write: Some(0),
        output: Some(190 - 48),
        reasoning: Some(48),
        requests: None,
        credits: None,
        source: UsageSource::Stream,
    };
    for name in ["0.169.0/fix.jsonl", "0.169.0/fix-by-shell.jsonl"] {
        assert_eq!(consumption(&fixture(BackendKind::Codex, name)), vec![(usage.clone(), None)]);
    }
}

#[test]
fn codexs_tokens_written_to_a_cache_are_counted_once() {
    let [(usage, _)] =
        consumption(&fixture(BackendKind::Codex, "0.169.0/fix-cache-written.jsonl")).try_into().unwrap();
    assert_eq!(usage.total_tokens(), Some(6700 + 238));
    assert_eq!((usage.input_uncached, usage.cache_write), (Some(2100), Some(1300)));
}

#[test]
fn parts_that_exceed_their_whole_leave_the_rest_unknown() {
    let mut reader = backend(BackendKind::Codex).reader();
    let events = reader.stdout(
        r#"{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":11,"output_tokens":5}}"#,
    );
    let [(usage, cost)] = consumption(&events).try_into().unwrap();
    assert_eq!(cost, None);
    assert_eq!((usage.input_uncached, usage.cache_read), (None, Some(11)));
    assert_eq!((usage.output, usage.reasoning), (Some(5), None));
}

#[test]
fn what_a_sample_consumed_is_simulated_whatever_it_says() {
    let line = r#"{"type":"usage","usage":{"input_uncached":5,"source":"stream"},"cost":{"usd":1.0,"source":"reported"}}"#;
    let [(usage, cost)] =
        consumption(&backend(BackendKind::Sample).reader().stdout(line)).try_into().unwrap();
    assert_eq!((usage.source, usage.input_uncached), (UsageSource::Simulated, Some(5)));
    assert_eq!(cost.unwrap().source, CostSource::Simulated);
}

/// Plays a recording and stops it so; returns how the trial ended and whether a request was open.
pub(crate) fn end_of(kind: BackendKind, name: &str, stopped: StoppedBy) -> (String, bool) {
    let mut progress = Progress::new(kind);
    for event in fixture(kind, name) {
        progress.see(&event);
    }
    let ending = progress.ending(stopped, ProcessExit { code: Some(1), signal: None });
    let infra =
        if let Ending::Infra { fault, .. } = ending { Some(format!("infra {fault:?}")) } else { None };
    (infra.unwrap_or_else(|| format!("{ending:?}")), progress.request_open())
}

#[test]
fn recordings_end_as_they_really_did() {
    use BackendKind::{ClaudeCode, Codex};
    use StoppedBy::{Itself, Stall, TimeLimit};
    for (kind, name, stopped, expected, open) in [
        (ClaudeCode, "2.1.197/fix.jsonl", Itself, "Finished", false),
        (ClaudeCode, "2.1.197/turn-limit.jsonl", Itself, "Budget", false),
        (ClaudeCode, "2.1.197/budget.jsonl", Itself, "Budget", false),
        (ClaudeCode, "2.1.197/401.jsonl", Stall, "infra Vendor(Auth)", true),
        (ClaudeCode, "2.1.197/429.jsonl", Stall, "infra Vendor(RateLimit)", true),
        (ClaudeCode, "2.1.197/429.jsonl", TimeLimit, "infra Vendor(RateLimit)", true),
        (ClaudeCode, "2.1.197/401-given-up.jsonl", Itself, "infra Vendor(Auth)", false),
        (ClaudeCode, "2.1.197/429-given-up.jsonl", Itself, "infra Vendor(RateLimit)", false),
        (ClaudeCode, "2.1.197/500-given-up.jsonl", Itself, "infra Vendor(Server)", false),
        (ClaudeCode, "2.1.197/lost.jsonl", Itself, "infra Vendor(Network)", false),
        (ClaudeCode, "2.1.197/lost-midway.jsonl", Itself, "infra Vendor(Network)", false),
        (Codex, "0.169.0/lost.jsonl", Itself, "infra Vendor(Network)", false),
        (Codex, "0.169.0/lost-midway.jsonl", Itself, "infra Vendor(Network)", false),
        // A tool was at work: the silence is the assistant's.
        (ClaudeCode, "2.1.197/killed.jsonl", Stall, "Stalled", false),
        (Codex, "0.169.0/fix.jsonl", TimeLimit, "Finished", false),
        (Codex, "0.169.0/401.jsonl", Itself, "infra Vendor(Auth)", false),
        (Codex, "0.169.0/429.jsonl", Itself, "infra Vendor(RateLimit)", false),
        (Codex, "0.169.0/500.jsonl", Itself, "infra Vendor(Server)", false),
        (Codex, "0.169.0/refused.jsonl", Stall, "infra Vendor(Network)", true),
        (Codex, "0.169.0/killed.jsonl", Stall, "Stalled", false),
    ] {
        assert_eq!(end_of(kind, name, stopped), (expected.to_owned(), open), "{name}");
    }
}
