//! `node --test`: its TAP and its spec reporter.

use fairtrial_domain::verdict::TestStatus;

use super::tally::Tally;
use super::tap::{Files, is_file};
use super::{MAX_ID, Reading, head, plain, tap};

/// Reads either reporter, told apart by the first line that only one of them writes.
pub(super) fn read(text: &str) -> Reading {
    let is_tap = text
        .lines()
        .take(100_000)
        .find_map(|line| {
            let line = plain(line);
            let body = line.trim_start();
            if line.starts_with("TAP version ") || body.starts_with("# Subtest: ") {
                Some(true)
            } else {
                ["✔ ", "✖ ", "▶ ", "﹣ ", "ℹ "].iter().any(|mark| body.starts_with(mark)).then_some(false)
            }
        })
        .unwrap_or(true);
    if is_tap { tap::read(text, Files::Drop) } else { spec(text) }
}

#[derive(Default)]
struct State {
    /// Open suites by depth: name, and whether something in it failed.
    open: Vec<(String, bool)>,
    /// The test whose failure is being told.
    failing: Option<String>,
    /// `ℹ pass N` and `ℹ fail N`.
    told: (Option<usize>, Option<usize>),
    /// Passing files without tests that were left out.
    files: usize,
}

fn spec(text: &str) -> Reading {
    let mut tally = Tally::default();
    let mut state = State::default();
    for line in text.lines() {
        let line = plain(line);
        let body = line.trim_start_matches(' ');
        let depth = (line.len() - body.len()) / 2;
        // Below it the failures are told a second time, out of their suites.
        if line.starts_with("✖ failing tests:") {
            break;
        }
        if let Some((mark, rest)) = body.split_once(' ') {
            match mark {
                "▶" => suite(&mut tally, &mut state, depth, rest),
                "✔" => test(&mut tally, &mut state, depth, TestStatus::Passed, rest),
                "✖" => test(&mut tally, &mut state, depth, TestStatus::Failed, rest),
                "﹣" => test(&mut tally, &mut state, depth, TestStatus::Skipped, rest),
                "ℹ" => told(&mut state, rest),
                _ => {
                    if let Some(id) = &state.failing {
                        tally.explain(id, body);
                    }
                }
            }
        }
    }
    let seen = (tally.count(TestStatus::Passed) + state.files, tally.count(TestStatus::Failed));
    match state.told {
        (Some(pass), Some(fail)) if pass < seen.0 || fail != 0 && seen.1 == 0 => {
            tally.problem(format!(
                "{} passed and {} failed, but the summary says {pass} and {fail}",
                seen.0, seen.1
            ));
        }
        (Some(_), Some(_)) => {}
        (Some(_) | None, Some(_) | None) => tally.problem("the summary is missing"),
    }
    tally.done()
}

fn told(state: &mut State, rest: &str) {
    let number = |word: &str| rest.strip_prefix(word).and_then(|n| n.trim().parse().ok());
    state.told.0 = number("pass ").or(state.told.0);
    state.told.1 = number("fail ").or(state.told.1);
}

fn suite(tally: &mut Tally, state: &mut State, depth: usize, rest: &str) {
    state.failing = None;
    let (name, timed) = untimed(rest);
    if timed && state.open.get(depth).is_some_and(|(open, _)| open == name) {
        state.open.truncate(depth);
    } else if timed {
        tally.problem("a suite closed that was not open");
    } else {
        state.open.truncate(depth);
        state.open.resize(depth, (String::new(), false));
        state.open.push((head(name, MAX_ID).to_owned(), false));
    }
}

fn test(tally: &mut Tally, state: &mut State, depth: usize, status: TestStatus, rest: &str) {
    let (rest, skipped) = match rest.rsplit_once(" # ") {
        Some((name, tail)) if tail.to_ascii_uppercase().starts_with("SKIP") => (name, true),
        Some((name, tail)) if tail.to_ascii_uppercase().starts_with("TODO") => (name, true),
        Some(_) | None => (rest, false),
    };
    let (name, _) = untimed(rest);
    // From version 22 on a suite closes with a test's mark.
    if let Some((open, failed)) = state.open.get(depth)
        && open == name
    {
        let explained = *failed;
        state.open.truncate(depth);
        if status == TestStatus::Failed && !explained {
            record(tally, state, name, status);
        }
        return;
    }
    state.open.truncate(depth);
    let status = if skipped { TestStatus::Skipped } else { status };
    if status == TestStatus::Passed && depth == 0 && is_file(name) {
        state.files += 1;
    } else {
        record(tally, state, name, status);
    }
}

fn record(tally: &mut Tally, state: &mut State, name: &str, status: TestStatus) {
    let mut id: String =
        state.open.iter().filter(|(n, _)| !n.is_empty()).flat_map(|(n, _)| [n.as_str(), " > "]).collect();
    id.push_str(name);
    tally.add(&id, status, "");
    let failed = status == TestStatus::Failed;
    if failed {
        state.open.iter_mut().for_each(|(_, f)| *f = true);
    }
    state.failing = failed.then_some(id);
}

/// Takes ` (12.3ms)` off a name.
fn untimed(rest: &str) -> (&str, bool) {
    let rest = rest.trim_end();
    match rest.rsplit_once(" (") {
        Some((name, time)) if time.ends_with("ms)") && time.as_bytes()[0].is_ascii_digit() => (name, true),
        Some(_) | None => (rest, false),
    }
}
