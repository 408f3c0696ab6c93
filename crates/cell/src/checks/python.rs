//! pytest and unittest, verbose. Tests are named as pytest does (`path::Class::test`) or `module.Class.test`.

use fairtrial_domain::verdict::TestStatus;

use super::tally::Tally;
use super::{Reading, plain};

#[derive(Default)]
struct State {
    /// The test whose name was printed last: prints of the test may stand between its name and its result.
    current: Option<String>,
    /// A unittest name that stands alone, because the test's first doc line follows.
    named: Option<String>,
    /// What the following lines explain.
    section: Section,
    /// `Ran N tests`.
    ran: Option<usize>,
    /// Test results of unittest, as `Ran` counts them.
    unittest: usize,
    /// `N failed, M passed` of pytest.
    told: Option<(usize, usize)>,
    collection_failed: bool,
}

#[derive(Default)]
enum Section {
    #[default]
    None,
    /// unittest's `FAIL: …` between rules; the test's id.
    Unittest(String),
    /// pytest's `____ Class.test ____`; the lines kept of it.
    Pytest(String, String),
}

/// Reads the text of either runner; both may be in it.
pub(super) fn read(text: &str) -> Reading {
    let mut tally = Tally::default();
    let mut state = State::default();
    for line in text.lines() {
        let line = plain(line);
        let line = line.trim_end();
        if !(unittest(&mut tally, &mut state, line) || pytest(&mut tally, &mut state, line)) {
            explain(&mut tally, &mut state, line);
        }
    }
    end_section(&mut tally, &mut state);
    if let Some(ran) = state.ran.filter(|ran| *ran > state.unittest) {
        tally.problem(format!("unittest ran {ran} tests and reported {}", state.unittest));
    } else if state.unittest > 0 && state.ran.is_none() {
        tally.problem("unittest's summary is missing");
    }
    if let Some((failed, passed)) = state.told
        && (failed > 0 && tally.count(TestStatus::Failed) == 0 || passed > tally.count(TestStatus::Passed))
    {
        tally.problem(format!(
            "pytest counted {failed} failed and {passed} passed, but did not name them: use -v"
        ));
    }
    tally.done()
}

/// Returns `module.Class.test` for unittest's `test (module.Class.test)` and the older `test (module.Class)`.
pub(super) fn unittest_id(name: &str) -> Option<String> {
    let (test, place) = name.strip_suffix(')')?.split_once(" (")?;
    let dotted = |s: &str| !s.is_empty() && !s.chars().any(|c| c.is_whitespace() || "()/:".contains(c));
    if !dotted(test) || !dotted(place) {
        return None;
    }
    let whole = place == test || place.strip_suffix(test).is_some_and(|p| p.ends_with('.'));
    let hook = test.starts_with("setUp") || test.starts_with("tearDown");
    Some(if whole && !hook { place.to_owned() } else { format!("{place}.{test}") })
}

fn unittest(tally: &mut Tally, state: &mut State, line: &str) -> bool {
    if let Some((name, rest)) =
        line.split_once(" ... ").or_else(|| line.strip_suffix(" ...").map(|n| (n, "")))
    {
        let is_sub = name.starts_with("  ");
        let id = name
            .strip_prefix("  ")
            .map(sub_test)
            .or_else(|| unittest_id(name))
            .or_else(|| state.named.take());
        if let Some(id) = id {
            state.named = None;
            if let Some(status) = unittest_status(rest).or_else(|| glued(rest)) {
                count(tally, state, &id);
                tally.add(&id, status, "");
            }
            if !is_sub {
                state.current = Some(id);
            }
            return true;
        }
    }
    if let Some((word, name)) = line.split_once(": ").filter(|(w, _)| *w == "FAIL" || *w == "ERROR") {
        let id = sub_test(name);
        if unittest_id(&id_part(name)).is_some() {
            end_section(tally, state);
            count(tally, state, &id);
            tally.add(&id, TestStatus::Failed, if word == "ERROR" { "error" } else { "" });
            state.section = Section::Unittest(id);
            return true;
        }
    }
    if let Some(ran) = line.strip_prefix("Ran ").and_then(|l| l.split_once(" test"))
        && (ran.1.starts_with(" in ") || ran.1.starts_with("s in "))
    {
        end_section(tally, state);
        state.ran = ran.0.parse().ok();
        state.current = None;
        return true;
    }
    if let Some(id) = state.current.clone().filter(|id| !id.contains("::")) {
        let late = unittest_status(line).or_else(|| glued(line).filter(|_| tally.status(&id).is_none()));
        if let Some(status) = late {
            count(tally, state, &id);
            tally.add(&id, status, "");
            return true;
        }
    }
    state.named = unittest_id(line);
    state.named.is_some()
}

/// Counts a test when it is first seen; hooks of classes and modules are no tests.
fn count(tally: &Tally, state: &mut State, id: &str) {
    let name = id.rsplit('.').next().unwrap_or(id);
    let hook = ["setUpClass", "tearDownClass", "setUpModule", "tearDownModule"].contains(&name);
    state.unittest += usize::from(!hook && tally.status(id).is_none());
}

/// A print without a line's end stands before the result. Failures are told again below, so that reading a print as
/// success cannot hide one.
fn glued(line: &str) -> Option<TestStatus> {
    line.ends_with("ok").then_some(TestStatus::Passed)
}

