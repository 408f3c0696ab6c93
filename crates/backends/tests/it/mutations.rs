//! Recordings with damage: no reader panics, no line without meaning is lost, and long lines cost in proportion.
//! `FAIRTRIAL_FUZZ_SECONDS` says for how long; the damage is the same each time, as far as it gets.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fairtrial_backends::{ProcessExit, Progress, StoppedBy, backend};
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::event::EventKind;
use serde_json::{Value, json};

use crate::golden::{lines, recordings};

/// How long it takes unless told otherwise.
const SECONDS: u64 = 15;

/// One test of this file at a time: one of them looks at a clock.
static TURN: Mutex<()> = Mutex::new(());

/// A generator that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Damages a line's bytes; what is no text any more is replaced, as the cell does.
fn bytes(dice: &mut Dice, line: &str, other: &str) -> String {
    let mut bytes = line.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let (from, to) = (dice.below(bytes.len() + 1), dice.below(bytes.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match dice.below(5) {
            0 if from < bytes.len() => bytes[from] = dice.below(256) as u8,
            1 => drop(bytes.drain(from..to)),
            2 => bytes.extend_from_within(from..to),
            3 => bytes.truncate(from),
            _ => {
                let end = dice.below(other.len() + 1);
                bytes.splice(from..from, other.as_bytes()[..end].iter().copied());
            }
        }
        bytes.truncate(1 << 20);
    }
    String::from_utf8_lossy(&bytes).replace(['\n', '\r'], " ")
}

fn odd(dice: &mut Dice) -> Value {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let all = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(-0.0),
        json!(""),
        json!("\u{1b}[31m\u{202e}\u{0}é"),
        json!("error"),
        json!("completed"),
        json!([]),
        json!({}),
        json!([null, 1, "x", {}]),
        json!({ "type": "text", "text": 5 }),
        deep,
    ];
    dice.of(&all).clone()
}

/// Puts something odd in the place of one value, or takes it away.
fn value(dice: &mut Dice, value: &mut Value, depth: usize) {
    let stop = depth > 0 && dice.below(3) == 0;
    if let Value::Object(fields) = value
        && !stop
        && !fields.is_empty()
    {
        let name = fields.keys().nth(dice.below(fields.len())).cloned().unwrap();
        if dice.below(8) == 0 {
            fields.remove(&name);
        } else {
            self::value(dice, &mut fields[&name], depth + 1);
        }
    } else if let Value::Array(items) = value
        && !stop
        && !items.is_empty()
    {
        let at = dice.below(items.len());
        self::value(dice, &mut items[at], depth + 1);
    } else {
        *value = odd(dice);
    }
}

fn damaged(dice: &mut Dice, line: &str, other: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(mut read) if dice.below(3) > 0 => {
            for _ in 0..=dice.below(3) {
                value(dice, &mut read, 0);
            }
            read.to_string()
        }
        Ok(_) | Err(_) => bytes(dice, line, other),
    }
}

/// Reads a session to its end as the cell does; returns how many events there were.
fn play(kind: BackendKind, session: &[String], collected: Option<&str>) -> usize {
    let mut reader = backend(kind).reader();
    let mut progress = Progress::new(kind);
    reader.say();
    let mut all = vec![];
    for line in session {
        let events = reader.stdout(line);
        let kept =
            !events.is_empty() || line.trim().is_empty() || serde_json::from_str::<Value>(line).is_ok();
        assert!(kept, "{kind:?} lost {line}");
        all.extend(events);
        all.extend(reader.stderr(line));
        reader.say();
        reader.done();
    }
    reader.stop();
    reader.say();
    all.extend(collected.into_iter().flat_map(|text| reader.file("collected", text)));
    all.extend(reader.finish(ProcessExit { code: Some(0), signal: None }));
    for event in &all {
        progress.see(event);
        if let EventKind::Usage { usage, .. } = event {
            assert!(usage.credits.is_none_or(f64::is_finite));
        }
    }
    progress.ending(StoppedBy::Itself, ProcessExit { code: Some(0), signal: None });
    all.len()
}

struct Recording {
    kind: BackendKind,
    lines: Vec<String>,
    collected: Option<String>,
}

fn corpus() -> Vec<Recording> {
    let read = |(kind, file): (BackendKind, PathBuf)| Recording {
        kind,
        lines: lines(kind, &file),
        collected: std::fs::read_to_string(file.with_extension("file.json")).ok(),
    };
    recordings().into_iter().map(read).collect()
}

#[test]
fn no_damage_makes_a_reader_panic_or_lose_a_line() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = std::env::var("FAIRTRIAL_FUZZ_SECONDS").ok().map_or(SECONDS, |text| text.parse().unwrap());
    let (corpus, started) = (corpus(), Instant::now());
    let (mut dice, mut sessions, mut events) = (Dice(0x9e37_79b9_7f4a_7c15), 0_u64, 0_usize);
    while started.elapsed() < Duration::from_secs(seconds) {
        let (recording, other) = (dice.of(&corpus), dice.of(&corpus));
        let mut session = recording.lines.clone();
        for _ in 0..=dice.below(6) {
            let (at, from) = (dice.below(session.len()), dice.of(&other.lines).clone());
            match dice.below(6) {
                0 => session.insert(at, from),
                1 => drop(session.remove(at)),
                2 => session.swap(0, at),
                _ => session[at] = damaged(&mut dice, &session[at], &from),
            }
            if session.is_empty() {
                break;
            }
        }
        let collected = recording.collected.as_deref().map(|text| damaged(&mut dice, text, "{}"));
        events += play(recording.kind, &session, collected.as_deref());
        sessions += 1;
    }
    println!("damaged recordings: {sessions} sessions with {events} events in {seconds} s");
    assert!(sessions > seconds * 5, "{sessions} sessions in {seconds} s");
    assert!(events > 0);
}

