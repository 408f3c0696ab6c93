//! Reads what test runners write and says what a check found.
//!
//! **Invariant:** every function here is total: whatever a hostile program printed, it returns, in time linear in
//! the text, and a test that was reported twice with different results counts as failed.

mod cargo;
mod go;
mod junit;
mod lint;
mod node;
mod python;
mod tally;
mod tap;
mod verdict;

use fairtrial_domain::task::ResultFormat;
use fairtrial_domain::verdict::{TestResult, ToolFinding};

pub use verdict::{Ran, tail, verdict};

/// Tests of one check that are kept; what a program prints beyond them is a problem, not a result.
pub const MAX_TESTS: usize = 50_000;
/// Bytes of a failure's message that are kept.
pub const MAX_MESSAGE: usize = 4096;
/// Bytes of a test's name that are kept.
pub const MAX_ID: usize = 1024;
/// Bytes of output that a verdict keeps.
pub const MAX_OUTPUT: usize = 16 * 1024;

/// What a runner's text says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// Every test that was seen, in the order seen, each once.
    pub tests: Vec<TestResult>,
    /// What a linter or type checker reports; `None` when the text is of none, or cannot be read whole.
    pub findings: Option<Vec<ToolFinding>>,
    /// Why the text is not the whole story (it did not compile, results are missing, the report is cut off).
    pub problem: Option<String>,
}

/// Reads a runner's text: its report file where there is one, else its output.
pub fn read(format: ResultFormat, text: &str) -> Reading {
    match format {
        ResultFormat::Junit => junit::read(text),
        ResultFormat::Tap => tap::read(text, tap::Files::Count),
        ResultFormat::Pytest => python::read(text),
        ResultFormat::Cargo => cargo::read(text),
        ResultFormat::Node => node::read(text),
        ResultFormat::Go => go::read(text),
        ResultFormat::Exit => Reading::default(),
        ResultFormat::Sarif
        | ResultFormat::Ruff
        | ResultFormat::Eslint
        | ResultFormat::Clippy
        | ResultFormat::Tsc => lint::read(format, text),
    }
}

/// Returns every test that `text` reports.
pub fn parse(format: ResultFormat, text: &str) -> Vec<TestResult> {
    read(format, text).tests
}

/// Takes terminal colours and cursor movements out of a line.
fn plain(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return line.into();
    }
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next() == Some('[') {
            // A control sequence ends with a letter, `@` to `~`.
            for c in chars.by_ref() {
                if ('@'..='~').contains(&c) {
                    break;
                }
            }
        }
    }
    out.into()
}

/// Returns at most the first `max` bytes of `text`, cut between characters.
fn head(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