fn unittest_status(word: &str) -> Option<TestStatus> {
    match word {
        "ok" => Some(TestStatus::Passed),
        // Marked as failing, by whoever wrote it: it proves nothing.
        "expected failure" => Some(TestStatus::Skipped),
        "FAIL" | "ERROR" | "unexpected success" => Some(TestStatus::Failed),
        _ if word.starts_with("skipped ") => Some(TestStatus::Skipped),
        _ => None,
    }
}

/// Returns the test's own name without a sub-test's parameters: `test (m.C.test) (i=1)` or `test (m.C.test) [msg]`.
fn id_part(name: &str) -> String {
    match name.find(')') {
        Some(end) => name[..=end].to_owned(),
        None => name.to_owned(),
    }
}

fn sub_test(name: &str) -> String {
    unittest_id(&id_part(name)).unwrap_or_else(|| name.to_owned())
}

const WORDS: [(&str, TestStatus); 6] = [
    ("PASSED", TestStatus::Passed),
    ("FAILED", TestStatus::Failed),
    ("ERROR", TestStatus::Failed),
    ("SKIPPED", TestStatus::Skipped),
    ("XFAIL", TestStatus::Skipped),
    ("XPASS", TestStatus::Passed),
];

fn pytest(tally: &mut Tally, state: &mut State, line: &str) -> bool {
    if line.starts_with("====") && line.ends_with("====") {
        end_section(tally, state);
        summary(state, line.trim_matches('='));
        return true;
    }
    if let Some(name) = line.strip_prefix("___").and_then(|l| l.strip_suffix("___")) {
        end_section(tally, state);
        let name = name.trim_matches('_').trim();
        state.collection_failed |= name.starts_with("ERROR collecting");
        let name = name.rsplit(" of ").next().unwrap_or(name);
        state.section = Section::Pytest(name.replace('.', "::"), String::new());
        return true;
    }
    // `FAILED path::test - message`, of the short summary or of xdist: `[gw0] [ 50%] PASSED path::test`.
    let body = if line.starts_with("[gw") { line.split_once("%] ").map_or(line, |(_, b)| b) } else { line };
    if let Some((word, rest)) = body.split_once(' ')
        && let Some(status) = status(word)
    {
        let (id, message) = rest.split_once(" - ").unwrap_or((rest, ""));
        if id.contains("::") {
            tally.add(id, status, message);
            return true;
        }
        if word == "ERROR" && id.ends_with(".py") {
            tally.add(id, TestStatus::Failed, message);
            tally.problem(format!("`{id}` could not be collected"));
            return true;
        }
    }
    if let Some((id, status)) = trailing(line) {
        if id.contains("::") {
            tally.add(id, status, "");
            state.current = None;
            return true;
        }
        if let Some(id) = state.current.take().filter(|_| id.is_empty()) {
            tally.add(&id, status, "");
            return true;
        }
    }
    if let Some((id, _)) = line.split_once(' ').filter(|(id, _)| id.contains(".py::")) {
        state.current = Some(id.to_owned());
    }
    false
}

/// Splits `path::test PASSED   [ 10%]` and `path::test SKIPPED (why) [ 10%]`.
fn trailing(line: &str) -> Option<(&str, TestStatus)> {
    let line = match line.rsplit_once('[') {
        Some((before, percent)) if percent.ends_with("%]") => before.trim_end(),
        Some(_) | None => line,
    };
    WORDS.iter().find_map(|(word, status)| {
        let at = line.rfind(word)?;
        let (id, rest) = (&line[..at], &line[at + word.len()..]);
        let clear = (id.is_empty() || id.ends_with(' ')) && (rest.is_empty() || rest.starts_with(" ("));
        clear.then_some((id.trim_end(), *status))
    })
}

fn status(word: &str) -> Option<TestStatus> {
    WORDS.iter().find(|(w, _)| *w == word).map(|(_, s)| *s)
}

/// `1 failed, 2 passed in 0.10s`.
fn summary(state: &mut State, text: &str) {
    let number = |word: &str| {
        text.split(',').find_map(|part| {
            let mut words = part.split_whitespace();
            let number: usize = words.next()?.parse().ok()?;
            (words.next()? == word).then_some(number)
        })
    };
    if text.contains(" in ") {
        let failed = number("failed").unwrap_or(0) + number("error").or(number("errors")).unwrap_or(0);
        state.told = Some((failed, number("passed").unwrap_or(0)));
    }
}

fn explain(tally: &mut Tally, state: &mut State, line: &str) {
    match &mut state.section {
        Section::None => {}
        Section::Unittest(id) => {
            if !line.starts_with("-----") && !line.starts_with("=====") {
                tally.explain(id, line);
            }
        }
        Section::Pytest(_, kept) => {
            if (line.starts_with("E ") || line.starts_with('>')) && kept.len() < super::MAX_MESSAGE {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
}

fn end_section(tally: &mut Tally, state: &mut State) {
    if let Section::Pytest(name, kept) = std::mem::take(&mut state.section) {
        // Parametrised names may hold dots, which the header does not tell from the class's.
        tally.explain_where(&kept, |id| {
            id.split_once("::").is_some_and(|(_, rest)| rest == name || rest.replace('.', "::") == name)
        });
    }
}