/// Returns the line with its longest text repeated to this many bytes.
fn stretched(line: &str, size: usize) -> Option<String> {
    fn longest(value: &mut Value) -> Option<&mut String> {
        match value {
            Value::String(text) => Some(text),
            Value::Array(items) => items.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
            Value::Object(fields) => fields.values_mut().filter_map(longest).max_by_key(|text| text.len()),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }
    let mut value: Value = serde_json::from_str(line).ok()?;
    let text = longest(&mut value)?;
    *text = text.repeat(size / text.len().max(1) + 1);
    Some(value.to_string())
}

/// Returns the time that this thread was at work: another's load is not in it.
#[cfg(unix)]
fn busy() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

#[cfg(not(unix))]
fn busy() -> Duration {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

#[test]
fn the_seeds_of_the_fuzzer_are_in_the_order_of_back_ends() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seed.sh")).unwrap();
    let listed = script.split("for kind in ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let names = BackendKind::ALL.map(|kind| serde_json::to_value(kind).unwrap());
    assert_eq!(listed.split(' ').map(Value::from).collect::<Vec<_>>(), names);
}

#[test]
fn a_line_beyond_64_kilobytes_costs_in_proportion_to_its_length() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let cost = |kind: BackendKind, lines: &[String]| {
        let once = || {
            let started = busy();
            play(kind, lines, None);
            busy().saturating_sub(started)
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    let mut seen = std::collections::BTreeSet::new();
    for Recording { kind, lines, .. } in every_kind() {
        seen.insert(kind);
        // A step of every sort is near the beginning.
        let stretch =
            |size| lines.iter().take(6).filter_map(|line| stretched(line, size)).collect::<Vec<_>>();
        let (short, long) = (stretch(128 << 10), stretch(1 << 20));
        let (short, long) = (cost(kind, &short), cost(kind, &long));
        // Eight times the bytes; a square would be 64 times.
        let bound = short * 24 + Duration::from_millis(100);
        assert!(long < bound, "{kind:?}: {short:?} for 128 kB, {long:?} for 1 MB");
        // A line of many parts, and a session of many lines: four times as many cost no sixteen times as much.
        let parts = |n: usize| vec![crowded(&lines, n)];
        let many = |n: usize| lines.iter().cycle().take(n).cloned().collect::<Vec<_>>();
        for (what, small, large) in
            [("parts", parts(2_000), parts(8_000)), ("lines", many(1_500), many(6_000))]
        {
            let (small, large) = (cost(kind, &small), cost(kind, &large));
            assert!(large < small * 8 + Duration::from_millis(100), "{kind:?}: {what}: {small:?}, {large:?}");
        }
    }
    assert_eq!(seen.len(), BackendKind::ALL.len());
}

/// Returns a recording for each back end: its own, or that of one whose reader is like it.
fn every_kind() -> Vec<Recording> {
    let alike = [
        (BackendKind::Cursor, BackendKind::ClaudeCode),
        (BackendKind::Amp, BackendKind::ClaudeCode),
        (BackendKind::Auggie, BackendKind::ClaudeCode),
        (BackendKind::Kiro, BackendKind::Acp),
        (BackendKind::Direct, BackendKind::Sample),
        (BackendKind::Goose, BackendKind::Aider),
        (BackendKind::Command, BackendKind::Aider),
    ];
    let like = |kind| alike.iter().find(|(own, _)| *own == kind).map_or(kind, |(_, other)| *other);
    let own = |kind: BackendKind| {
        let found = corpus().into_iter().find(|one| one.kind == like(kind)).unwrap();
        Recording { kind, ..found }
    };
    BackendKind::ALL.map(own).into()
}

/// Returns the line with the longest list, with its first item this many times; a line of text is repeated.
fn crowded(lines: &[String], n: usize) -> String {
    fn longest(value: &mut Value) -> Option<&mut Vec<Value>> {
        match value {
            Value::Array(items) if items.is_empty() => None,
            Value::Array(items) => Some(items),
            Value::Object(fields) => fields.values_mut().filter_map(longest).max_by_key(|items| items.len()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    for line in lines {
        let Ok(mut value) = serde_json::from_str::<Value>(line) else { continue };
        if let Some(items) = longest(&mut value) {
            *items = vec![items[0].clone(); n];
            return value.to_string();
        }
    }
    lines[0].repeat(n / 10)
}

#[test]
fn counts_that_are_no_counts_any_more_are_unknown_and_end_nothing() {
    let most = u64::MAX;
    let lines = [
        (
            BackendKind::ClaudeCode,
            json!({ "type": "system", "subtype": "api_retry", "attempt": most, "error": "x" }),
        ),
        (
            BackendKind::ClaudeCode,
            json!({ "type": "result", "subtype": "success", "is_error": false, "result": "",
                    "modelUsage": { "a": { "inputTokens": most }, "b": { "inputTokens": 1 } } }),
        ),
        (BackendKind::Pi, json!({ "type": "auto_retry_start", "attempt": most, "errorMessage": "x" })),
        (BackendKind::Codex, json!({ "type": "error", "message": format!("Reconnecting... {most}/5") })),
        (
            BackendKind::Codex,
            json!({ "type": "turn.completed",
                    "usage": { "input_tokens": 1, "cached_input_tokens": most, "cache_write_input_tokens": 1 } }),
        ),
    ];
    for (kind, line) in lines {
        assert!(play(kind, &[line.to_string()], None) > 0, "{kind:?} {line}");
    }
}
