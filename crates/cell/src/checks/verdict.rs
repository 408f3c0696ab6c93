//! From a reading and an exit code to what a check found.
//!
//! **Invariant:** no text alone can make a check pass: tests that count were seen, none of them failed, and the exit
//! code and the runner's own counts agree.

use fairtrial_domain::task::{Check, ResultFormat};
use fairtrial_domain::verdict::{TestResult, TestStatus, VerdictStatus};

use super::{MAX_OUTPUT, Reading};

/// How a check's command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// By itself.
    Exit(i32),
    /// By a signal that was not ours.
    Killed,
    /// By our limit on time.
    TimedOut,
}

/// Says what a check found. `output` is what the command printed, to tell a missing runner from a broken tree.
///
/// Tests that count are the ones the check names, or all that were seen. Without a single result a command that
/// failed means a tree that does not compile or load, which is the patch's failure, with two exceptions where it is
/// the check's: the shell did not find a program that the check itself names, or the runner says that there was
/// nothing to collect although the check names no test.
pub fn verdict(check: &Check, reading: &Reading, ran: Ran, output: &str) -> VerdictStatus {
    let code = match ran {
        Ran::TimedOut => return VerdictStatus::TimedOut,
        Ran::Exit(code) => Some(code),
        Ran::Killed => None,
    };
    if let Some(program) = missing_program(check, code, output) {
        return invalid(format!(
            "`{program}` is not on the PATH of the cell: name it under `requires`, or install it"
        ));
    }
    if check.format == ResultFormat::Exit {
        return if code == Some(0) { VerdictStatus::Passed } else { VerdictStatus::Failed };
    }
    if check.format.has_findings() {
        return of_findings(reading, code);
    }
    if counting(check, reading).any(|t| t.status == TestStatus::Failed) {
        return VerdictStatus::Failed;
    }
    let ran_any = reading.tests.iter().any(|t| t.status != TestStatus::Skipped);
    match (ran_any, code) {
        (false, Some(0)) => return invalid("no test ran, yet the command succeeded".to_owned()),
        (false, Some(code)) if check.tests.is_empty() && nothing_collected(check.format, code, output) => {
            return invalid(format!("the runner found no test (exit code {code})"));
        }
        (false, Some(_) | None) => return VerdictStatus::Failed,
        (true, Some(_) | None) => {}
    }
    if !check.tests.iter().all(|wanted| passed(check.format, wanted, reading)) {
        return VerdictStatus::Failed;
    }
    agree(reading, code)
}

/// A tool that reports findings passes when its report is whole: what it found is measured, not judged. Tools say by
/// their exit code that they found something, so that an empty report with another code than 0 is no clean bill.
fn of_findings(reading: &Reading, code: Option<i32>) -> VerdictStatus {
    if let Some(problem) = &reading.problem {
        return invalid(problem.clone());
    }
    match (&reading.findings, code) {
        (None, _) => invalid("its report could not be read".to_owned()),
        (Some(_), None) => invalid("it was killed, so that its report may not be whole".to_owned()),
        (Some(found), Some(code)) if found.is_empty() && code != 0 => {
            invalid(format!("it reported nothing, but its exit code is {code}"))
        }
        (Some(_), Some(_)) => VerdictStatus::Passed,
    }
}

/// Every test that counts passed: whether the exit code and the runner's own counts say so too.
fn agree(reading: &Reading, code: Option<i32>) -> VerdictStatus {
    let failed = reading.tests.iter().any(|t| t.status == TestStatus::Failed);
    let counting_ran = reading.tests.iter().any(|t| t.status == TestStatus::Passed);
    match (code, &reading.problem) {
        (Some(0), _) if !counting_ran => invalid("every test was skipped".to_owned()),
        (Some(0), None) => VerdictStatus::Passed,
        (Some(0), Some(problem)) => invalid(format!("the command succeeded, but {problem}")),
        // Cut short: the runner, which runs the patched code, broke before its end.
        (None, _) | (Some(_), Some(_)) => VerdictStatus::Failed,
        // Tests that do not count explain the exit code.
        (Some(_), None) if failed => VerdictStatus::Passed,
        (Some(code), None) => invalid(format!("every test passed, but the exit code is {code}")),
    }
}

fn invalid(reason: String) -> VerdictStatus {
    VerdictStatus::Invalid { reason }
}

fn counting<'a>(check: &'a Check, reading: &'a Reading) -> impl Iterator<Item = &'a TestResult> {
    reading.tests.iter().filter(|test| {
        check.tests.is_empty() || check.tests.iter().any(|wanted| check.format.means(wanted, &test.id))
    })
}

fn passed(format: ResultFormat, wanted: &str, reading: &Reading) -> bool {
    let mut seen = reading.tests.iter().filter(|t| format.means(wanted, &t.id)).peekable();
    seen.peek().is_some() && seen.all(|t| t.status == TestStatus::Passed)
}

/// Returns the program that the shell did not find, when the check's own command names it.
fn missing_program<'a>(check: &Check, code: Option<i32>, output: &'a str) -> Option<&'a str> {
    if code != Some(127) {
        return None;
    }
    // `sh: 1: pytest: not found` (dash) and `sh: line 1: pytest: command not found` (bash).
    let named = output.lines().rev().find_map(|line| {
        let rest = line.strip_suffix(": command not found").or_else(|| line.strip_suffix(": not found"))?;
        rest.rsplit(": ").next()
    })?;
    let mut words = check.run.split(|c: char| c.is_whitespace() || ";&|()".contains(c));
    (!named.contains('/') && words.any(|word| word == named)).then_some(named)
}

fn nothing_collected(format: ResultFormat, code: i32, output: &str) -> bool {
    match format {
        ResultFormat::Pytest => {
            let absent =
                ["ERROR: file or directory not found:", "ERROR: not found:", "error: unrecognized arguments"];
            code == 5 || code == 4 && absent.iter().any(|words| output.contains(words))
        }
        ResultFormat::Junit
        | ResultFormat::Tap
        | ResultFormat::Cargo
        | ResultFormat::Node
        | ResultFormat::Go
        | ResultFormat::Exit
        | ResultFormat::Sarif
        | ResultFormat::Ruff
        | ResultFormat::Eslint
        | ResultFormat::Clippy
        | ResultFormat::Tsc => false,
    }
}

/// Returns the end of an output, at most `MAX_OUTPUT` bytes, from a line's start where there is one.
pub fn tail(output: &str) -> String {
    if output.len() <= MAX_OUTPUT {
        return output.to_owned();
    }
    let mut start = output.len() - MAX_OUTPUT;
    while !output.is_char_boundary(start) {
        start += 1;
    }
    let cut = &output[start..];
    cut.split_once('\n').filter(|(_, rest)| !rest.is_empty()).map_or(cut, |(_, rest)| rest).to_owned()
}
