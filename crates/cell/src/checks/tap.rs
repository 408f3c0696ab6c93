//! The Test Anything Protocol, versions 12 to 14, with nested tests named `outer > inner`.

use fairtrial_domain::verdict::TestStatus;

use super::tally::Tally;
use super::{MAX_ID, Reading, head, plain};

/// What to make of a passing test that is named like a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    /// It counts.
    Count,
    /// It does not: `node --test` reports a file that ran no test as a test that passed.
    Drop,
}

/// Levels of nesting that are told apart.
const MAX_DEPTH: usize = 32;

struct Point {
    id: String,
    depth: usize,
    ok: bool,
    skipped: bool,
    /// Its children were reported before it, and at least one failed.
    explained: bool,
    /// It had children.
    parent: bool,
    message: String,
}

#[derive(Default)]
struct State {
    /// Names of the open subtests by depth, from `# Subtest: name`.
    open: Vec<String>,
    /// By depth: whether points were seen there since the last one above, and whether one failed.
    below: Vec<(bool, bool)>,
    last: Option<Point>,
    /// The indentation of an open YAML block.
    yaml: Option<usize>,
    plan: Option<usize>,
    top: usize,
}

/// Reads a TAP stream.
pub(super) fn read(text: &str, files: Files) -> Reading {
    let mut tally = Tally::default();
    let mut state = State::default();
    for line in text.lines() {
        let line = plain(line);
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if let Some(open) = state.yaml {
            if indent == open && body.trim_end() == "..." {
                state.yaml = None;
            } else {
                yaml(&mut state, body);
            }
            continue;
        }
        take(&mut tally, &mut state, indent, body, files);
    }
    settle(&mut tally, &mut state, files);
    match state.plan {
        Some(plan) if plan != state.top => {
            tally.problem(format!("{plan} tests were planned and {} reported", state.top));
        }
        None if tally.len() > 0 => tally.problem("the plan is missing"),
        Some(_) | None => {}
    }
    tally.done()
}

fn take(tally: &mut Tally, state: &mut State, indent: usize, body: &str, files: Files) {
    let depth = (indent / 4).min(MAX_DEPTH);
    if indent % 4 == 2 && body.trim_end() == "---" && state.last.is_some() {
        state.yaml = Some(indent);
    } else if let Some(name) = body.strip_prefix("# Subtest: ") {
        settle(tally, state, files);
        state.open.truncate(depth);
        state.open.resize(depth, String::new());
        state.open.push(head(name, MAX_ID).to_owned());
    } else if let Some(rest) = body.strip_prefix("not ok").filter(|r| ends_word(r)) {
        settle(tally, state, files);
        point(state, depth, false, rest);
    } else if let Some(rest) = body.strip_prefix("ok").filter(|r| ends_word(r)) {
        settle(tally, state, files);
        point(state, depth, true, rest);
    } else if body.starts_with("Bail out!") {
        settle(tally, state, files);
        tally.problem(head(body, 300));
    } else if depth == 0
        && indent == 0
        && let Some(plan) = body.strip_prefix("1..").and_then(|p| p.split_whitespace().next())
    {
        match (plan.parse(), state.plan) {
            (Ok(plan), None) => state.plan = Some(plan),
            (_, Some(_)) => tally.problem("two plans"),
            (Err(_), None) => {}
        }
    }
}

fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

fn point(state: &mut State, depth: usize, ok: bool, rest: &str) {
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at(digits);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (name, directive) = directive(rest);
    let name = if name.is_empty() { number } else { name };
    state.open.truncate(depth);
    let mut id: String =
        state.open.iter().filter(|n| !n.is_empty()).flat_map(|n| [n.as_str(), " > "]).collect();
    id.push_str(name);
    let (parent, explained) = state.below.get(depth + 1).copied().unwrap_or_default();
    state.below.truncate(depth + 1);
    state.below.resize(depth + 1, (false, false));
    // A test that is marked as still to do proves nothing, whether it passes or not.
    let skipped = !directive.is_empty();
    let ok = ok || skipped;
    let seen = &mut state.below[depth];
    *seen = (true, seen.1 || !ok);
    if depth == 0 {
        state.top += 1;
    }
    state.last = Some(Point { id, depth, ok, skipped, explained, parent, message: String::new() });
}

/// Splits a description from its directive, which is returned in lower case.
fn directive(rest: &str) -> (&str, String) {
    match rest.rsplit_once(" # ").or_else(|| rest.strip_prefix("# ").map(|d| ("", d))) {
        Some((name, tail)) => {
            let word = head(tail, 16).to_ascii_lowercase();
            if word.starts_with("skip") || word.starts_with("todo") {
                (name.trim_end(), word)
            } else {
                (rest.trim_end(), String::new())
            }
        }
        None => (rest.trim_end(), String::new()),
    }
}

fn yaml(state: &mut State, body: &str) {
    let Some(point) = &mut state.last else { return };
    if body.trim_end() == "type: 'suite'" {
        point.parent = true;
    }
    if !point.ok && point.message.len() < super::MAX_MESSAGE {
        point.message.push_str(body);
        point.message.push('\n');
    }
}

/// Counts the last point, now that its YAML block is known.
fn settle(tally: &mut Tally, state: &mut State, files: Files) {
    let Some(point) = state.last.take() else { return };
    let status = match (point.ok, point.skipped) {
        (true, true) => TestStatus::Skipped,
        (true, false) => TestStatus::Passed,
        (false, true | false) => TestStatus::Failed,
    };
    // A suite is no test; it counts when it failed for a reason of its own, such as a hook.
    let suite = point.parent && (point.ok || point.explained);
    let file = files == Files::Drop && point.depth == 0 && status == TestStatus::Passed && is_file(&point.id);
    if !suite && !file {
        tally.add(&point.id, status, &point.message);
    }
}

/// Returns whether a test is named like a file of JavaScript or TypeScript.
pub(super) fn is_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, e)| e).unwrap_or("");
    ["js", "mjs", "cjs", "ts", "mts", "cts"].contains(&ending) && !name.contains(' ')
}
