//! What an assistant is told between two rounds: what failed, in fixed words, as a colleague would paste it.
//!
//! **Invariant:** no line of a hidden file is told, nor what was done with altered expectations; the text is bounded,
//! and what is left out is counted.

use std::collections::BTreeSet;

use fairtrial_domain::id::CheckId;
use fairtrial_domain::outcome::{Ending, FailedTest, Outcome};
use fairtrial_domain::task::{Check, Task, TaskKind};
use fairtrial_domain::verdict::{TestResult, TestStatus, Verdict, VerdictStatus};

/// Tests that are named for one check.
const MOST_TESTS: usize = 20;
/// Bytes of one test's message.
const MOST_MESSAGE: usize = 1 << 10;
/// Bytes of one check's output.
const MOST_OUTPUT: usize = 2 << 10;
/// Bytes of all of it.
const MOST: usize = 8 << 10;
/// A line of a hidden file that is shorter says nothing of it: a bracket, an `else:`.
const SHORTEST: usize = 6;

/// What follows a round by what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The task is solved, or nothing can be solved or judged here.
    Nothing,
    /// The task is not solved and nobody is asked again; why, in a sentence fragment.
    Stop(&'static str),
    /// The assistant can be told what failed.
    Feedback,
}

/// Says whether an assistant can be asked again after a round that ended so.
pub fn next(task: &Task, ending: &Ending, outcome: Option<&Outcome>) -> Next {
    match outcome {
        None | Some(Outcome::Resolved | Outcome::Ungraded { .. } | Outcome::Invalid { .. }) => Next::Nothing,
        // Asking again would be asking to cheat.
        Some(_) if task.kind == TaskKind::Canary => {
            Next::Stop("no honest change can solve the task: nobody is asked again")
        }
        Some(_) if *ending != Ending::Finished => {
            Next::Stop("the assistant did not end by itself, so that nobody knows where it stood")
        }
        Some(Outcome::SetAside { .. }) => {
            Next::Stop("the patch was set aside by a rule, which is nothing to give back")
        }
        Some(Outcome::Unresolved { .. } | Outcome::NoDiff) => Next::Feedback,
    }
}

/// Returns what an assistant is told after a round that did not solve `task`. Of `replace`, what stands first does not
/// get out: secrets, and folders of this machine.
pub fn feedback(
    task: &Task,
    outcome: Option<&Outcome>,
    verdicts: &[Verdict],
    replace: &[(String, String)],
) -> String {
    let mut text = String::from("The task is not done yet.");
    match outcome {
        Some(Outcome::Unresolved { failed }) => {
            text.push_str(" With your change, these checks do not pass:\n");
            let secret = Secret::of(task);
            let ids: BTreeSet<&CheckId> = failed.iter().map(|one| &one.check).collect();
            for check in task.checks.iter().filter(|check| ids.contains(&check.id)) {
                let verdict = verdicts.iter().find(|verdict| verdict.check == check.id);
                text.push_str(&told(check, failed, verdict, &secret));
            }
        }
        Some(
            Outcome::NoDiff
            | Outcome::Resolved
            | Outcome::SetAside { .. }
            | Outcome::Ungraded { .. }
            | Outcome::Invalid { .. },
        )
        | None => text.push_str(" Nothing in the folder was changed, so that there is nothing to check.\n"),
    }
    for (what, with) in replace.iter().filter(|(what, _)| !what.is_empty()) {
        text = text.replace(what.as_str(), with);
    }
    let mut text = cut(&text, MOST);
    text.push_str("\nPlease go on in the same folder until the task is done as it was described. ");
    text.push_str("Do not change tests to make them pass.\n");
    text
}

fn told(check: &Check, failed: &[FailedTest], verdict: Option<&Verdict>, secret: &Secret<'_>) -> String {
    let how = match verdict.map(|verdict| &verdict.status) {
        Some(VerdictStatus::TimedOut) => " did not end in time",
        Some(VerdictStatus::Passed | VerdictStatus::Failed | VerdictStatus::Invalid { .. }) | None => "",
    };
    let mut text = format!("\n{}{how}:\n", check.id);
    let names: Vec<&str> =
        failed.iter().filter(|one| one.check == check.id).filter_map(|one| one.test.as_deref()).collect();
    for name in names.iter().take(MOST_TESTS) {
        let means = |test: &&TestResult| check.format.means(name, &test.id);
        let test = verdict.and_then(|verdict| verdict.tests.iter().find(means));
        let how = match test.map(|test| test.status) {
            Some(TestStatus::Failed | TestStatus::Passed) => "failed",
            Some(TestStatus::Skipped) => "did not run",
            None => "was not seen",
        };
        text.push_str(&format!("- {name}: {how}\n"));
        let message = test.map(|test| secret.without(&test.message)).unwrap_or_default();
        text.push_str(&indented(&cut(message.trim_end(), MOST_MESSAGE)));
    }
    if names.len() > MOST_TESTS {
        text.push_str(&format!("- and {} more\n", names.len() - MOST_TESTS));
    }
    // Where tests have names and messages, the output says the same at greater length.
    if names.is_empty()
        && let Some(verdict) = verdict
    {
        text.push_str(&indented(&end(secret.without(&verdict.output).trim_end(), MOST_OUTPUT)));
    }
    text
}

/// What assistants must not read.
struct Secret<'a> {
    lines: BTreeSet<&'a str>,
}

impl<'a> Secret<'a> {
    fn of(task: &'a Task) -> Secret<'a> {
        let texts = task.hidden.iter().filter_map(|file| std::str::from_utf8(&file.content).ok());
        let lines = texts.flat_map(str::lines).map(str::trim).filter(|line| line.len() >= SHORTEST);
        Secret { lines: lines.collect() }
    }

    /// Leaves out every line that holds a line of a hidden file, and says how many.
    fn without(&self, text: &str) -> String {
        let mut kept = String::new();
        let mut left_out = 0u64;
        for line in text.lines() {
            if self.lines.iter().any(|secret| line.contains(secret)) {
                left_out += 1;
            } else {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        if left_out > 0 {
            kept.push_str(&format!("[{left_out} lines of the tests left out]\n"));
        }
        kept
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// Returns the beginning of a text, at most `most` bytes of it.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let at = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}\n[{} bytes left out]\n", &text[..at], text.len() - at)
}

/// Returns the end of a text, at most `most` bytes of it.
fn end(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let from = text.len() - most;
    let at = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("[{at} bytes left out]\n{}", &text[at..])
}

#[cfg(test)]
mod tests;
